#include "cel/checker.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "cel/lexer.h"
#include "cel/signatures.h"
#include "cel/walk.h"

namespace tangram::cel {
namespace {

using Kind = Type::Kind;

// A macro may use its target twice, so a tree can be walked more often than it has nodes.
constexpr int kMostVisits = 20'000;

TypePtr Simple(Kind kind) { return MakeType(kind); }

TypePtr DeviceType() {
  static const TypePtr device = NamedType(Kind::kStruct, "kubernetes.DRADevice");
  return device;
}

// The fields of `device`.
TypePtr DeviceField(std::string_view name) {
  const auto by_domain = [](TypePtr values) {
    const TypePtr text = Simple(Kind::kString);
    return MakeType(Kind::kMap, {text, MakeType(Kind::kMap, {text, std::move(values)})});
  };
  if (name == "driver") return Simple(Kind::kString);
  if (name == "allowMultipleAllocations") return Simple(Kind::kBool);
  if (name == "attributes") return by_domain(Simple(Kind::kAny));
  if (name == "capacity") return by_domain(NamedType(Kind::kStruct, "kubernetes.Quantity"));
  return nullptr;
}

// Types are names as well: type(x) == int.
TypePtr TypeByName(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, Kind>, 8> kSimple = {{{"bool", Kind::kBool},
                                                                         {"bytes", Kind::kBytes},
                                                                         {"double", Kind::kDouble},
                                                                         {"int", Kind::kInt},
                                                                         {"null_type", Kind::kNull},
                                                                         {"string", Kind::kString},
                                                                         {"uint", Kind::kUint},
                                                                         {"type", Kind::kType}}};
  for (const auto& [known, kind] : kSimple) {
    if (known == name) return MakeType(Kind::kType, {Simple(kind)});
  }
  const TypePtr dyn = Simple(Kind::kDyn);
  if (name == "list") return MakeType(Kind::kType, {MakeType(Kind::kList, {dyn})});
  if (name == "map") return MakeType(Kind::kType, {MakeType(Kind::kMap, {dyn, dyn})});
  return nullptr;
}

// Names of types that are declared too, but that we do not go into.
bool IsFarType(std::string_view name) {
  return name == "optional_type" || name.starts_with("google.") ||
         name.starts_with("kubernetes.") || name.starts_with("net.");
}

std::string WithoutDot(std::string_view name) {
  return std::string(name.substr(name.starts_with('.') ? 1 : 0));
}

struct TypeOfLiteral {
  Kind operator()(const Null&) const { return Kind::kNull; }
  Kind operator()(bool) const { return Kind::kBool; }
  Kind operator()(std::int64_t) const { return Kind::kInt; }
  Kind operator()(std::uint64_t) const { return Kind::kUint; }
  Kind operator()(double) const { return Kind::kDouble; }
  Kind operator()(const std::string&) const { return Kind::kString; }
  Kind operator()(const Bytes&) const { return Kind::kBytes; }
  template <class T>
  Kind operator()(const T&) const {
    return Kind::kDyn;
  }
};

std::string ShowAll(const std::vector<TypePtr>& types) {
  std::string text;
  for (const TypePtr& type : types) text += (text.empty() ? "" : ", ") + Show(*type);
  return text;
}

// The sign of an operator for its name: "_==_" is "==".
std::string ShowFunction(std::string_view name) {
  std::string shown(name);
  if (name.starts_with('_') || name.ends_with('_') || name.starts_with('@')) {
    std::erase_if(shown, [](char c) { return c == '_' || c == '@'; });
  }
  return shown;
}

// Where something is wrong, the first fault is kept, and the rest of the walk does no more than
// end.
class Checker {
 public:
  explicit Checker(std::string_view text) : text_(text) {}

  void Check(Expr& expr) {
    if (Stopped()) return;
    if (++visits_ > kMostVisits) return Beyond(expr, "optMap() inside optMap() so many times");
    TypePtr type = std::visit([&](auto& node) { return TypeOf(expr, node); }, expr.node);
    if (Stopped()) return;
    expr.type = std::move(type);
  }

  // After Check: what variables stand for, and what can only be seen then.
  void Finish(Expr& root) {
    if (Stopped()) return;
    Walk(root, [&](Expr& expr) { expr.type = types_.ApplyAll(expr.type); });
    Walk(root, [&](Expr& expr) { CheckLiteral(expr); });
    if (Stopped()) return;
    if (root.type->kind != Kind::kBool && root.type->kind != Kind::kAny) {
      Wrong(root,
            fmt::format("a selector must be a bool; this one is of type {}", Show(*root.type)));
    }
  }

  base::Result<CheckResult> Result() && {
    if (fault_) return tl::unexpected(*std::move(fault_));
    return CheckResult{std::move(beyond_)};
  }

 private:
  bool Stopped() const { return fault_ || !beyond_.empty(); }

  void Wrong(const Expr& at, std::string_view what) {
    if (Stopped()) return;
    fault_ = base::Error{base::ErrorCode::kInvalid,
                         fmt::format("{}: {}", Place(text_, at.offset), what)};
  }
  void Beyond(const Expr& at, std::string_view what) {
    if (!Stopped()) beyond_ = fmt::format("{}: {}", Place(text_, at.offset), what);
  }

  TypePtr TypeOf(Expr&, Literal& literal) {
    return Simple(std::visit(TypeOfLiteral(), literal.value.v));
  }

  const TypePtr* FindVariable(std::string_view name) const {
    const auto found = std::find_if(scope_.rbegin(), scope_.rend(),
                                    [&](const auto& variable) { return variable.first == name; });
    return found == scope_.rend() ? nullptr : &found->second;
  }

  TypePtr TypeOf(Expr& expr, Ident& ident) {
    ident.name = WithoutDot(ident.name);
    if (const TypePtr* variable = FindVariable(ident.name)) return *variable;
    if (ident.name == "device") return DeviceType();
    if (TypePtr type = TypeByName(ident.name)) return type;
    if (IsFarType(ident.name)) {
      Beyond(expr, fmt::format("the type {}", ident.name));
    } else {
      Wrong(expr, fmt::format("undeclared name {}; a selector looks at \"device\"", ident.name));
    }
    return Simple(Kind::kDyn);
  }

  TypePtr TypeOf(Expr& expr, Select& select) {
    const std::string name = QualifiedName(expr);
    if (IsFarType(name) && !FindVariable(name.substr(0, name.find('.')))) {
      Beyond(expr, fmt::format("the type {}", name));
      return Simple(Kind::kDyn);
    }
    TypePtr field = FieldType(expr, *select.operand, select.field);
    return select.is_test ? Simple(Kind::kBool) : types_.Apply(field);
  }

  // Fields of what is optional are optional.
  TypePtr FieldType(const Expr& expr, Expr& operand, const std::string& field) {
    Check(operand);
    if (Stopped()) return Simple(Kind::kDyn);
    TypePtr target = types_.Apply(operand.type);
    const bool optional = IsOptional(*target);
    if (optional) target = target->parameters[0];
    const TypePtr found = FieldOf(expr, target, field);
    return optional ? OptionalOf(found) : found;
  }

  TypePtr FieldOf(const Expr& expr, const TypePtr& target, const std::string& field) {
    if (target->kind == Kind::kMap) return target->parameters[1];
    if (target->kind == Kind::kVariable) {
      types_.Assign(Simple(Kind::kDyn), target);
    } else if (SameType(*target, *DeviceType())) {
      if (TypePtr type = DeviceField(field)) return type;
      Wrong(expr, fmt::format("undefined field {}; a device has driver, attributes, capacity and "
                              "allowMultipleAllocations",
                              field));
    } else if (!IsDynamic(*target)) {
      Wrong(expr, fmt::format("type {} has no fields; found .{}", Show(*target), field));
    }
    return Simple(Kind::kDyn);
  }

  TypePtr TypeOf(Expr& expr, Call& call) {
    if (call.function == kOptionalSelect) return OptionalField(expr, call);
    if (call.is_member) TakeNamespace(call);
    // The only one whose list may mix types.
    if (call.is_member && call.function == "format") Beyond(expr, "the function format()");
    for (const ExprPtr& argument : call.arguments) Check(*argument);
    if (Stopped()) return Simple(Kind::kDyn);
    call.function = WithoutDot(call.function);
    const auto found = AllSignatures().find(call.function);
    if (found == AllSignatures().end()) {
      Wrong(expr, fmt::format("there is no function {}()", call.function));
      return Simple(Kind::kDyn);
    }
    return Resolve(expr, call, found->second);
  }

  TypePtr OptionalField(const Expr& expr, Call& call) {
    const auto& field = std::get<Literal>(call.arguments[1]->node).value;
    Check(*call.arguments[1]);
    const TypePtr found = FieldType(expr, *call.arguments[0], *field.As<std::string>());
    if (Stopped()) return Simple(Kind::kDyn);
    return IsOptional(*types_.Apply(call.arguments[0]->type)) ? types_.Apply(found)
                                                              : OptionalOf(types_.Apply(found));
  }

  // sets.contains(a, b) reads as a member function, and is none.
  void TakeNamespace(Call& call) {
    const std::string prefix = WithoutDot(QualifiedName(*call.arguments[0]));
    if (prefix.empty() || !AllSignatures().contains(prefix + "." + call.function)) return;
    call.function = prefix + "." + call.function;
    call.arguments.erase(call.arguments.begin());
    call.is_member = false;
  }

  // The types of a signature with fresh variables: arguments, then the result.
  std::vector<TypePtr> Instantiate(const Signature& signature) {
    std::vector<TypePtr> fresh;
    for (std::size_t i = 0; i < signature.variables.size(); ++i) {
      fresh.push_back(types_.NewVariable());
    }
    std::vector<TypePtr> all;
    for (const TypePtr& argument : signature.arguments) {
      all.push_back(Replace(argument, signature, fresh));
    }
    all.push_back(Replace(signature.result, signature, fresh));
    return all;
  }
  static TypePtr Replace(const TypePtr& type, const Signature& signature,
                         const std::vector<TypePtr>& fresh) {
    if (type->kind == Kind::kVariable) {
      const auto at = std::find(signature.variables.begin(), signature.variables.end(), type->name);
      return fresh[static_cast<std::size_t>(at - signature.variables.begin())];
    }
    if (type->parameters.empty()) return type;
    std::vector<TypePtr> parameters;
    for (const TypePtr& parameter : type->parameters) {
      parameters.push_back(Replace(parameter, signature, fresh));
    }
    return NamedType(type->kind, type->name, std::move(parameters));
  }

  // Every signature that fits counts: if their results differ, the result is dynamic.
  TypePtr Resolve(const Expr& expr, const Call& call, const std::vector<Signature>& signatures) {
    std::vector<TypePtr> given;
    for (const ExprPtr& argument : call.arguments) given.push_back(argument->type);
    TypePtr result;
    for (const Signature& signature : signatures) {
      if (signature.is_member != call.is_member || signature.arguments.size() != given.size()) {
        continue;
      }
      std::vector<TypePtr> wanted = Instantiate(signature);
      const TypePtr returned = wanted.back();
      wanted.pop_back();
      if (!types_.Assign(given, wanted)) continue;
      const TypePtr found = types_.Apply(returned);
      if (!result) {
        result = found;
      } else if (!IsDynamic(*result) && !SameType(*result, *found)) {
        result = Simple(Kind::kDyn);
      }
    }
    if (result) return result;
    for (TypePtr& type : given) type = types_.ApplyAll(type);
    Wrong(expr,
          fmt::format("{} cannot be applied to ({})", ShowFunction(call.function), ShowAll(given)));
    return Simple(Kind::kDyn);
  }

  // The type of both; a mixture is refused.
  TypePtr Join(const Expr& at, const TypePtr& before, const TypePtr& now) {
    if (!before) return now;
    if (types_.Assign(before, now)) return MoreGeneral(before, now);
    Wrong(at, fmt::format("expected {}, found {}", Show(*types_.ApplyAll(before)),
                          Show(*types_.ApplyAll(now))));
    return before;
  }

  // The type of what is in [?x].
  TypePtr Unwrap(const Expr& at, const TypePtr& type) {
    if (IsOptional(*type)) return type->parameters[0];
    if (IsDynamic(*type)) {
      Beyond(at, "an optional item of a type that is not known before");
    } else {
      Wrong(at, fmt::format("expected an optional value, found {}", Show(*type)));
    }
    return type;
  }

  TypePtr TypeOf(Expr&, ListLiteral& list) {
    TypePtr type;
    for (std::size_t i = 0; i < list.items.size() && !Stopped(); ++i) {
      Expr& item = *list.items[i];
      Check(item);
      if (Stopped()) break;
      type = Join(item, type, list.optional[i] ? Unwrap(item, item.type) : item.type);
    }
    if (!type) type = types_.NewVariable();
    return MakeType(Kind::kList, {type});
  }

  TypePtr TypeOf(Expr&, MapLiteral& map) {
    TypePtr key;
    TypePtr value;
    for (std::size_t i = 0; i < map.keys.size() && !Stopped(); ++i) {
      Check(*map.keys[i]);
      Check(*map.values[i]);
      if (Stopped()) break;
      key = Join(*map.keys[i], key, map.keys[i]->type);
      const TypePtr& given = map.values[i]->type;
      value = Join(*map.values[i], value, map.optional[i] ? Unwrap(*map.values[i], given) : given);
    }
    if (!key) key = types_.NewVariable();
    if (!value) value = types_.NewVariable();
    return MakeType(Kind::kMap, {key, value});
  }

  // The types of the loop variables over `range`.
  std::pair<TypePtr, TypePtr> LoopTypes(const Fold& fold) {
    const TypePtr range = types_.Apply(fold.range->type);
    const bool indexed = !fold.second_variable.empty();
    if (range->kind == Kind::kList) {
      const TypePtr& item = range->parameters[0];
      return indexed ? std::pair(Simple(Kind::kInt), item) : std::pair(item, item);
    }
    if (range->kind == Kind::kMap) return {range->parameters[0], range->parameters[1]};
    const TypePtr dyn = Simple(Kind::kDyn);
    if (range->kind == Kind::kVariable) {
      types_.Assign(dyn, range);
    } else if (range->kind != Kind::kDyn) {
      Wrong(*fold.range,
            fmt::format("expression of type {} cannot be gone over: it must be a list or a map",
                        Show(*range)));
    }
    return {dyn, dyn};
  }

  TypePtr TypeOf(Expr&, Fold& fold) {
    Check(*fold.range);
    Check(*fold.init);
    if (Stopped()) return Simple(Kind::kDyn);
    const TypePtr accumulated = fold.init->type;
    const auto [first, second] = LoopTypes(fold);
    const std::size_t outside = scope_.size();
    scope_.emplace_back(fold.accumulator, accumulated);
    const std::size_t around = scope_.size();
    scope_.emplace_back(fold.variable, first);
    if (!fold.second_variable.empty()) scope_.emplace_back(fold.second_variable, second);
    Check(*fold.condition);
    Require(*fold.condition, Simple(Kind::kBool));
    Check(*fold.step);
    Require(*fold.step, accumulated);
    scope_.resize(around);
    Check(*fold.result);
    scope_.resize(outside);
    return Stopped() ? Simple(Kind::kDyn) : types_.Apply(fold.result->type);
  }

  void Require(const Expr& expr, const TypePtr& wanted) {
    if (Stopped() || types_.Assign(wanted, expr.type)) return;
    Wrong(expr, fmt::format("expected {}, found {}", Show(*types_.ApplyAll(wanted)),
                            Show(*types_.ApplyAll(expr.type))));
  }

  // No literal may mix types, not even dynamic ones with others.
  void CheckLiteral(const Expr& expr) {
    if (const auto* list = std::get_if<ListLiteral>(&expr.node)) {
      CheckUniform(list->items, list->optional);
    } else if (const auto* map = std::get_if<MapLiteral>(&expr.node)) {
      CheckUniform(map->keys, {});
      CheckUniform(map->values, map->optional);
    }
  }
  void CheckUniform(const std::vector<ExprPtr>& items, const std::vector<bool>& optional) {
    TypePtr first;
    for (std::size_t i = 0; i < items.size(); ++i) {
      const bool wrapped = !optional.empty() && optional[i];
      const TypePtr type = wrapped ? Unwrap(*items[i], items[i]->type) : items[i]->type;
      if (!first) first = type;
      if (!SameType(*first, *type)) {
        Wrong(*items[i], fmt::format("expected type {} but found {}", Show(*first), Show(*type)));
      }
    }
  }

  std::string_view text_;
  Substitutions types_;
  std::vector<std::pair<std::string, TypePtr>> scope_;
  int visits_ = 0;
  std::optional<base::Error> fault_;
  std::string beyond_;
};

}  // namespace

base::Result<CheckResult> Check(Expr& root, std::string_view text) {
  Checker checker(text);
  checker.Check(root);
  checker.Finish(root);
  return std::move(checker).Result();
}

}  // namespace tangram::cel
