#include "adapter/json.h"

#include <map>

#include "base/text.h"
#include "base/time_text.h"

namespace tangram::adapter {
namespace {

using simdjson::ondemand::json_type;

std::string_view NameOf(json_type type) {
  switch (type) {
    case json_type::array:
      return "a list";
    case json_type::object:
      return "an object";
    case json_type::number:
      return "a number";
    case json_type::string:
      return "text";
    case json_type::boolean:
      return "true or false";
    case json_type::null:
      return "null";
  }
  return "something else";
}

}  // namespace

namespace internal {

void Broken(const Place& place, simdjson::error_code code, Fault& fault) {
  const std::string path = PathOf(place);
  fault.Set((path.empty() ? "" : path + ": ") + "broken JSON (" + simdjson::error_message(code) +
            ")");
}

bool IsNull(simdjson::ondemand::value& value) {
  json_type type{};
  return value.type().get(type) == simdjson::SUCCESS && type == json_type::null;
}

}  // namespace internal

std::string PathOf(const Place& place) {
  if (place.parent == nullptr) return "";
  const std::string before = PathOf(*place.parent);
  if (place.index >= 0) return before + "[" + std::to_string(place.index) + "]";
  const std::string key = Printable(place.key);
  if (key.find('.') != std::string::npos) return before + "[\"" + key + "\"]";
  return before.empty() ? key : before + "." + key;
}

bool Json::Is(json_type wanted, std::string_view what) {
  json_type type{};
  if (const auto code = value_.type().get(type); code != simdjson::SUCCESS) {
    internal::Broken(place_, code, fault_);
    return false;
  }
  if (type == wanted) return true;
  if (type != json_type::null) Expected(what, NameOf(type));
  return false;
}

void Json::Expected(std::string_view what, std::string_view found) {
  const std::string path = PathOf(place_);
  fault_.Set((path.empty() ? "" : path + ": ") + "expected " + std::string(what) + ", found " +
             std::string(found));
}

std::string Json::Text() {
  if (!Is(json_type::string, "text")) return "";
  std::string_view text;
  if (const auto code = value_.get_string().get(text); code != simdjson::SUCCESS) {
    internal::Broken(place_, code, fault_);
    return "";
  }
  return std::string(text);
}

std::string_view Json::ObjectText() {
  if (!Is(json_type::object, "an object")) return {};
  simdjson::ondemand::object object;
  std::string_view text;
  auto code = value_.get_object().get(object);
  if (code == simdjson::SUCCESS) code = object.raw_json().get(text);
  if (code == simdjson::SUCCESS) return text;
  internal::Broken(place_, code, fault_);
  return {};
}

std::optional<std::int64_t> Json::Integer() {
  if (!Is(json_type::number, "a whole number")) return std::nullopt;
  std::int64_t number = 0;
  if (value_.get_int64().get(number) != simdjson::SUCCESS) {
    Expected("a whole number of 64 bits", "another number");
    return std::nullopt;
  }
  return number;
}

std::optional<bool> Json::Boolean() {
  if (!Is(json_type::boolean, "true or false")) return std::nullopt;
  bool truth = false;
  if (const auto code = value_.get_bool().get(truth); code != simdjson::SUCCESS) {
    internal::Broken(place_, code, fault_);
    return std::nullopt;
  }
  return truth;
}

std::optional<base::Time> Json::Time() {
  if (!Is(json_type::string, "a time")) return std::nullopt;
  std::string_view text;
  if (const auto code = value_.get_string().get(text); code != simdjson::SUCCESS) {
    internal::Broken(place_, code, fault_);
    return std::nullopt;
  }
  const base::Result<base::Time> time = base::ParseTime(text);
  if (!time) {
    Expected("a time as in 2026-11-21T13:20:41Z", "\"" + Printable(text) + "\"");
    return std::nullopt;
  }
  return *time;
}

std::string Json::QuantityText() {
  json_type type{};
  if (value_.type().get(type) == simdjson::SUCCESS && type == json_type::number) {
    return std::string(base::Trim(value_.raw_json_token()));
  }
  return Text();
}

cluster::Labels Json::TextMap() {
  std::map<std::string, std::string, std::less<>> map;
  Fields([&](std::string_view key, Json value) { map[std::string(key)] = value.Text(); });
  cluster::Labels labels;
  labels.reserve(map.size());
  for (const auto& [key, value] : map) labels.emplace_back(key, value);
  return labels;
}

base::Error ErrorOf(const Fault& fault, std::string_view kind, std::string_view ns,
                    std::string_view name) {
  std::string object(kind);
  object += ' ';
  if (!ns.empty()) object += Printable(ns) + "/";
  object += name.empty() ? "(unnamed)" : Printable(name);
  return base::Error{base::ErrorCode::kInvalid, object + ": " + fault.message()};
}

base::Result<std::string> TextOf(simdjson::ondemand::object& object) {
  std::string_view text;
  if (object.raw_json().get(text) != simdjson::SUCCESS) {
    return base::Fail(base::ErrorCode::kInvalid, "the object cannot be read");
  }
  return std::string(text);
}

}  // namespace tangram::adapter
