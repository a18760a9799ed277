// What an expression can evaluate to.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <variant>
#include <vector>

#include "cel/quantity.h"
#include "cel/version.h"

namespace tangram::cel {

struct Value;

struct Null {};
struct Bytes {
  std::string data;
};
// What type(x) gives: the name of a type.
struct TypeName {
  std::string name;
};
struct Optional {
  std::shared_ptr<const Value> value{};  // null: optional.none()
};
struct List {
  std::shared_ptr<const std::vector<Value>> items;  // never null
};
struct MapItems;
struct Map {
  std::shared_ptr<const MapItems> items;  // never null
};
struct Amount {
  // Shared, because comparing and adding leave traces in it (quantity.h). Never null.
  std::shared_ptr<Quantity> quantity;
  // What add() and sub() return. In Kubernetes 1.36 nothing can be found equal to it.
  bool is_sum = false;
};
using VersionPtr = std::shared_ptr<const Version>;

struct Value {
  std::variant<Null, bool, std::int64_t, std::uint64_t, double, std::string, Bytes, List, Map,
               Optional, Amount, VersionPtr, TypeName>
      v;

  template <class T>
  const T* As() const {
    return std::get_if<T>(&v);
  }
  template <class T>
  bool Is() const {
    return std::holds_alternative<T>(v);
  }
};

struct MapItems {
  std::vector<std::pair<Value, Value>> entries{};
  // The value of each key that is not there: device.attributes answers with an empty map. Such keys
  // are not counted, not iterated, and not found by `in`.
  std::shared_ptr<const Value> otherwise{};
};

Value MakeList(std::vector<Value> items);
Value MakeMap(std::vector<std::pair<Value, Value>> entries);

// Why there is no value.
struct Stop {
  enum class Kind { kError, kUnknown };
  Kind kind = Kind::kError;
  std::string what;
  std::optional<std::size_t> offset{};  // in the expression, once it is known
};
using Evaluated = tl::expected<Value, Stop>;

tl::unexpected<Stop> Fails(std::string what);
tl::unexpected<Stop> Unknown(std::string what);
// No function of this name takes these values.
tl::unexpected<Stop> NoOverload(std::string_view function);

// As in CEL, values of different types are not equal; quantities and versions refuse to be compared
// with anything else (kError).
enum class Equality { kFalse, kTrue, kError };
Equality Equal(const Value& a, const Value& b);

// -1, 0 or 1 for two numbers of any type, strings, bytes or bools.
tl::expected<int, Stop> Order(const Value& a, const Value& b);

// The value at `key`; null where there is none. Numbers are equal across their types.
const Value* Find(const Map& map, const Value& key);
// Whether the key is really there.
bool Contains(const Map& map, const Value& key);
bool Contains(const List& list, const Value& item);

// "string", "list", "kubernetes.Quantity": as type(x) shows it.
std::string_view TypeOf(const Value& value);

// As messages show a value.
std::string Show(const Value& value);

}  // namespace tangram::cel
