#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cluster/fields.h"
#include "cluster/file_form.h"

namespace tangram::cluster {
namespace {

using Json = nlohmann::ordered_json;

// Makes the schema of each type; objects are named under $defs and referred to.
class SchemaMaker {
 public:
  Json MakeFile() {
    Json schema = {
        {"$schema", "https://json-schema.org/draft/2020-12/schema"},
        {"$id", "https://tangram.dev/schema/snapshot.schema.json"},
        {"title", "Tangram snapshot"},
        {"description", Layout<Snapshot>::kAbout},
    };
    Json body = ObjectOf<Snapshot>();
    body.erase("description");
    body["properties"]["format"] = {{"const", kSnapshotFormat}, {"description", "What this is."}};
    body["properties"]["version"] = {{"type", "integer"},
                                     {"minimum", 1},
                                     {"maximum", kSnapshotVersion},
                                     {"description", "Version of the file form."}};
    body["required"].push_back("format");
    body["required"].push_back("version");
    schema.update(body);
    schema["$defs"] = definitions_;
    return schema;
  }

 private:
  template <class T>
  struct Tag {};

  template <HasLayout T>
  Json ObjectOf() {
    Json properties = Json::object();
    Json required = Json::array();
    ForEachField<T>([&]<std::size_t I>() {
      constexpr const auto& kField = kFieldAt<T, I>;
      using Value = typename std::remove_cvref_t<decltype(kField)>::ValueType;
      Json& property = properties[std::string(kField.name)] = Of(Tag<Value>(), kField.rules);
      property["description"] = kField.about;
      if (kField.rules.need == Need::kRequired) required.push_back(kField.name);
      return true;
    });
    Json object = {{"type", "object"}, {"description", Layout<T>::kAbout}};
    object["properties"] = std::move(properties);
    if (!required.empty()) object["required"] = std::move(required);
    object["additionalProperties"] = false;
    return object;
  }

  static Json Integer(const Rules& rules) {
    return {{"type", "integer"}, {"minimum", rules.least}, {"maximum", rules.most}};
  }

  Json Of(Tag<std::string>, const Rules& rules) {
    Json text = {{"type", "string"}};
    if (rules.need == Need::kRequired) text["minLength"] = 1;
    text["maxLength"] = kMostTextBytes;
    return text;
  }
  Json Of(Tag<bool>, const Rules&) { return {{"type", "boolean"}}; }
  Json Of(Tag<int>, const Rules& rules) { return Integer(rules); }
  Json Of(Tag<std::int64_t>, const Rules& rules) { return Integer(rules); }
  Json Of(Tag<std::chrono::milliseconds>, const Rules& rules) { return Integer(rules); }
  template <class Unit>
  Json Of(Tag<base::Quantity<Unit>>, const Rules& rules) {
    return Integer(rules);
  }
  Json Of(Tag<base::Time>, const Rules&) { return {{"type", "string"}, {"format", "date-time"}}; }
  Json Of(Tag<Labels>, const Rules& rules) {
    return {{"type", "object"},
            {"propertyNames", {{"minLength", 1}}},
            {"additionalProperties", Of(Tag<std::string>(), Rules{.shape = rules.shape})}};
  }
  Json Of(Tag<std::vector<ResourceCount>>, const Rules& rules) {
    return {{"type", "object"},
            {"propertyNames", {{"minLength", 1}}},
            {"additionalProperties", Integer(rules)}};
  }
  template <class T>
  Json Of(Tag<std::optional<T>>, const Rules& rules) {
    return Of(Tag<T>(), rules);
  }
  template <class T>
  Json Of(Tag<List<T>>, const Rules& rules) {
    return Of(Tag<std::vector<T>>(), rules);
  }
  template <class T>
  Json Of(Tag<std::vector<T>>, const Rules& rules) {
    const Need need = rules.shape == Shape::kWords ? Need::kOptional : Need::kRequired;
    const Rules inner = {.need = need, .least = rules.least, .most = rules.most};
    return {{"type", "array"}, {"items", Of(Tag<T>(), inner)}};
  }
  template <HasNames T>
  Json Of(Tag<T>, const Rules&) {
    Json names = Json::array();
    for (const auto& [value, name] : EnumNames<T>::kNames) names.push_back(name);
    return {{"enum", names}};
  }
  template <HasLayout T>
  Json Of(Tag<T>, const Rules&) {
    const std::string name(Layout<T>::kTitle);
    if (!definitions_.contains(name)) {
      Json object = ObjectOf<T>();
      definitions_[name] = std::move(object);
    }
    return {{"$ref", "#/$defs/" + name}};
  }

  Json definitions_ = Json::object();
};

}  // namespace

std::string SnapshotSchema() { return SchemaMaker().MakeFile().dump(2) + "\n"; }

}  // namespace tangram::cluster
