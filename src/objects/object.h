// What the objects of tangram.dev have in common: documents, kind, metadata, lists of names.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cluster/condition.h"
#include "yaml/fields.h"
#include "yaml/value.h"

namespace tangram::objects {

inline constexpr std::string_view kApiVersion = "tangram.dev/v1alpha1";

// The value of app.kubernetes.io/managed-by on objects that Tangram made.
inline constexpr std::string_view kManager = "tangram";

inline constexpr std::size_t kLongestName = 253;       // of an object
inline constexpr std::size_t kLongestLabelValue = 63;  // also of an object that labels name

// Whether the API server takes it as an object's name (RFC 1123 subdomain).
bool IsObjectName(std::string_view name);

// Code points, as the API server counts the length of text.
std::size_t Characters(std::string_view text);

struct Metadata {
  std::string name;
  // What only an object of a cluster has.
  std::string uid{};
  std::string version{};        // resourceVersion
  std::int64_t generation = 0;  // of the spec
  base::Time created_at{};
  std::string managed_by{};  // the label app.kubernetes.io/managed-by
};

// The conditions in the status of an object, by type; what is no condition is passed over.
std::vector<cluster::Condition> ReadConditions(const yaml::Value& object);
// Likewise of the one object that a text is.
std::vector<cluster::Condition> ReadConditions(std::string_view text);

// One object while it is read: holds the first fault, and checks what every kind has. Borrows the
// value.
class Object {
 public:
  Object(const yaml::Value& value, std::string_view kind);
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  // Checks apiVersion, kind and the fields beside them. A status is of a cluster, and passed over.
  void CheckKind();
  // Of the rest of metadata the API server made what it is, or a person's tools did.
  Metadata ReadMetadata();
  // The same into a value that knows where it comes from, and whether Tangram made it.
  template <class T>
  void ReadOrigin(T& to) {
    Metadata metadata = ReadMetadata();
    to.name = std::move(metadata.name);
    to.uid = std::move(metadata.uid);
    to.version = std::move(metadata.version);
    to.generation = metadata.generation;
    to.created_at = metadata.created_at;
    to.ours = metadata.managed_by == kManager;
  }
  void WrongName(std::string_view what);
  // It has to be there.
  yaml::Fields Spec();

  yaml::Faults& faults() { return faults_; }

 private:
  std::string_view kind_;
  yaml::Faults faults_;
  yaml::Fields fields_;
};

// "" where it is not there.
std::string ReadText(yaml::Fields& fields, std::string_view key);
// It has to be there.
std::string NeedText(yaml::Fields& fields, std::string_view key);
std::optional<base::Time> ReadTime(yaml::Fields& fields, std::string_view key);

// Names that a list may hold.
struct KnownNames {
  std::vector<std::string> names;
  std::string_view unknown;  // what another one is: "a profile that no model has"
  std::string_view example;  // "1g.5gb"
};

// A list that is not empty and has nothing twice; {} where it is not there or wrong, which is told.
std::vector<std::string> ReadSet(yaml::Fields& fields, std::string_view key);
// Likewise, each of the known names.
std::vector<std::string> ReadNames(yaml::Fields& fields, std::string_view key,
                                   const KnownNames& known);

// One of them; empty where it is none, which is told, or left out.
std::string ReadName(yaml::Fields& fields, std::string_view key, const KnownNames& known);

// The objects of a text: its documents; a list of objects, as kubectl writes it, is its items.
std::vector<const yaml::Value*> ObjectsOf(const std::vector<yaml::Value>& documents);

// Reads every object of `text` by `read` (const yaml::Value& -> Result<T>), ordered by name. Error
// kInvalid: the text is no YAML, holds no object, or two of one name; or what `read` says.
template <class T, class Read>
base::Result<std::vector<T>> ReadAll(std::string_view text, std::string_view kind, Read read);

namespace internal {
base::Result<std::vector<yaml::Value>> LoadDocuments(std::string_view text);
base::Error SameName(const yaml::Value& object, std::string_view kind, std::string_view name);
base::Error NoObject(std::string_view kind);
}  // namespace internal

template <class T, class Read>
base::Result<std::vector<T>> ReadAll(std::string_view text, std::string_view kind, Read read) {
  const auto documents = internal::LoadDocuments(text);
  if (!documents) return tl::unexpected(documents.error());
  std::vector<T> all;
  for (const yaml::Value* value : ObjectsOf(*documents)) {
    auto one = read(*value);
    if (!one) return tl::unexpected(one.error());
    const auto same = [&](const T& known) { return known.name == one->name; };
    if (std::any_of(all.begin(), all.end(), same)) {
      return tl::unexpected(internal::SameName(*value, kind, one->name));
    }
    all.push_back(*std::move(one));
  }
  if (all.empty()) return tl::unexpected(internal::NoObject(kind));
  std::sort(all.begin(), all.end(), [](const T& a, const T& b) { return a.name < b.name; });
  return all;
}

}  // namespace tangram::objects
