// The types that the checker knows, and when one can stand for another.
//
// Source: common/types/types.go and checker/types.go of cel-go 0.26.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tangram::cel {

struct Type;
using TypePtr = std::shared_ptr<const Type>;  // never null

struct Type {
  enum class Kind {
    kDyn,
    kAny,  // like kDyn, but no macro goes over it: what device.attributes holds
    kBool,
    kInt,
    kUint,
    kDouble,
    kString,
    kBytes,
    kNull,
    kDuration,
    kTimestamp,
    kList,    // of parameters[0]
    kMap,     // from parameters[0] to parameters[1]
    kType,    // of parameters[0]
    kStruct,  // an object by its name: kubernetes.Quantity
    kOpaque,  // optional_type of parameters[0], and others by name
    kVariable,
  };
  Kind kind = Kind::kDyn;
  std::string name{};  // of kStruct and kOpaque; of a kVariable that is not yet numbered
  std::vector<TypePtr> parameters{};
  std::size_t variable = 0;  // of kVariable: its number in Substitutions
};

TypePtr MakeType(Type::Kind kind, std::vector<TypePtr> parameters = {});
TypePtr NamedType(Type::Kind kind, std::string_view name, std::vector<TypePtr> parameters = {});
TypePtr OptionalOf(TypePtr type);
bool IsOptional(const Type& type);
// kDyn or kAny.
bool IsDynamic(const Type& type);
bool SameType(const Type& a, const Type& b);

// list(string), optional_type(int): as messages show it. "dyn" for a variable.
std::string Show(const Type& type);

// What type variables stand for, found out call by call.
class Substitutions {
 public:
  TypePtr NewVariable();

  // Whether each of `from` can be used where the one of `to` is wanted. If so, what had to be
  // assumed of variables is kept; else nothing changes.
  bool Assign(const std::vector<TypePtr>& from, const std::vector<TypePtr>& to);
  bool Assign(const TypePtr& from, const TypePtr& to) { return Assign(std::vector{from}, {to}); }

  // With what is known in place of each variable; one of which nothing is known stays.
  TypePtr Apply(const TypePtr& type) const;
  // The same, with kDyn for those.
  TypePtr ApplyAll(const TypePtr& type) const;

 private:
  struct Change {
    std::size_t variable;
    TypePtr before;  // null: it was free
  };
  TypePtr Apply(const TypePtr& type, const TypePtr& free) const;
  bool CanAssign(const TypePtr& from, const TypePtr& to);
  bool CanAssignAll(const std::vector<TypePtr>& from, const std::vector<TypePtr>& to);
  // Whether `type` can be what `variable` stands for; `known` tells whether it already stood for
  // something.
  struct Binding {
    bool valid = false;
    bool known = false;
  };
  Binding Bind(const TypePtr& type, const TypePtr& variable);
  bool Occurs(const Type& variable, const Type& within) const;
  void Set(std::size_t variable, TypePtr type);

  std::vector<TypePtr> known_;  // by variable; null where it is free
  std::vector<Change> changes_;
};

// Of two types that go together, the one that takes in the other.
const TypePtr& MoreGeneral(const TypePtr& a, const TypePtr& b);

}  // namespace tangram::cel
