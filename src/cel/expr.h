// An expression as a tree.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "cel/types.h"
#include "cel/value.h"

namespace tangram::cel {

struct Expr;
// Nodes are shared where a macro uses its target twice.
using ExprPtr = std::shared_ptr<Expr>;

struct Literal {
  Value value;
};
struct Ident {
  std::string name;
};
// operand.field, or has(operand.field).
struct Select {
  ExprPtr operand;
  std::string field;
  bool is_test = false;
};
// function(arguments), or arguments[0].function(rest). Operators are functions by cel-go's names.
struct Call {
  std::string function;
  std::vector<ExprPtr> arguments;
  bool is_member = false;
};
struct ListLiteral {
  std::vector<ExprPtr> items;
  std::vector<bool> optional;  // beside items: [?x]
};
struct MapLiteral {
  std::vector<ExprPtr> keys;
  std::vector<ExprPtr> values;
  std::vector<bool> optional;
};
// What macros become: accu = init; for each item of range while condition: accu = step; result.
struct Fold {
  std::string variable;
  std::string second_variable{};  // of the macros with an index or a key; empty where there is none
  ExprPtr range;
  std::string accumulator;
  ExprPtr init;
  ExprPtr condition;
  ExprPtr step;
  ExprPtr result;
};

struct Expr {
  std::variant<Literal, Ident, Select, Call, ListLiteral, MapLiteral, Fold> node;
  std::size_t offset = 0;  // in the text of the expression
  int depth = 1;           // of the tree below, itself included
  TypePtr type{};          // written by the checker
};

// The names that cel-go gives to operators.
inline constexpr std::string_view kAnd = "_&&_";
inline constexpr std::string_view kOr = "_||_";
inline constexpr std::string_view kNot = "!_";
inline constexpr std::string_view kNegate = "-_";
inline constexpr std::string_view kConditional = "_?_:_";
inline constexpr std::string_view kEquals = "_==_";
inline constexpr std::string_view kNotEquals = "_!=_";
inline constexpr std::string_view kAdd = "_+_";
inline constexpr std::string_view kIn = "@in";
inline constexpr std::string_view kIndex = "_[_]";
inline constexpr std::string_view kOptionalIndex = "_[?_]";
inline constexpr std::string_view kOptionalSelect = "_?._";
inline constexpr std::string_view kNotStrictlyFalse = "@not_strictly_false";

// The accumulator of macros: no identifier that a person can write.
inline constexpr std::string_view kAccumulator = "@result";

// A node with its depth.
ExprPtr MakeExpr(decltype(Expr::node) node, std::size_t offset);

// a.b.c of a chain of plain names; empty if it is not one.
std::string QualifiedName(const Expr& expr);

}  // namespace tangram::cel
