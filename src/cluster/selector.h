// Selectors of labels, as Kubernetes has them.
#pragma once

#include <string>
#include <vector>

#include "cluster/node.h"

namespace tangram::cluster {

struct SelectorTerm {
  std::string key;
  std::string op;  // In, NotIn, Exists, DoesNotExist; of nodes Gt and Lt too
  std::vector<std::string> values;
  bool operator==(const SelectorTerm&) const = default;
};

// All of it has to hold; empty: everything is selected.
struct Selector {
  Labels match_labels;
  std::vector<SelectorTerm> match_expressions;
  bool operator==(const Selector&) const = default;
};

// NotIn and DoesNotExist hold where the key is absent; Gt and Lt where both sides are whole
// numbers; an operator that is none of the six never holds.
bool Matches(const SelectorTerm& term, const Labels& labels);
bool Matches(const Selector& selector, const Labels& labels);

}  // namespace tangram::cluster
