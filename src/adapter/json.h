// Reading one Kubernetes object: fields may be absent or null, a wrong type is a fault.
//
// A forward walk over simdjson's on-demand values. Nothing is read that nobody asked for, so what
// must never be read (env values, secrets) is skipped by not naming it. A fault names the place
// ("spec.containers[2].resources.requests") and what stood there, never a value of free text. The
// walk goes on after a fault; only the first one is kept.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "adapter/printable.h"
#include "base/clock.h"
#include "base/result.h"
#include "cluster/node.h"

namespace tangram::adapter {

// What is wrong with the object being read; empty while it is well.
class Fault {
 public:
  bool Found() const { return !message_.empty(); }
  const std::string& message() const { return message_; }
  // Keeps the first.
  void Set(std::string message) {
    if (message_.empty()) message_ = std::move(message);
  }

 private:
  std::string message_;
};

// The path to a value, as a list on the stack; text is made only for a fault.
struct Place {
  const Place* parent = nullptr;
  std::string_view key;       // of an object's field
  std::ptrdiff_t index = -1;  // of an array's item
};
std::string PathOf(const Place& place);  // "spec.containers[2].name"

// A value that is there. Read it at most once. Lives no longer than the walk that made it.
class Json {
 public:
  Json(simdjson::ondemand::value value, const Place& place, Fault& fault)
      : value_(value), place_(place), fault_(fault) {}

  // Each gives an empty answer for null, and a fault for another type.
  std::string Text();
  std::optional<std::int64_t> Integer();
  std::optional<bool> Boolean();
  std::optional<base::Time> Time();
  // A quantity as the API's reader takes it: text, or a bare number.
  std::string QuantityText();
  // The bytes of an object as they stand in the document, for a walk of their own.
  std::string_view ObjectText();
  // An object of text values, sorted by key; the last of equal keys stays.
  cluster::Labels TextMap();

  // fn(std::string_view key, Json field) for each field that is not null.
  template <class Fn>
  void Fields(Fn fn);
  // fn(Json item) for each item that is not null.
  template <class Fn>
  void Items(Fn fn);

  // Of an item: its place in the list, nulls counted.
  std::size_t index() const { return static_cast<std::size_t>(place_.index); }
  // Says what should have stood here.
  void Expected(std::string_view what, std::string_view found);
  Fault& fault() { return fault_; }

 private:
  // False for null, and (with a fault) for another type than `wanted`.
  bool Is(simdjson::ondemand::json_type wanted, std::string_view what);

  simdjson::ondemand::value value_;
  Place place_;
  Fault& fault_;
};

namespace internal {

// The JSON itself is broken: the rest of this object cannot be read.
void Broken(const Place& place, simdjson::error_code code, Fault& fault);
bool IsNull(simdjson::ondemand::value& value);

template <class Fn>
void WalkObject(simdjson::ondemand::object& object, const Place& place, Fault& fault, Fn& fn) {
  for (auto entry : object) {
    std::string_view key;
    if (const auto code = entry.unescaped_key().get(key); code != simdjson::SUCCESS) {
      return Broken(place, code, fault);
    }
    simdjson::ondemand::value value;
    if (const auto code = entry.value().get(value); code != simdjson::SUCCESS) {
      return Broken(place, code, fault);
    }
    if (IsNull(value)) continue;
    fn(key, Json(value, Place{&place, key, -1}, fault));
  }
}

}  // namespace internal

// The fields of a whole object, as Json::Fields.
template <class Fn>
void Walk(simdjson::ondemand::object& object, Fault& fault, Fn fn) {
  const Place root;
  internal::WalkObject(object, root, fault, fn);
}

template <class Fn>
void Json::Fields(Fn fn) {
  if (!Is(simdjson::ondemand::json_type::object, "an object")) return;
  simdjson::ondemand::object object;
  if (const auto code = value_.get_object().get(object); code != simdjson::SUCCESS) {
    return internal::Broken(place_, code, fault_);
  }
  internal::WalkObject(object, place_, fault_, fn);
}

template <class Fn>
void Json::Items(Fn fn) {
  if (!Is(simdjson::ondemand::json_type::array, "a list")) return;
  simdjson::ondemand::array array;
  if (const auto code = value_.get_array().get(array); code != simdjson::SUCCESS) {
    return internal::Broken(place_, code, fault_);
  }
  std::ptrdiff_t index = 0;
  for (auto entry : array) {
    simdjson::ondemand::value value;
    if (const auto code = entry.get(value); code != simdjson::SUCCESS) {
      return internal::Broken(place_, code, fault_);
    }
    if (!internal::IsNull(value)) fn(Json(value, Place{&place_, {}, index}, fault_));
    ++index;
  }
}

// Fails with "Pod team-a/x: <fault>" where there is one.
base::Error ErrorOf(const Fault& fault, std::string_view kind, std::string_view ns,
                    std::string_view name);

// The object as JSON, for the readers of objects/.
base::Result<std::string> TextOf(simdjson::ondemand::object& object);

}  // namespace tangram::adapter
