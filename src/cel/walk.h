// Every node of a tree, once.
#pragma once

#include <unordered_set>
#include <vector>

#include "cel/expr.h"

namespace tangram::cel {

// The nodes right below.
std::vector<Expr*> Children(const Expr& expr);

// Calls `visit(Expr&)` for each node, those below it first.
template <class Visit>
void Walk(Expr& root, const Visit& visit) {
  std::unordered_set<const Expr*> seen;
  const auto walk = [&](const auto& self, Expr& expr) -> void {
    if (!seen.insert(&expr).second) return;
    for (Expr* child : Children(expr)) self(self, *child);
    visit(expr);
  };
  walk(walk, root);
}

}  // namespace tangram::cel
