#include "cel/value.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace tangram::cel {
namespace {

constexpr double kTwo63 = 9223372036854775808.0;
constexpr double kTwo64 = 18446744073709551616.0;

template <class T>
int Sign3(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

int OrderDoubleInt(double d, std::int64_t i) {
  if (d < -kTwo63) return -1;
  if (d > kTwo63) return 1;
  return Sign3(d, static_cast<double>(i));
}

int OrderDoubleUint(double d, std::uint64_t u) {
  if (d < 0) return -1;
  if (d > kTwo64) return 1;
  return Sign3(d, static_cast<double>(u));
}

int OrderIntUint(std::int64_t i, std::uint64_t u) {
  if (i < 0 || u > INT64_MAX) return -1;
  return Sign3(i, static_cast<std::int64_t>(u));
}

bool IsNumber(const Value& value) {
  return value.Is<std::int64_t>() || value.Is<std::uint64_t>() || value.Is<double>();
}

bool IsNaN(const Value& value) {
  const double* number = value.As<double>();
  return number != nullptr && std::isnan(*number);
}

// Both are numbers, none of them NaN.
int OrderNumbers(const Value& a, const Value& b) {
  if (const auto* x = a.As<double>()) {
    if (const auto* y = b.As<double>()) return Sign3(*x, *y);
    if (const auto* y = b.As<std::int64_t>()) return OrderDoubleInt(*x, *y);
    return OrderDoubleUint(*x, *b.As<std::uint64_t>());
  }
  if (b.Is<double>()) return -OrderNumbers(b, a);
  if (const auto* x = a.As<std::int64_t>()) {
    if (const auto* y = b.As<std::int64_t>()) return Sign3(*x, *y);
    return OrderIntUint(*x, *b.As<std::uint64_t>());
  }
  if (const auto* y = b.As<std::uint64_t>()) return Sign3(*a.As<std::uint64_t>(), *y);
  return -OrderNumbers(b, a);
}

Equality Truth(bool value) { return value ? Equality::kTrue : Equality::kFalse; }

// An element whose comparison fails counts as equal, as in cel-go.
Equality EqualLists(const List& a, const List& b) {
  if (a.items->size() != b.items->size()) return Equality::kFalse;
  for (std::size_t i = 0; i < a.items->size(); ++i) {
    if (Equal((*a.items)[i], (*b.items)[i]) == Equality::kFalse) return Equality::kFalse;
  }
  return Equality::kTrue;
}

Equality EqualMaps(const Map& a, const Map& b) {
  if (a.items->entries.size() != b.items->entries.size()) return Equality::kFalse;
  for (const auto& [key, value] : a.items->entries) {
    const Value* other = Find(b, key);
    if (other == nullptr || Equal(value, *other) == Equality::kFalse) return Equality::kFalse;
  }
  return Equality::kTrue;
}

Equality EqualOptionals(const Optional& a, const Optional& b) {
  if (!a.value || !b.value) return Truth(!a.value && !b.value);
  return Equal(*a.value, *b.value);
}

}  // namespace

Value MakeList(std::vector<Value> items) {
  return {List{std::make_shared<const std::vector<Value>>(std::move(items))}};
}

Value MakeMap(std::vector<std::pair<Value, Value>> entries) {
  return {Map{std::make_shared<const MapItems>(MapItems{std::move(entries), nullptr})}};
}

tl::unexpected<Stop> Fails(std::string what) {
  return tl::unexpected<Stop>(Stop{Stop::Kind::kError, std::move(what), {}});
}

tl::unexpected<Stop> Unknown(std::string what) {
  return tl::unexpected<Stop>(Stop{Stop::Kind::kUnknown, std::move(what), {}});
}

tl::unexpected<Stop> NoOverload(std::string_view function) {
  return Fails(fmt::format("no such overload: {}", function));
}

Equality Equal(const Value& a, const Value& b) {
  if (a.Is<Null>() || b.Is<Null>()) return Truth(a.Is<Null>() && b.Is<Null>());
  if (IsNumber(a)) {
    if (!IsNumber(b) || IsNaN(a) || IsNaN(b)) return Equality::kFalse;
    return Truth(OrderNumbers(a, b) == 0);
  }
  if (const auto* amount = a.As<Amount>()) {
    const auto* other = b.As<Amount>();
    if (other == nullptr || other->is_sum) return Equality::kError;
    return Truth(amount->quantity->Equals(*other->quantity));
  }
  if (const auto* version = a.As<VersionPtr>()) {
    const auto* other = b.As<VersionPtr>();
    return other == nullptr ? Equality::kError : Truth(Compare(**version, **other) == 0);
  }
  if (a.v.index() != b.v.index()) return Equality::kFalse;
  if (const auto* x = a.As<bool>()) return Truth(*x == *b.As<bool>());
  if (const auto* x = a.As<std::string>()) return Truth(*x == *b.As<std::string>());
  if (const auto* x = a.As<Bytes>()) return Truth(x->data == b.As<Bytes>()->data);
  if (const auto* x = a.As<TypeName>()) return Truth(x->name == b.As<TypeName>()->name);
  if (const auto* x = a.As<List>()) return EqualLists(*x, *b.As<List>());
  if (const auto* x = a.As<Map>()) return EqualMaps(*x, *b.As<Map>());
  return EqualOptionals(*a.As<Optional>(), *b.As<Optional>());
}

tl::expected<int, Stop> Order(const Value& a, const Value& b) {
  if (IsNumber(a) && IsNumber(b)) {
    if (IsNaN(a) || IsNaN(b)) return Fails("NaN values cannot be ordered");
    return OrderNumbers(a, b);
  }
  if (a.v.index() == b.v.index()) {
    if (const auto* x = a.As<std::string>()) return Sign3(*x, *b.As<std::string>());
    if (const auto* x = a.As<bool>()) return Sign3(*x, *b.As<bool>());
    if (const auto* x = a.As<Bytes>()) return Sign3(x->data, b.As<Bytes>()->data);
  }
  return NoOverload("comparison");
}

const Value* Find(const Map& map, const Value& key) {
  for (const auto& [name, value] : map.items->entries) {
    if (Equal(name, key) == Equality::kTrue) return &value;
  }
  return map.items->otherwise.get();
}

bool Contains(const Map& map, const Value& key) {
  return std::any_of(map.items->entries.begin(), map.items->entries.end(),
                     [&](const auto& entry) { return Equal(entry.first, key) == Equality::kTrue; });
}

bool Contains(const List& list, const Value& item) {
  return std::any_of(list.items->begin(), list.items->end(),
                     [&](const Value& value) { return Equal(item, value) == Equality::kTrue; });
}

std::string_view TypeOf(const Value& value) {
  constexpr std::array<std::string_view, 13> kNames = {"null_type",
                                                       "bool",
                                                       "int",
                                                       "uint",
                                                       "double",
                                                       "string",
                                                       "bytes",
                                                       "list",
                                                       "map",
                                                       "optional_type",
                                                       "kubernetes.Quantity",
                                                       "kubernetes.Semver",
                                                       "type"};
  static_assert(std::variant_size_v<decltype(Value::v)> == kNames.size());
  return kNames[value.v.index()];
}

std::string Show(const Value& value) {
  if (const auto* text = value.As<std::string>()) return fmt::format("\"{}\"", *text);
  if (const auto* truth = value.As<bool>()) return *truth ? "true" : "false";
  if (const auto* number = value.As<std::int64_t>()) return fmt::format("{}", *number);
  if (const auto* number = value.As<std::uint64_t>()) return fmt::format("{}u", *number);
  if (const auto* number = value.As<double>()) return fmt::format("{}", *number);
  return fmt::format("a value of type {}", TypeOf(value));
}

}  // namespace tangram::cel
