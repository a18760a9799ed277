// Nodes that offer to serve what waits, the best first.
#pragma once

#include <cstddef>
#include <set>
#include <utility>

namespace tangram::plan {

// Takes the best offer of `nodes` nodes again and again, until none offers anything. Serving some
// can only make the offers of others worse, so an offer is looked at again only when its turn
// comes.
//   offer(n)         std::optional: what node n offers now
//   key(n, offer)    its rank, the least first; different for each node
//   take(n, offer)
template <class Offer, class Key, class Take>
void TakeBestFirst(std::size_t nodes, const Offer& offer, const Key& key, const Take& take) {
  using Rank = decltype(key(0, *offer(0)));
  std::set<std::pair<Rank, std::size_t>> queue;
  for (std::size_t n = 0; n < nodes; ++n) {
    if (const auto first = offer(n)) queue.emplace(key(n, *first), n);
  }
  while (!queue.empty()) {
    const auto [rank, n] = *queue.begin();
    queue.erase(queue.begin());
    const auto now = offer(n);
    if (!now) continue;
    if (const Rank next = key(n, *now); next != rank) {
      queue.emplace(next, n);
    } else {
      take(n, *now);
    }
  }
}

}  // namespace tangram::plan
