// Lists and sets. Source: ext/{lists,sets}.go of cel-go 0.26, and library/lists.go of
// k8s.io/apiserver.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "cel/library.h"

namespace tangram::cel {
namespace {

using Items = std::vector<Value>;

const Items* ItemsOf(const Invocation& in, std::size_t i) {
  const auto* list = in.arguments[i].As<List>();
  return list == nullptr ? nullptr : list->items.get();
}

// Types whose values have an order.
bool HasOrder(const Value& value) {
  return value.Is<bool>() || value.Is<std::int64_t>() || value.Is<std::uint64_t>() ||
         value.Is<double>() || value.Is<std::string>() || value.Is<Bytes>();
}
bool IsBefore(const Value& a, const Value& b) {
  const auto order = Order(a, b);
  return order && *order < 0;
}

Evaluated IsSorted(const Invocation& in) {
  const Items* items = ItemsOf(in, 0);
  if (items == nullptr || !std::all_of(items->begin(), items->end(), HasOrder)) {
    return NoOverload("isSorted");
  }
  in.meter.Spend(items->size());
  return Value{std::adjacent_find(items->begin(), items->end(), [](const auto& a, const auto& b) {
                 return IsBefore(b, a);
               }) == items->end()};
}

// The smallest, or the largest; the first of equal ones.
Evaluated Extreme(const Invocation& in, bool (*better)(const Value&, const Value&)) {
  const Items* items = ItemsOf(in, 0);
  if (items == nullptr || !std::all_of(items->begin(), items->end(), HasOrder)) {
    return NoOverload(in.call.function);
  }
  if (items->empty()) return Fails(in.call.function + " called on empty list");
  in.meter.Spend(items->size());
  const Value* best = items->data();
  for (const Value& item : *items) {
    if (better(item, *best)) best = &item;
  }
  return *best;
}
Evaluated Min(const Invocation& in) { return Extreme(in, IsBefore); }
Evaluated Max(const Invocation& in) {
  return Extreme(in, [](const Value& a, const Value& b) { return IsBefore(b, a); });
}

// The zero of the items' type, which an empty list has as well.
Value ZeroOf(const Invocation& in, const Items& items) {
  const Type& list = *in.call.arguments[0]->type;
  const Type::Kind kind =
      list.kind == Type::Kind::kList ? list.parameters[0]->kind : Type::Kind::kDyn;
  if (kind == Type::Kind::kUint || (!items.empty() && items[0].Is<std::uint64_t>())) {
    return Value{std::uint64_t{0}};
  }
  if (kind == Type::Kind::kDouble || (!items.empty() && items[0].Is<double>())) return Value{0.0};
  return Value{std::int64_t{0}};
}

Evaluated Sum(const Invocation& in) {
  const Items* items = ItemsOf(in, 0);
  if (items == nullptr) return NoOverload("sum");
  in.meter.Spend(items->size());
  const Function add = FindFunction(kAdd);
  Value sum = ZeroOf(in, *items);
  for (const Value& item : *items) {
    const Value pair[] = {sum, item};
    Evaluated next = add({in.call, pair, in.meter});
    if (!next) return next;
    sum = *std::move(next);
  }
  return sum;
}

Evaluated Distinct(const Invocation& in) {
  const Items* items = ItemsOf(in, 0);
  if (items == nullptr) return NoOverload("distinct");
  if (!in.meter.Spend(10 + 3 * items->size() * items->size())) return Unknown("");
  Items distinct;
  for (const Value& item : *items) {
    const bool seen = std::any_of(distinct.begin(), distinct.end(), [&](const Value& other) {
      return Equal(item, other) == Equality::kTrue;
    });
    if (!seen) distinct.push_back(item);
  }
  return MakeList(std::move(distinct));
}

void FlattenInto(const Items& items, std::int64_t depth, Items& flat) {
  for (const Value& item : items) {
    const auto* list = item.As<List>();
    if (list == nullptr || depth == 0) {
      flat.push_back(item);
    } else {
      FlattenInto(*list->items, depth - 1, flat);
    }
  }
}

Evaluated Flatten(const Invocation& in) {
  const Items* items = ItemsOf(in, 0);
  const std::int64_t one = 1;
  const auto* depth = in.arguments.size() == 2 ? in.arguments[1].As<std::int64_t>() : &one;
  if (items == nullptr || depth == nullptr) return NoOverload("flatten");
  if (*depth < 0) return Fails("level must be non-negative");
  // CEL's own count grows with the number that is given, however deep the list is.
  const auto paid = static_cast<std::size_t>(std::min<std::int64_t>(*depth, Meter::kMost));
  if (!in.meter.Spend(10 + items->size() * paid)) return Unknown("");
  Items flat;
  FlattenInto(*items, *depth, flat);
  if (!in.meter.Spend(flat.size())) return Unknown("");
  return MakeList(std::move(flat));
}

Evaluated Range(const Invocation& in) {
  const auto* count = in.arguments[0].As<std::int64_t>();
  if (count == nullptr) return NoOverload("lists.range");
  const auto size = static_cast<std::size_t>(std::max<std::int64_t>(*count, 0));
  if (!in.meter.Spend(size)) return Unknown("");
  Items numbers;
  for (std::int64_t i = 0; i < *count; ++i) numbers.push_back(Value{i});
  return MakeList(std::move(numbers));
}

Evaluated Reverse(const Invocation& in) {
  const Items* items = ItemsOf(in, 0);
  if (items == nullptr) return NoOverload("reverse");
  in.meter.Spend(10 + items->size());
  return MakeList(Items(items->rbegin(), items->rend()));
}

Evaluated Slice(const Invocation& in) {
  const Items* items = ItemsOf(in, 0);
  const auto* start = in.arguments[1].As<std::int64_t>();
  const auto* end = in.arguments[2].As<std::int64_t>();
  if (items == nullptr || start == nullptr || end == nullptr) return NoOverload("slice");
  const auto size = static_cast<std::int64_t>(items->size());
  if (*start < 0 || *end < 0 || *start > *end || *end > size) {
    return Fails(fmt::format("cannot slice({}, {}) of a list of {}", *start, *end, size));
  }
  in.meter.Spend(10 + items->size());
  return MakeList(Items(items->begin() + *start, items->begin() + *end));
}

// `list` in the order of `keys`.
Evaluated SortedBy(const Invocation& in, const Items& list, const Items& keys) {
  if (list.size() != keys.size()) return Fails("sortBy: as many keys as items are needed");
  if (list.empty()) return in.arguments[0];
  if (!in.meter.Spend(10 + 3 * keys.size() * keys.size())) return Unknown("");
  if (!HasOrder(keys[0])) return Fails("list elements must be comparable");
  // A list of one is not compared at all.
  const bool uniform = std::all_of(keys.begin(), keys.end(), [&](const Value& key) {
    return key.v.index() == keys[0].v.index();
  });
  if (!uniform) return Fails("list elements must have the same type");
  std::vector<std::size_t> order(list.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return IsBefore(keys[a], keys[b]); });
  Items sorted;
  for (const std::size_t i : order) sorted.push_back(list[i]);
  return MakeList(std::move(sorted));
}

Evaluated Sort(const Invocation& in) {
  const Items* items = ItemsOf(in, 0);
  if (items == nullptr) return NoOverload("sort");
  return SortedBy(in, *items, *items);
}

Evaluated SortByKeys(const Invocation& in) {
  const Items* items = ItemsOf(in, 0);
  const Items* keys = ItemsOf(in, 1);
  if (items == nullptr || keys == nullptr) return NoOverload("sortBy");
  // Go's sort keeps the order of equal keys in short lists only.
  constexpr std::size_t kShort = 12;
  if (keys->size() > kShort) return Unknown("sortBy() of more than 12 items");
  return SortedBy(in, *items, *keys);
}

Evaluated First(const Invocation& in) {
  const Items* items = ItemsOf(in, 0);
  if (items == nullptr) return NoOverload("first");
  if (items->empty()) return Value{Optional{}};
  return Value{Optional{std::make_shared<const Value>(items->front())}};
}

Evaluated Last(const Invocation& in) {
  const Items* items = ItemsOf(in, 0);
  if (items == nullptr) return NoOverload("last");
  if (items->empty()) return Value{Optional{}};
  return Value{Optional{std::make_shared<const Value>(items->back())}};
}

// How many items of the second list the first one has; nothing where they are no lists.
struct Common {
  bool any = false;
  bool all = false;
};
std::optional<Common> InCommon(const Invocation& in, std::size_t of, std::size_t with) {
  const auto* list = in.arguments[of].As<List>();
  const Items* items = ItemsOf(in, with);
  if (list == nullptr || items == nullptr) return std::nullopt;
  in.meter.Spend(list->items->size() * items->size());
  const auto has = [&](const Value& item) { return Contains(*list, item); };
  return Common{std::any_of(items->begin(), items->end(), has),
                std::all_of(items->begin(), items->end(), has)};
}

Evaluated SetsContains(const Invocation& in) {
  const auto common = InCommon(in, 0, 1);
  if (!common) return NoOverload("sets.contains");
  return Value{common->all};
}
Evaluated SetsEquivalent(const Invocation& in) {
  const auto common = InCommon(in, 0, 1);
  const auto reverse = InCommon(in, 1, 0);
  if (!common || !reverse) return NoOverload("sets.equivalent");
  return Value{common->all && reverse->all};
}
Evaluated SetsIntersects(const Invocation& in) {
  const auto common = InCommon(in, 1, 0);
  if (!common) return NoOverload("sets.intersects");
  return Value{common->any};
}

constexpr NamedFunction kFunctions[] = {
    {"isSorted", IsSorted},
    {"min", Min},
    {"max", Max},
    {"sum", Sum},
    {"distinct", Distinct},
    {"flatten", Flatten},
    {"lists.range", Range},
    {"reverse", Reverse},
    {"slice", Slice},
    {"sort", Sort},
    {"@sortByAssociatedKeys", SortByKeys},
    {"first", First},
    {"last", Last},
    {"sets.contains", SetsContains},
    {"sets.equivalent", SetsEquivalent},
    {"sets.intersects", SetsIntersects},
};

}  // namespace

std::span<const NamedFunction> ListFunctions() { return kFunctions; }

}  // namespace tangram::cel
