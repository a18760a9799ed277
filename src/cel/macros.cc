#include "cel/macros.h"

#include <fmt/format.h>

#include <array>

namespace tangram::cel {
namespace {

using Arguments = std::vector<ExprPtr>;

// Builds nodes that all stand where the macro stands.
class Maker {
 public:
  explicit Maker(std::size_t offset) : offset_(offset) {}

  ExprPtr Make(decltype(Expr::node) node) const { return MakeExpr(std::move(node), offset_); }
  ExprPtr Bool(bool value) const { return Make(Literal{Value{value}}); }
  ExprPtr Int(std::int64_t value) const { return Make(Literal{Value{value}}); }
  ExprPtr Name(std::string_view name) const { return Make(Ident{std::string(name)}); }
  ExprPtr Accu() const { return Name(kAccumulator); }
  ExprPtr NewCall(std::string_view function, Arguments arguments) const {
    return Make(Call{std::string(function), std::move(arguments), false});
  }
  ExprPtr Member(std::string_view function, Arguments arguments) const {
    return Make(Call{std::string(function), std::move(arguments), true});
  }
  ExprPtr NewList(Arguments items) const {
    std::vector<bool> optional(items.size(), false);
    return Make(ListLiteral{std::move(items), std::move(optional)});
  }
  // let name = value in result: a fold over nothing.
  ExprPtr Let(std::string name, ExprPtr value, ExprPtr result) const {
    ExprPtr same = Name(name);
    return Make(Fold{"#unused", "", NewList({}), std::move(name), std::move(value), Bool(false),
                     std::move(same), std::move(result)});
  }

 private:
  std::size_t offset_;
};

// The names of the loop variables of a macro, and what follows them.
struct Loop {
  std::string variable;
  std::string second_variable;
  Arguments rest;
};

tl::unexpected<base::Error> Wrong(std::string what) {
  return base::Fail(base::ErrorCode::kInvalid, std::move(what));
}

base::Result<Loop> ReadLoop(const Call& call, std::size_t variables) {
  Loop loop;
  for (std::size_t i = 1; i <= variables; ++i) {
    const auto* name = std::get_if<Ident>(&call.arguments[i]->node);
    if (name == nullptr || name->name.starts_with('.')) {
      return Wrong(fmt::format("argument {} of {}() must be a simple name", i, call.function));
    }
    if (name->name == kAccumulator || name->name == "__result__") {
      return Wrong(fmt::format("{} is a name that CEL keeps for itself", name->name));
    }
    (i == 1 ? loop.variable : loop.second_variable) = name->name;
  }
  if (variables == 2 && loop.variable == loop.second_variable) {
    return Wrong(
        fmt::format("two variables of {}() have the name {}", call.function, loop.variable));
  }
  loop.rest.assign(call.arguments.begin() + 1 + static_cast<std::ptrdiff_t>(variables),
                   call.arguments.end());
  return loop;
}

// What a loop does with its accumulator.
struct Body {
  ExprPtr init;
  ExprPtr condition;
  ExprPtr step;
  ExprPtr result;
};

Body All(const Maker& make, const Loop& loop) {
  return {make.Bool(true), make.NewCall(kNotStrictlyFalse, {make.Accu()}),
          make.NewCall(kAnd, {make.Accu(), loop.rest[0]}), make.Accu()};
}

Body Exists(const Maker& make, const Loop& loop) {
  return {make.Bool(false), make.NewCall(kNotStrictlyFalse, {make.NewCall(kNot, {make.Accu()})}),
          make.NewCall(kOr, {make.Accu(), loop.rest[0]}), make.Accu()};
}

Body ExistsOne(const Maker& make, const Loop& loop) {
  return {make.Int(0), make.Bool(true),
          make.NewCall(kConditional,
                       {loop.rest[0], make.NewCall(kAdd, {make.Accu(), make.Int(1)}), make.Accu()}),
          make.NewCall(kEquals, {make.Accu(), make.Int(1)})};
}

// `step` for each item that passes the filter, which is there if `rest` has two expressions.
Body Collect(const Maker& make, const Loop& loop, ExprPtr init, ExprPtr step) {
  if (loop.rest.size() == 2) step = make.NewCall(kConditional, {loop.rest[0], step, make.Accu()});
  return {std::move(init), make.Bool(true), std::move(step), make.Accu()};
}

Body CollectList(const Maker& make, const Loop& loop) {
  return Collect(make, loop, make.NewList({}),
                 make.NewCall(kAdd, {make.Accu(), make.NewList({loop.rest.back()})}));
}

Body Filter(const Maker& make, const Loop& loop) {
  const ExprPtr step = make.NewCall(kAdd, {make.Accu(), make.NewList({make.Name(loop.variable)})});
  return {make.NewList({}), make.Bool(true),
          make.NewCall(kConditional, {loop.rest[0], step, make.Accu()}), make.Accu()};
}

Body CollectMap(const Maker& make, const Loop& loop) {
  return Collect(
      make, loop, make.Make(MapLiteral{}),
      make.NewCall("cel.@mapInsert", {make.Accu(), make.Name(loop.variable), loop.rest.back()}));
}

Body CollectMapEntries(const Maker& make, const Loop& loop) {
  return Collect(make, loop, make.Make(MapLiteral{}),
                 make.NewCall("cel.@mapInsert", {make.Accu(), loop.rest.back()}));
}

struct LoopMacro {
  std::string_view name;
  std::size_t variables;
  std::size_t rest;  // expressions after the variables
  Body (*body)(const Maker&, const Loop&);
};
constexpr std::array<LoopMacro, 16> kLoopMacros = {
    {{"all", 1, 1, All},
     {"exists", 1, 1, Exists},
     {"exists_one", 1, 1, ExistsOne},
     {"map", 1, 1, CollectList},
     {"map", 1, 2, CollectList},
     {"filter", 1, 1, Filter},
     {"all", 2, 1, All},
     {"exists", 2, 1, Exists},
     {"existsOne", 2, 1, ExistsOne},
     {"exists_one", 2, 1, ExistsOne},
     {"transformList", 2, 1, CollectList},
     {"transformList", 2, 2, CollectList},
     {"transformMap", 2, 1, CollectMap},
     {"transformMap", 2, 2, CollectMap},
     {"transformMapEntry", 2, 1, CollectMapEntries},
     {"transformMapEntry", 2, 2, CollectMapEntries}}};

base::Result<ExprPtr> ExpandLoop(const LoopMacro& macro, const Call& call, const Maker& make) {
  auto loop = ReadLoop(call, macro.variables);
  if (!loop) return tl::unexpected(loop.error());
  Body body = macro.body(make, *loop);
  return make.Make(Fold{loop->variable, loop->second_variable, call.arguments[0],
                        std::string(kAccumulator), std::move(body.init), std::move(body.condition),
                        std::move(body.step), std::move(body.result)});
}

base::Result<ExprPtr> ExpandHas(const Call& call, const Maker& make) {
  const auto* select = std::get_if<Select>(&call.arguments[0]->node);
  if (select == nullptr || select->is_test) {
    return Wrong("has() takes a field: has(a.b); for a[\"b\"] write \"b\" in a");
  }
  return make.Make(Select{select->operand, select->field, true});
}

base::Result<ExprPtr> ExpandBind(const Call& call, const Maker& make) {
  const auto* target = std::get_if<Ident>(&call.arguments[0]->node);
  if (target == nullptr || target->name != "cel") return ExprPtr();
  const auto* name = std::get_if<Ident>(&call.arguments[1]->node);
  if (name == nullptr) return Wrong("the first argument of cel.bind() must be a simple name");
  return make.Let(name->name, call.arguments[2], call.arguments[3]);
}

// a.optMap(x, f) is a.hasValue() ? optional.of(let x = a.value() in f) : optional.none()
base::Result<ExprPtr> ExpandOptionalMap(const Call& call, const Maker& make) {
  const auto* name = std::get_if<Ident>(&call.arguments[1]->node);
  if (name == nullptr) {
    return Wrong(fmt::format("the first argument of {}() must be a simple name", call.function));
  }
  const ExprPtr& target = call.arguments[0];
  ExprPtr mapped = make.Let(name->name, make.Member("value", {target}), call.arguments[2]);
  if (call.function == "optMap") mapped = make.NewCall("optional.of", {mapped});
  return make.NewCall(
      kConditional, {make.Member("hasValue", {target}), mapped, make.NewCall("optional.none", {})});
}

// a.sortBy(x, f) sorts a by the list that a.map(x, f) makes.
base::Result<ExprPtr> ExpandSortBy(const Call& call, const Maker& make) {
  if (std::holds_alternative<Literal>(call.arguments[0]->node) ||
      std::holds_alternative<MapLiteral>(call.arguments[0]->node)) {
    return Wrong("sortBy() sorts a list");
  }
  const std::string input = "@__sortBy_input__";
  Call map = call;
  map.arguments[0] = make.Name(input);
  constexpr LoopMacro kMap = {"map", 1, 1, CollectList};
  auto keys = ExpandLoop(kMap, map, make);
  if (!keys) return keys;
  return make.Let(input, call.arguments[0],
                  make.Member("@sortByAssociatedKeys", {make.Name(input), *keys}));
}

}  // namespace

base::Result<ExprPtr> ExpandMacro(const Call& call, std::size_t offset) {
  const Maker make(offset);
  const std::size_t count = call.arguments.size();
  if (!call.is_member) {
    return call.function == "has" && count == 1 ? ExpandHas(call, make) : ExprPtr();
  }
  for (const LoopMacro& macro : kLoopMacros) {
    if (macro.name == call.function && count == 1 + macro.variables + macro.rest) {
      return ExpandLoop(macro, call, make);
    }
  }
  if (call.function == "bind" && count == 4) return ExpandBind(call, make);
  if ((call.function == "optMap" || call.function == "optFlatMap") && count == 3) {
    return ExpandOptionalMap(call, make);
  }
  if (call.function == "sortBy" && count == 3) return ExpandSortBy(call, make);
  return ExprPtr();
}

}  // namespace tangram::cel
