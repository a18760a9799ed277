#include "cel/types.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace tangram::cel {
namespace {

using Kind = Type::Kind;

bool HasParameters(const Type& type) {
  return type.kind == Kind::kList || type.kind == Kind::kMap || type.kind == Kind::kType ||
         type.kind == Kind::kOpaque;
}

// Types that null belongs to.
bool IsNullable(const Type& type) {
  return type.kind == Kind::kOpaque || type.kind == Kind::kStruct || type.kind == Kind::kDuration ||
         type.kind == Kind::kTimestamp || type.kind == Kind::kNull;
}

bool IsEqualOrLessSpecific(const Type& a, const Type& b) {
  if (IsDynamic(a) || a.kind == Kind::kVariable) return true;
  if (IsDynamic(b) || b.kind == Kind::kVariable || a.kind != b.kind) return false;
  if (a.kind == Kind::kType) return true;
  if (a.name != b.name || a.parameters.size() != b.parameters.size()) return false;
  for (std::size_t i = 0; i < a.parameters.size(); ++i) {
    if (!IsEqualOrLessSpecific(*a.parameters[i], *b.parameters[i])) return false;
  }
  return true;
}

}  // namespace

TypePtr MakeType(Type::Kind kind, std::vector<TypePtr> parameters) {
  return std::make_shared<const Type>(Type{kind, "", std::move(parameters), 0});
}

TypePtr NamedType(Type::Kind kind, std::string_view name, std::vector<TypePtr> parameters) {
  return std::make_shared<const Type>(Type{kind, std::string(name), std::move(parameters), 0});
}

TypePtr OptionalOf(TypePtr type) {
  return NamedType(Kind::kOpaque, "optional_type", {std::move(type)});
}

bool IsOptional(const Type& type) {
  return type.kind == Kind::kOpaque && type.name == "optional_type";
}

bool IsDynamic(const Type& type) { return type.kind == Kind::kDyn || type.kind == Kind::kAny; }

bool SameType(const Type& a, const Type& b) {
  if (a.kind != b.kind || a.name != b.name || a.variable != b.variable ||
      a.parameters.size() != b.parameters.size()) {
    return false;
  }
  for (std::size_t i = 0; i < a.parameters.size(); ++i) {
    if (!SameType(*a.parameters[i], *b.parameters[i])) return false;
  }
  return true;
}

std::string Show(const Type& type) {
  constexpr std::array<std::string_view, 17> kNames = {
      "dyn",      "any",       "bool", "int", "uint", "double", "string", "bytes", "null",
      "duration", "timestamp", "list", "map", "type", "",       "",       "dyn"};
  std::string text(kNames[static_cast<std::size_t>(type.kind)]);
  if (type.kind == Kind::kStruct || type.kind == Kind::kOpaque) text = type.name;
  if (type.parameters.empty()) return text;
  std::string inside;
  for (const TypePtr& parameter : type.parameters) {
    inside += (inside.empty() ? "" : ", ") + Show(*parameter);
  }
  return fmt::format("{}({})", text, inside);
}

const TypePtr& MoreGeneral(const TypePtr& a, const TypePtr& b) {
  return IsEqualOrLessSpecific(*a, *b) ? a : b;
}

TypePtr Substitutions::NewVariable() {
  known_.push_back(nullptr);
  return std::make_shared<const Type>(Type{Kind::kVariable, "", {}, known_.size() - 1});
}

void Substitutions::Set(std::size_t variable, TypePtr type) {
  changes_.push_back({variable, std::exchange(known_[variable], std::move(type))});
}

bool Substitutions::Assign(const std::vector<TypePtr>& from, const std::vector<TypePtr>& to) {
  changes_.clear();
  if (CanAssignAll(from, to)) return true;
  for (auto change = changes_.rbegin(); change != changes_.rend(); ++change) {
    known_[change->variable] = change->before;
  }
  return false;
}

bool Substitutions::CanAssignAll(const std::vector<TypePtr>& from, const std::vector<TypePtr>& to) {
  if (from.size() != to.size()) return false;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (!CanAssign(from[i], to[i])) return false;
  }
  return true;
}

bool Substitutions::CanAssign(const TypePtr& from, const TypePtr& to) {
  if (to->kind == Kind::kVariable) {
    const Binding binding = Bind(from, to);
    if (binding.valid || binding.known) return binding.valid;
  }
  if (from->kind == Kind::kVariable) return Bind(to, from).valid;
  if (IsDynamic(*from) || IsDynamic(*to)) return true;
  if (from->kind == Kind::kNull) return IsNullable(*to);
  if (to->kind == Kind::kNull) return IsNullable(*from);
  if (from->kind != to->kind || from->name != to->name) return false;
  if (from->kind == Kind::kType) return true;
  return !HasParameters(*from) || CanAssignAll(from->parameters, to->parameters);
}

Substitutions::Binding Substitutions::Bind(const TypePtr& type, const TypePtr& variable) {
  if (SameType(*type, *variable)) return {true, true};
  const TypePtr known = known_[variable->variable];
  if (!known) {
    if (Occurs(*variable, *type)) return {false, false};
    Set(variable->variable, type);
    return {true, false};
  }
  if (SameType(*type, *known)) return {true, true};
  if (!CanAssign(type, known)) return {false, true};
  const TypePtr& general = MoreGeneral(type, known);
  if (!Occurs(*variable, *general)) Set(variable->variable, general);
  return {true, true};
}

bool Substitutions::Occurs(const Type& variable, const Type& within) const {
  if (SameType(variable, within)) return true;
  if (within.kind == Kind::kVariable) {
    const TypePtr& known = known_[within.variable];
    return known && Occurs(variable, *known);
  }
  for (const TypePtr& parameter : within.parameters) {
    if (Occurs(variable, *parameter)) return true;
  }
  return false;
}

TypePtr Substitutions::Apply(const TypePtr& type) const { return Apply(type, nullptr); }

TypePtr Substitutions::ApplyAll(const TypePtr& type) const {
  return Apply(type, MakeType(Kind::kDyn));
}

TypePtr Substitutions::Apply(const TypePtr& type, const TypePtr& free) const {
  if (type->kind == Kind::kVariable) {
    const TypePtr& known = known_[type->variable];
    if (known) return Apply(known, free);
    return free ? free : type;
  }
  if (type->parameters.empty()) return type;
  std::vector<TypePtr> parameters;
  parameters.reserve(type->parameters.size());
  for (const TypePtr& parameter : type->parameters) parameters.push_back(Apply(parameter, free));
  return NamedType(type->kind, type->name, std::move(parameters));
}

}  // namespace tangram::cel
