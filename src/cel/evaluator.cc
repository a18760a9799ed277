#include "cel/evaluator.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace tangram::cel {
namespace {

constexpr std::string_view kConversions[] = {"bool", "bytes",  "double",    "duration", "dyn",
                                             "int",  "string", "timestamp", "type",     "uint"};

bool IsConversion(const Call& call) {
  return call.arguments.size() == 1 && std::find(std::begin(kConversions), std::end(kConversions),
                                                 call.function) != std::end(kConversions);
}

// Items that cel-go makes a hash set of.
bool IsHashedItem(const Expr& item) {
  switch (item.type->kind) {
    case Type::Kind::kBool:
    case Type::Kind::kInt:
    case Type::Kind::kUint:
    case Type::Kind::kDouble:
    case Type::Kind::kString:
      return IsConstant(item);
    default:
      return false;
  }
}

bool IsListOfKnown(const Type& type) {
  return type.kind == Type::Kind::kList && !IsDynamic(*type.parameters[0]) &&
         type.parameters[0]->kind != Type::Kind::kVariable;
}

// cel-go counts what some calls cost by one of their arguments, and takes for granted that it is a
// list, or a number: an error there ends the whole evaluation. It does so where only one overload
// comes into question.
std::optional<std::size_t> CountedArgument(const Call& call) {
  const auto is_known = [&](std::size_t i) { return IsListOfKnown(*call.arguments[i]->type); };
  if (call.function == "distinct") return 0;
  if (call.function == "sort" && is_known(0)) return 0;
  if (call.function == "@sortByAssociatedKeys" && is_known(1)) return 1;
  if (call.function == "flatten" && call.arguments.size() == 2) return 1;
  return std::nullopt;
}

bool CanBeCounted(const Call& call, const Value& argument) {
  return call.function == "flatten" ? argument.Is<std::int64_t>() : argument.Is<List>();
}

// What a key stands for in a list: nothing if it is no whole number.
std::optional<std::int64_t> Position(const Value& key) {
  if (const auto* number = key.As<std::int64_t>()) return *number;
  if (const auto* number = key.As<std::uint64_t>()) {
    if (*number > INT64_MAX) return std::nullopt;
    return static_cast<std::int64_t>(*number);
  }
  const auto* number = key.As<double>();
  if (number == nullptr || std::trunc(*number) != *number || std::abs(*number) >= 9.2e18) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(*number);
}

// What `object` has at `key`: nothing if there is none, where `tested`; else that is an error.
tl::expected<std::optional<Value>, Stop> Qualify(const Value& object, const Value& key,
                                                 bool tested) {
  const auto absent = [&]() -> tl::expected<std::optional<Value>, Stop> {
    if (tested) return std::optional<Value>();
    return Fails(fmt::format("no such key: {}", Show(key)));
  };
  const bool is_key = key.Is<std::string>() || key.Is<std::int64_t>() || key.Is<std::uint64_t>() ||
                      key.Is<bool>() || key.Is<double>();
  if (!is_key) return Fails("a key must be a text, a number or a bool");
  if (const auto* map = object.As<Map>()) {
    const Value* found = Find(*map, key);
    if (found == nullptr) return absent();
    return std::optional<Value>(*found);
  }
  const auto* list = object.As<List>();
  if (list == nullptr) return absent();
  const std::optional<std::int64_t> position = Position(key);
  if (!position) return Fails("a list has no such index");
  const auto size = static_cast<std::int64_t>(list->items->size());
  if (*position >= 0 && *position < size) {
    return std::optional<Value>((*list->items)[static_cast<std::size_t>(*position)]);
  }
  if (tested) return std::optional<Value>();
  return Fails(fmt::format("index out of bounds: {}", *position));
}

Value Wrapped(std::optional<Value> value) {
  if (!value) return Value{Optional{}};
  return Value{Optional{std::make_shared<const Value>(*std::move(value))}};
}

// What .field and [key] give: an optional object gives optional parts.
Evaluated Part(const Value& object, const Value& key, bool optional) {
  const auto* wrapped = object.As<Optional>();
  if (wrapped != nullptr && !wrapped->value) return object;
  auto found =
      Qualify(wrapped != nullptr ? *wrapped->value : object, key, optional || wrapped != nullptr);
  if (!found) return tl::unexpected(found.error());
  if (optional || wrapped != nullptr) return Wrapped(*std::move(found));
  return **std::move(found);
}

}  // namespace

bool IsConstant(const Expr& expr) {
  if (std::holds_alternative<Literal>(expr.node)) return true;
  const auto all = [](const std::vector<ExprPtr>& exprs) {
    return std::all_of(exprs.begin(), exprs.end(), [](const auto& e) { return IsConstant(*e); });
  };
  if (const auto* list = std::get_if<ListLiteral>(&expr.node)) return all(list->items);
  if (const auto* map = std::get_if<MapLiteral>(&expr.node)) {
    return all(map->keys) && all(map->values);
  }
  const auto* call = std::get_if<Call>(&expr.node);
  return call != nullptr && IsConversion(*call) && all(call->arguments);
}

Evaluated Evaluator::Run(const Expr& root) {
  Evaluated result = Evaluate(root);
  if (meter_.IsEmpty()) {
    return tl::unexpected(Stop{Stop::Kind::kUnknown, "evaluating it takes too many steps", {}});
  }
  if (aborted_) return tl::unexpected(*aborted_);
  return result;
}

Evaluated Evaluator::Abort(Stop::Kind kind, std::string what) {
  if (!aborted_) aborted_ = Stop{kind, std::move(what), {}};
  return tl::unexpected(*aborted_);
}

Evaluated Evaluator::At(const Expr& expr, Evaluated result) {
  if (!result && !result.error().offset) result.error().offset = expr.offset;
  if (aborted_ && !aborted_->offset) aborted_->offset = expr.offset;
  return result;
}

Evaluated Evaluator::Evaluate(const Expr& expr) {
  if (aborted_) return tl::unexpected(*aborted_);
  if (!meter_.Spend(1)) return Abort(Stop::Kind::kUnknown, "");
  return At(expr, std::visit([&](const auto& node) { return ValueOf(node); }, expr.node));
}

Evaluated Evaluator::ValueOf(const Literal& literal) { return literal.value; }

Evaluated Evaluator::ValueOf(const Ident& ident) {
  for (Frame* frame = frame_; frame != nullptr; frame = frame->outside) {
    if (ident.name == frame->fold.accumulator) return Accumulated(*frame);
    if (frame->has_variables && ident.name == frame->fold.variable) return frame->first;
    if (frame->has_variables && ident.name == frame->fold.second_variable) return frame->second;
  }
  if (ident.name == "device") return device_;
  return Value{TypeName{ident.name}};
}

Evaluated Evaluator::ValueOf(const Select& select) {
  const Evaluated object = Evaluate(*select.operand);
  if (!object) return object;
  const Value key{select.field};
  if (!select.is_test) return Part(*object, key, false);
  const Evaluated found = Part(*object, key, true);
  if (!found) return found;
  return Value{found->As<Optional>()->value != nullptr};
}

Evaluated Evaluator::ValueOf(const ListLiteral& list) {
  meter_.Spend(10);
  std::vector<Value> items;
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    Evaluated item = Evaluate(*list.items[i]);
    if (!item) return item;
    if (!list.optional[i]) {
      items.push_back(*std::move(item));
      continue;
    }
    const auto* optional = item->As<Optional>();
    if (optional == nullptr) return Fails("an item after \"?\" must be optional");
    if (optional->value) items.push_back(*optional->value);
  }
  return MakeList(std::move(items));
}

Evaluated Evaluator::ValueOf(const MapLiteral& map) {
  meter_.Spend(30);
  std::vector<std::pair<Value, Value>> entries;
  for (std::size_t i = 0; i < map.keys.size(); ++i) {
    const Evaluated key = Evaluate(*map.keys[i]);
    if (!key) return key;
    const bool simple = key->Is<std::string>() || key->Is<bool>() || key->Is<std::int64_t>() ||
                        key->Is<std::uint64_t>();
    if (!simple) return Unknown("a map with keys that are no text, whole number or bool");
    Evaluated value = Evaluate(*map.values[i]);
    if (!value) return value;
    const auto same = std::find_if(entries.begin(), entries.end(), [&](const auto& entry) {
      return entry.first.v.index() == key->v.index() && Equal(entry.first, *key) == Equality::kTrue;
    });
    if (same != entries.end()) entries.erase(same);
    if (!map.optional[i]) {
      entries.emplace_back(*key, *std::move(value));
      continue;
    }
    const auto* optional = value->As<Optional>();
    if (optional == nullptr) return Fails("a value whose key has \"?\" must be optional");
    if (optional->value) entries.emplace_back(*key, *optional->value);
  }
  return MakeMap(std::move(entries));
}

Evaluated Evaluator::ValueOf(const Call& call) {
  if (call.function == kAnd) return Logical(call, false);
  if (call.function == kOr) return Logical(call, true);
  if (call.function == kConditional) return Conditional(call);
  if (call.function == kIndex || call.function == kOptionalIndex ||
      call.function == kOptionalSelect) {
    return Index(call);
  }
  if (call.function == "or" || call.function == "orValue") return OrElse(call);
  if (call.function == kNotStrictlyFalse) return NotStrictlyFalse(call);
  if (call.function == kIn) return InList(call);
  return Apply(call);
}

Evaluated Evaluator::Logical(const Call& call, bool absorbing) {
  std::optional<Stop> stop;
  for (const ExprPtr& argument : call.arguments) {
    Evaluated value = Evaluate(*argument);
    const auto* truth = value ? value->As<bool>() : nullptr;
    if (truth != nullptr && *truth == absorbing) return Value{absorbing};
    if (truth != nullptr) continue;
    if (value) value = At(*argument, NoOverload(call.function));
    // What is not known may still be anything, so it counts more than an error.
    if (!stop || value.error().kind == Stop::Kind::kUnknown) stop = value.error();
  }
  if (stop) return tl::unexpected(*stop);
  return Value{!absorbing};
}

Evaluated Evaluator::Conditional(const Call& call) {
  const Evaluated condition = Evaluate(*call.arguments[0]);
  if (!condition) return condition;
  const auto* truth = condition->As<bool>();
  if (truth == nullptr) return NoOverload(kConditional);
  return Evaluate(*call.arguments[*truth ? 1 : 2]);
}

Evaluated Evaluator::Index(const Call& call) {
  const Evaluated object = Evaluate(*call.arguments[0]);
  if (!object) return object;
  const auto* wrapped = object->As<Optional>();
  if (wrapped != nullptr && !wrapped->value) return object;
  const Evaluated key = Evaluate(*call.arguments[1]);
  if (!key) return key;
  return Part(*object, *key, call.function != kIndex);
}

// a.or(b) and a.orValue(b): b is looked at only if a has no value.
Evaluated Evaluator::OrElse(const Call& call) {
  const Evaluated first = Evaluate(*call.arguments[0]);
  if (!first) return first;
  const auto* optional = first->As<Optional>();
  if (optional == nullptr) return first;
  if (!optional->value) return Evaluate(*call.arguments[1]);
  if (call.function == "or") return first;
  return *optional->value;
}

Evaluated Evaluator::NotStrictlyFalse(const Call& call) {
  const Evaluated value = Evaluate(*call.arguments[0]);
  const auto* truth = value ? value->As<bool>() : nullptr;
  return Value{truth == nullptr || *truth};
}

// cel-go turns a list of constants into a hash set, and that is seen: an empty one does not look at
// what it is asked for, and a version, which has no hash, ends the whole evaluation.
Evaluated Evaluator::InList(const Call& call) {
  const Expr& list = *call.arguments[1];
  const auto* literal = std::get_if<ListLiteral>(&list.node);
  if (literal == nullptr || !IsConstant(list)) return Apply(call);
  if (literal->items.empty()) return Value{false};
  const Evaluated wanted = Evaluate(*call.arguments[0]);
  if (!wanted) return wanted;
  const bool hashed = std::all_of(literal->items.begin(), literal->items.end(),
                                  [](const ExprPtr& item) { return IsHashedItem(*item); });
  if (hashed && (wanted->Is<VersionPtr>() || wanted->Is<Bytes>())) {
    return Abort(Stop::Kind::kError, "a version cannot be looked for in a list of constants");
  }
  const Evaluated items = Evaluate(list);
  if (!items) return items;
  return Value{Contains(*items->As<List>(), *wanted)};
}

Evaluated Evaluator::Apply(const Call& call) {
  const auto counted = CountedArgument(call);
  std::vector<Value> arguments;
  arguments.reserve(call.arguments.size());
  std::optional<Stop> stop;
  for (std::size_t i = 0; i < call.arguments.size(); ++i) {
    Evaluated value = Evaluate(*call.arguments[i]);
    if (counted == i && !value) return Abort(value.error().kind, value.error().what);
    if (counted == i && !CanBeCounted(call, *value)) {
      return Abort(Stop::Kind::kError, NoOverload(call.function).value().what);
    }
    if (!value && !counted) return value;
    if (!value && !stop) stop = value.error();
    if (value) arguments.push_back(*std::move(value));
  }
  if (stop) return tl::unexpected(*std::move(stop));
  const Function function = FindFunction(call.function);
  if (function == nullptr) return Unknown(fmt::format("the function {}()", call.function));
  Evaluated result = function({call, arguments, meter_});
  if (meter_.IsEmpty()) return Abort(Stop::Kind::kUnknown, "");
  return result;
}

Evaluated Evaluator::ValueOf(const Fold& fold) {
  const Evaluated range = Evaluate(*fold.range);
  if (!range) return range;
  Frame frame{fold, frame_};
  frame_ = &frame;
  Evaluated result = Loop(frame, *range);
  frame_ = frame.outside;
  return result;
}

// The accumulator is first evaluated when somebody asks for it, so that a bound name that is not
// used does not fail.
Evaluated Evaluator::Accumulated(Frame& frame) {
  if (!frame.accumulated) {
    Frame* const inside = std::exchange(frame_, frame.outside);
    Evaluated init = Evaluate(*frame.fold.init);
    frame_ = inside;
    frame.accumulated = std::move(init);
  }
  return *frame.accumulated;
}

Evaluated Evaluator::Loop(Frame& frame, const Value& range) {
  const auto* list = range.As<List>();
  const auto* map = range.As<Map>();
  if (list == nullptr && map == nullptr) return NoOverload("a macro over something else");
  const bool indexed = !frame.fold.second_variable.empty();
  const std::size_t size = list != nullptr ? list->items->size() : map->items->entries.size();
  frame.has_variables = true;
  for (std::size_t i = 0; i < size; ++i) {
    if (list != nullptr) {
      const Value index{static_cast<std::int64_t>(i)};
      frame.first = indexed ? index : (*list->items)[i];
      frame.second = (*list->items)[i];
    } else {
      std::tie(frame.first, frame.second) = map->items->entries[i];
    }
    if (!Step(frame)) break;
  }
  frame.has_variables = false;
  return Evaluate(*frame.fold.result);
}

bool Evaluator::Step(Frame& frame) {
  const Evaluated condition = Evaluate(*frame.fold.condition);
  const auto* truth = condition ? condition->As<bool>() : nullptr;
  if (aborted_ || (truth != nullptr && !*truth)) return false;
  frame.accumulated = Evaluate(*frame.fold.step);
  return true;
}

}  // namespace tangram::cel
