// A YAML document as plain values: ordered, copyable, without aliases, and with lines.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tangram::yaml {

struct Member;

struct Value {
  enum class Kind { kNull, kScalar, kMap, kList };
  enum class Style { kPlain, kQuoted };

  Kind kind = Kind::kNull;
  Style style = Style::kPlain;
  std::string text;             // of a scalar, as YAML reads it
  std::vector<Member> members;  // of a map, in the file's order
  std::vector<Value> items;     // of a list
  int line = 0;                 // from 1; 0 where we made it

  bool is_map() const { return kind == Kind::kMap; }
  bool is_list() const { return kind == Kind::kList; }
  bool is_scalar() const { return kind == Kind::kScalar; }
  // A scalar that Kubernetes reads as text: quoted, or of no other type.
  bool is_text() const;

  // The member of that key; of several the last, as the API server reads it. nullptr if none.
  const Value* Find(std::string_view key) const;
  Value* Find(std::string_view key);
  // The text of a scalar member; "" if there is none.
  std::string_view TextOf(std::string_view key) const;
  // Sets a member, in its place if it is there, else at the end. A null turns into a map.
  void Set(std::string_view key, Value value);
  void Remove(std::string_view key);
};

struct Member {
  std::string key;
  Value value;
};

Value Text(std::string text);    // quoted where YAML would read another type
Value Number(std::string text);  // never quoted
Value List(std::vector<Value> items);
Value Map(std::vector<Member> members);

// One step down: a key of a map, or an index of a list.
struct Step {
  std::string key;
  std::optional<std::size_t> index;
  bool operator==(const Step&) const = default;
};
using Path = std::vector<Step>;

Path operator/(Path path, std::string_view key);
Path operator/(Path path, std::size_t index);

// spec.containers[0].resources.limits["nvidia.com/gpu"]
std::string TextOf(const Path& path);

// What is at `path`; nullptr if nothing is.
const Value* At(const Value& root, const Path& path);

// Removes, everywhere, the members that a later one of the same key hides: of those Find knows
// nothing, nor do kubectl and the API server.
void DropHidden(Value& root);

}  // namespace tangram::yaml
