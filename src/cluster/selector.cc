#include "cluster/selector.h"

#include <algorithm>

#include "base/text.h"

namespace tangram::cluster {
namespace {

bool Compares(const SelectorTerm& term, const std::string& value) {
  if (term.values.size() != 1) return false;
  const auto found = base::ParseInteger(value);
  const auto bound = base::ParseInteger(term.values.front());
  if (!found || !bound) return false;
  return term.op == "Gt" ? *found > *bound : *found < *bound;
}

}  // namespace

bool Matches(const SelectorTerm& term, const Labels& labels) {
  const auto found = std::find_if(labels.begin(), labels.end(),
                                  [&](const auto& label) { return label.first == term.key; });
  const bool present = found != labels.end();
  if (term.op == "Exists") return present;
  if (term.op == "DoesNotExist") return !present;
  if (term.op == "Gt" || term.op == "Lt") return present && Compares(term, found->second);
  const bool listed = present && std::find(term.values.begin(), term.values.end(), found->second) !=
                                     term.values.end();
  if (term.op == "In") return listed;
  return term.op == "NotIn" && !listed;
}

bool Matches(const Selector& selector, const Labels& labels) {
  for (const auto& [key, value] : selector.match_labels) {
    const auto has = [&](const auto& label) { return label.first == key && label.second == value; };
    if (std::none_of(labels.begin(), labels.end(), has)) return false;
  }
  return std::all_of(selector.match_expressions.begin(), selector.match_expressions.end(),
                     [&](const SelectorTerm& term) { return Matches(term, labels); });
}

}  // namespace tangram::cluster
