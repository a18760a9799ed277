// Optional values, quantities and versions. Source: cel/library.go of cel-go 0.26, and
// library/{quantity,semverlib}.go of k8s.io/apiserver.
#include <fmt/format.h>

#include <cmath>

#include "cel/library.h"

namespace tangram::cel {
namespace {

Evaluated OptionalOfValue(const Invocation& in) {
  return Value{Optional{std::make_shared<const Value>(in.arguments[0])}};
}

Evaluated OptionalNone(const Invocation&) { return Value{Optional{}}; }

// Values that stand for "nothing there". A NaN is none.
bool IsZero(const Value& value) {
  if (value.Is<Null>()) return true;
  if (const auto* truth = value.As<bool>()) return !*truth;
  if (const auto* number = value.As<std::int64_t>()) return *number == 0;
  if (const auto* number = value.As<std::uint64_t>()) return *number == 0;
  if (const auto* number = value.As<double>()) return *number == 0;
  if (const auto* text = value.As<std::string>()) return text->empty();
  if (const auto* bytes = value.As<Bytes>()) return bytes->data.empty();
  if (const auto* list = value.As<List>()) return list->items->empty();
  if (const auto* map = value.As<Map>()) return map->items->entries.empty();
  if (const auto* optional = value.As<Optional>()) return !optional->value;
  return false;
}

Evaluated OptionalOfNonZero(const Invocation& in) {
  return IsZero(in.arguments[0]) ? Value{Optional{}} : *OptionalOfValue(in);
}

Evaluated ValueOf(const Invocation& in) {
  const auto* optional = in.arguments[0].As<Optional>();
  if (optional == nullptr) return NoOverload("value");
  if (!optional->value) return Fails("optional.none() dereference");
  return *optional->value;
}

Evaluated HasValue(const Invocation& in) {
  const auto* optional = in.arguments[0].As<Optional>();
  if (optional == nullptr) return NoOverload("hasValue");
  return Value{optional->value != nullptr};
}

// The values of a list of optional ones.
Evaluated Unwrap(const Invocation& in) {
  const auto* list = in.arguments[0].As<List>();
  if (list == nullptr) return NoOverload(in.call.function);
  in.meter.Spend(10 + list->items->size());
  std::vector<Value> values;
  for (const Value& item : *list->items) {
    const auto* optional = item.As<Optional>();
    if (optional == nullptr) return Fails("a value in the list is not optional");
    if (optional->value) values.push_back(*optional->value);
  }
  return MakeList(std::move(values));
}

bool HasKey(const std::vector<std::pair<Value, Value>>& entries, const Value& key) {
  for (const auto& [known, value] : entries) {
    if (Equal(known, key) == Equality::kTrue) return true;
  }
  return false;
}

// What transformMap() and transformMapEntry() collect with: no key may come twice.
Evaluated MapInsert(const Invocation& in) {
  const auto* map = in.arguments[0].As<Map>();
  if (map == nullptr) return NoOverload("@mapInsert");
  std::vector<std::pair<Value, Value>> added;
  if (in.arguments.size() == 3) {
    added = {{in.arguments[1], in.arguments[2]}};
  } else if (const auto* more = in.arguments[1].As<Map>()) {
    added = more->items->entries;
  } else {
    return NoOverload("@mapInsert");
  }
  std::vector<std::pair<Value, Value>> entries = map->items->entries;
  if (!in.meter.Spend(10 + entries.size() * (1 + added.size()))) return Unknown("");
  for (auto& entry : added) {
    if (HasKey(entries, entry.first)) {
      return Fails(fmt::format("insert failed: key {} already exists", Show(entry.first)));
    }
    entries.push_back(std::move(entry));
  }
  return MakeMap(std::move(entries));
}

Evaluated MakeQuantity(const Invocation& in) {
  const auto* text = in.arguments[0].As<std::string>();
  if (text == nullptr) return NoOverload("quantity");
  in.meter.Spend(1 + text->size() / 10);
  Quantity::Read read = Quantity::Parse(*text);
  if (read.quantity)
    return Value{Amount{std::make_shared<Quantity>(*std::move(read.quantity)), false}};
  if (read.fault == Quantity::Fault::kTooLarge) {
    return Unknown(fmt::format("quantity(\"{}\") is too large", *text));
  }
  return Fails(fmt::format("\"{}\" is no quantity", *text));
}

Evaluated IsQuantity(const Invocation& in) {
  const auto* text = in.arguments[0].As<std::string>();
  if (text == nullptr) return NoOverload("isQuantity");
  in.meter.Spend(1 + text->size() / 10);
  return Value{Quantity::Parse(*text).fault != Quantity::Fault::kInvalid};
}

Quantity* AsQuantity(const Value& value) {
  const auto* amount = value.As<Amount>();
  return amount == nullptr ? nullptr : amount->quantity.get();
}

Evaluated AsInteger(const Invocation& in) {
  const Quantity* quantity = AsQuantity(in.arguments[0]);
  if (quantity == nullptr) return NoOverload("asInteger");
  const auto number = quantity->AsInteger();
  if (!number) return Fails("cannot convert value to integer");
  return Value{*number};
}

Evaluated IsInteger(const Invocation& in) {
  const Quantity* quantity = AsQuantity(in.arguments[0]);
  if (quantity == nullptr) return NoOverload("isInteger");
  return Value{quantity->AsInteger().has_value()};
}

Evaluated AsApproximateFloat(const Invocation& in) {
  const Quantity* quantity = AsQuantity(in.arguments[0]);
  if (quantity == nullptr) return NoOverload("asApproximateFloat");
  return Value{quantity->AsFloat()};
}

Evaluated Sign(const Invocation& in) {
  const Quantity* quantity = AsQuantity(in.arguments[0]);
  if (quantity == nullptr) return NoOverload("sign");
  return Value{std::int64_t{quantity->Sign()}};
}

// A quantity and another one, or a whole number in its place.
Evaluated Combine(const Invocation& in,
                  std::optional<Quantity> (Quantity::*with)(const Quantity&) const) {
  const Quantity* quantity = AsQuantity(in.arguments[0]);
  const Quantity* other = AsQuantity(in.arguments[1]);
  const auto* number = in.arguments[1].As<std::int64_t>();
  if (quantity == nullptr || (other == nullptr && number == nullptr)) {
    return NoOverload(in.call.function);
  }
  const std::optional<Quantity> result =
      (quantity->*with)(other != nullptr ? *other : Quantity::Of(*number));
  if (!result) return Unknown("a quantity that is too large");
  return Value{Amount{std::make_shared<Quantity>(*result), true}};
}
Evaluated AddQuantity(const Invocation& in) { return Combine(in, &Quantity::Plus); }
Evaluated SubtractQuantity(const Invocation& in) { return Combine(in, &Quantity::Minus); }

// The order of two quantities or two versions; nothing for anything else.
std::optional<int> DomainOrder(const Invocation& in) {
  if (Quantity* a = AsQuantity(in.arguments[0])) {
    const Quantity* b = AsQuantity(in.arguments[1]);
    if (b != nullptr) return a->Compare(*b);
  }
  if (const auto* a = in.arguments[0].As<VersionPtr>()) {
    const auto* b = in.arguments[1].As<VersionPtr>();
    if (b != nullptr) return Compare(**a, **b);
  }
  return std::nullopt;
}

Evaluated CompareTo(const Invocation& in) {
  const auto order = DomainOrder(in);
  if (!order) return NoOverload("compareTo");
  return Value{std::int64_t{*order}};
}
Evaluated IsGreaterThan(const Invocation& in) {
  const auto order = DomainOrder(in);
  if (!order) return NoOverload("isGreaterThan");
  return Value{*order > 0};
}
Evaluated IsLessThan(const Invocation& in) {
  const auto order = DomainOrder(in);
  if (!order) return NoOverload("isLessThan");
  return Value{*order < 0};
}

// semver(text), or semver(text, true) that forgives. Nothing: other types.
struct ReadVersion {
  std::string_view text;
  std::optional<Version> version{};
};
std::optional<ReadVersion> VersionOf(const Invocation& in) {
  const auto* text = in.arguments[0].As<std::string>();
  const bool no = false;
  const auto* tolerant = in.arguments.size() == 2 ? in.arguments[1].As<bool>() : &no;
  if (text == nullptr || tolerant == nullptr) return std::nullopt;
  in.meter.Spend(1 + text->size() / 5);
  return ReadVersion{*text, *tolerant ? ParseTolerantVersion(*text) : ParseVersion(*text)};
}

Evaluated MakeVersion(const Invocation& in) {
  const auto read = VersionOf(in);
  if (!read) return NoOverload("semver");
  if (!read->version) return Fails(fmt::format("\"{}\" is no semantic version", read->text));
  return Value{std::make_shared<const Version>(*read->version)};
}

Evaluated IsVersion(const Invocation& in) {
  const auto read = VersionOf(in);
  if (!read) return NoOverload("isSemver");
  return Value{read->version.has_value()};
}

Evaluated Part(const Invocation& in, std::uint64_t Version::* part) {
  const auto* version = in.arguments[0].As<VersionPtr>();
  if (version == nullptr) return NoOverload(in.call.function);
  return Value{static_cast<std::int64_t>((**version).*part)};
}
Evaluated Major(const Invocation& in) { return Part(in, &Version::major); }
Evaluated Minor(const Invocation& in) { return Part(in, &Version::minor); }
Evaluated Patch(const Invocation& in) { return Part(in, &Version::patch); }

constexpr NamedFunction kFunctions[] = {
    {"optional.of", OptionalOfValue},
    {"optional.none", OptionalNone},
    {"optional.ofNonZeroValue", OptionalOfNonZero},
    {"optional.unwrap", Unwrap},
    {"unwrapOpt", Unwrap},
    {"value", ValueOf},
    {"hasValue", HasValue},
    {"cel.@mapInsert", MapInsert},
    {"quantity", MakeQuantity},
    {"isQuantity", IsQuantity},
    {"asInteger", AsInteger},
    {"isInteger", IsInteger},
    {"asApproximateFloat", AsApproximateFloat},
    {"sign", Sign},
    {"add", AddQuantity},
    {"sub", SubtractQuantity},
    {"compareTo", CompareTo},
    {"isGreaterThan", IsGreaterThan},
    {"isLessThan", IsLessThan},
    {"semver", MakeVersion},
    {"isSemver", IsVersion},
    {"major", Major},
    {"minor", Minor},
    {"patch", Patch},
};

}  // namespace

std::span<const NamedFunction> DomainFunctions() { return kFunctions; }

}  // namespace tangram::cel
