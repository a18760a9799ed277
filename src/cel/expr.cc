#include "cel/expr.h"

#include <algorithm>

#include "cel/walk.h"

namespace tangram::cel {
namespace {

int Deepest(const std::vector<ExprPtr>& exprs) {
  int depth = 0;
  for (const ExprPtr& expr : exprs) depth = std::max(depth, expr->depth);
  return depth;
}

struct DepthBelow {
  int operator()(const Literal&) const { return 0; }
  int operator()(const Ident&) const { return 0; }
  int operator()(const Select& select) const { return select.operand->depth; }
  int operator()(const Call& call) const { return Deepest(call.arguments); }
  int operator()(const ListLiteral& list) const { return Deepest(list.items); }
  int operator()(const MapLiteral& map) const {
    return std::max(Deepest(map.keys), Deepest(map.values));
  }
  int operator()(const Fold& fold) const {
    return Deepest({fold.range, fold.init, fold.condition, fold.step, fold.result});
  }
};

void Add(std::vector<Expr*>& nodes, const std::vector<ExprPtr>& more) {
  for (const ExprPtr& expr : more) nodes.push_back(expr.get());
}

}  // namespace

std::vector<Expr*> Children(const Expr& expr) {
  std::vector<Expr*> nodes;
  if (const auto* select = std::get_if<Select>(&expr.node)) {
    nodes.push_back(select->operand.get());
  } else if (const auto* call = std::get_if<Call>(&expr.node)) {
    Add(nodes, call->arguments);
  } else if (const auto* list = std::get_if<ListLiteral>(&expr.node)) {
    Add(nodes, list->items);
  } else if (const auto* map = std::get_if<MapLiteral>(&expr.node)) {
    Add(nodes, map->keys);
    Add(nodes, map->values);
  } else if (const auto* fold = std::get_if<Fold>(&expr.node)) {
    Add(nodes, {fold->range, fold->init, fold->condition, fold->step, fold->result});
  }
  return nodes;
}

ExprPtr MakeExpr(decltype(Expr::node) node, std::size_t offset) {
  const int below = std::visit(DepthBelow(), node);
  return std::make_shared<Expr>(Expr{std::move(node), offset, below + 1, nullptr});
}

std::string QualifiedName(const Expr& expr) {
  if (const auto* ident = std::get_if<Ident>(&expr.node)) return ident->name;
  const auto* select = std::get_if<Select>(&expr.node);
  if (select == nullptr || select->is_test) return "";
  const std::string prefix = QualifiedName(*select->operand);
  return prefix.empty() ? "" : prefix + "." + select->field;
}

}  // namespace tangram::cel
