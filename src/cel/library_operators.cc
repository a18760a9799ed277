// Arithmetic, comparison, membership.
#include <cmath>

#include "cel/library.h"

namespace tangram::cel {
namespace {

// What an operator does with two numbers of one type; nothing where it overflows.
struct Arithmetic {
  std::optional<std::int64_t> (*ints)(std::int64_t, std::int64_t);
  std::optional<std::uint64_t> (*uints)(std::uint64_t, std::uint64_t);
  double (*doubles)(double, double);
};

template <class T>
Evaluated OrOverflow(std::optional<T> result, std::string_view type) {
  if (!result) return Fails(std::string(type) + " overflow");
  return Value{*result};
}

Evaluated Calculate(const Invocation& in, const Arithmetic& with) {
  const Value& a = in.arguments[0];
  const Value& b = in.arguments[1];
  if (a.v.index() != b.v.index()) return NoOverload(in.call.function);
  if (const auto* x = a.As<std::int64_t>()) {
    return OrOverflow(with.ints(*x, *b.As<std::int64_t>()), "integer");
  }
  if (const auto* x = a.As<std::uint64_t>()) {
    return OrOverflow(with.uints(*x, *b.As<std::uint64_t>()), "unsigned integer");
  }
  const auto* x = a.As<double>();
  if (x == nullptr || with.doubles == nullptr) return NoOverload(in.call.function);
  return Value{with.doubles(*x, *b.As<double>())};
}

template <class T>
std::optional<T> Plus(T a, T b) {
  T sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}
template <class T>
std::optional<T> Minus(T a, T b) {
  T difference = 0;
  if (__builtin_sub_overflow(a, b, &difference)) return std::nullopt;
  return difference;
}
template <class T>
std::optional<T> Times(T a, T b) {
  T product = 0;
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}
// Not by zero.
template <class T>
std::optional<T> Quotient(T a, T b) {
  if constexpr (std::is_signed_v<T>) {
    if (a == INT64_MIN && b == -1) return std::nullopt;
  }
  return a / b;
}
template <class T>
std::optional<T> Remainder(T a, T b) {
  if constexpr (std::is_signed_v<T>) {
    if (a == INT64_MIN && b == -1) return std::nullopt;
  }
  return a % b;
}

bool IsZero(const Value& value) {
  const auto* i = value.As<std::int64_t>();
  const auto* u = value.As<std::uint64_t>();
  return (i != nullptr && *i == 0) || (u != nullptr && *u == 0);
}

Evaluated Add(const Invocation& in) {
  const Value& a = in.arguments[0];
  const Value& b = in.arguments[1];
  if (const auto* x = a.As<std::string>()) {
    const auto* y = b.As<std::string>();
    if (y == nullptr) return NoOverload("_+_");
    in.meter.Spend((x->size() + y->size()) / 10);
    return Value{*x + *y};
  }
  if (const auto* x = a.As<Bytes>()) {
    const auto* y = b.As<Bytes>();
    if (y == nullptr) return NoOverload("_+_");
    in.meter.Spend((x->data.size() + y->data.size()) / 10);
    return Value{Bytes{x->data + y->data}};
  }
  if (const auto* x = a.As<List>()) {
    const auto* y = b.As<List>();
    if (y == nullptr) return NoOverload("_+_");
    if (!in.meter.Spend(x->items->size() + y->items->size())) return Unknown("");
    std::vector<Value> all = *x->items;
    all.insert(all.end(), y->items->begin(), y->items->end());
    return MakeList(std::move(all));
  }
  return Calculate(in, {Plus, Plus, [](double x, double y) { return x + y; }});
}

Evaluated Subtract(const Invocation& in) {
  return Calculate(in, {Minus, Minus, [](double x, double y) { return x - y; }});
}

Evaluated Multiply(const Invocation& in) {
  return Calculate(in, {Times, Times, [](double x, double y) { return x * y; }});
}

Evaluated Divide(const Invocation& in) {
  if (in.arguments[0].v.index() == in.arguments[1].v.index() && IsZero(in.arguments[1])) {
    return Fails("division by zero");
  }
  return Calculate(in, {Quotient, Quotient, [](double x, double y) { return x / y; }});
}

Evaluated Modulo(const Invocation& in) {
  if (in.arguments[0].v.index() == in.arguments[1].v.index() && IsZero(in.arguments[1])) {
    return Fails("modulus by zero");
  }
  return Calculate(in, {Remainder, Remainder, nullptr});
}

Evaluated Negate(const Invocation& in) {
  if (const auto* x = in.arguments[0].As<std::int64_t>()) {
    return OrOverflow(Minus<std::int64_t>(0, *x), "integer");
  }
  if (const auto* x = in.arguments[0].As<double>()) return Value{-*x};
  return NoOverload("-_");
}

Evaluated Not(const Invocation& in) {
  const auto* truth = in.arguments[0].As<bool>();
  if (truth == nullptr) return NoOverload("!_");
  return Value{!*truth};
}

Evaluated EqualsFunction(const Invocation& in) {
  const Equality equality = Equal(in.arguments[0], in.arguments[1]);
  if (equality == Equality::kError) return NoOverload("_==_");
  return Value{equality == Equality::kTrue};
}

// Where the comparison fails, the values are not equal.
Evaluated NotEqualsFunction(const Invocation& in) {
  return Value{Equal(in.arguments[0], in.arguments[1]) != Equality::kTrue};
}

template <class Test>
Evaluated Compared(const Invocation& in, const Test& test) {
  const auto order = Order(in.arguments[0], in.arguments[1]);
  if (!order) return tl::unexpected(order.error());
  return Value{static_cast<bool>(test(*order))};
}
Evaluated Less(const Invocation& in) {
  return Compared(in, [](int order) { return order < 0; });
}
Evaluated LessOrEqual(const Invocation& in) {
  return Compared(in, [](int order) { return order <= 0; });
}
Evaluated Greater(const Invocation& in) {
  return Compared(in, [](int order) { return order > 0; });
}
Evaluated GreaterOrEqual(const Invocation& in) {
  return Compared(in, [](int order) { return order >= 0; });
}

Evaluated In(const Invocation& in) {
  if (const auto* list = in.arguments[1].As<List>()) {
    in.meter.Spend(list->items->size());
    return Value{Contains(*list, in.arguments[0])};
  }
  if (const auto* map = in.arguments[1].As<Map>()) {
    return Value{Contains(*map, in.arguments[0])};
  }
  return NoOverload("in");
}

// An item of a list or a map, or the list or map that is not one: an attribute of one value.
Evaluated Includes(const Invocation& in) {
  constexpr std::size_t kMostItems = 48;
  const auto* list = in.arguments[0].As<List>();
  if (list == nullptr) {
    return Value{Equal(in.arguments[0], in.arguments[1]) == Equality::kTrue};
  }
  std::size_t seen = 0;
  for (const Value& item : *list->items) {
    if (seen++ >= kMostItems) return Fails("'includes' looks at no more than 48 values");
    if (Equal(item, in.arguments[1]) == Equality::kTrue) return Value{true};
  }
  return Value{false};
}

constexpr NamedFunction kFunctions[] = {
    {kAdd, Add},
    {"_-_", Subtract},
    {"_*_", Multiply},
    {"_/_", Divide},
    {"_%_", Modulo},
    {kNegate, Negate},
    {kNot, Not},
    {kEquals, EqualsFunction},
    {kNotEquals, NotEqualsFunction},
    {"_<_", Less},
    {"_<=_", LessOrEqual},
    {"_>_", Greater},
    {"_>=_", GreaterOrEqual},
    {kIn, In},
    {"includes", Includes},
};

}  // namespace

std::span<const NamedFunction> OperatorFunctions() { return kFunctions; }

}  // namespace tangram::cel
