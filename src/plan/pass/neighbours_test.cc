#include "plan/pass/neighbours.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "plan/plan_testing.h"
#include "plan/validate_affinity.h"

namespace tangram::plan {
namespace {

using testing::Cluster;

class Dice {
 public:
  explicit Dice(unsigned seed) : random_(seed) {}
  int Below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  bool Often() { return Below(3) == 0; }
  std::string Number(int n) { return std::to_string(Below(n)); }

 private:
  std::mt19937 random_;
};

cluster::PodTerm TermOf(Dice& dice) {
  cluster::PodTerm term;
  term.topology_key = dice.Often() ? "rack" : "zone";
  if (dice.Below(8) != 0) term.selector = cluster::Selector{{{"app", dice.Number(3)}}, {}};
  if (dice.Often()) term.namespaces = {"ns" + dice.Number(2)};
  if (dice.Often()) term.namespace_selector = cluster::Selector{{{"team", dice.Number(2)}}, {}};
  return term;
}

cluster::Snapshot RandomCrowd(unsigned seed) {
  Dice dice(seed);
  Cluster c;
  for (const char* name : {"ns0", "ns1"}) {
    c.snapshot().namespaces.push_back({name, {{"team", dice.Number(2)}}});
  }
  for (int n = 0; n < 6; ++n) {
    cluster::Node& node = c.Node("n" + std::to_string(n), 1);
    node.labels = {{"kind", dice.Number(2)}, {"rack", std::to_string(n)}};
    if (dice.Below(5) != 0) node.labels.emplace_back("zone", dice.Number(3));
    if (dice.Often()) node.taints = {{"team", "ml", "NoSchedule"}};
  }
  for (int p = 0; p < 14; ++p) {
    cluster::Pod& pod = c.Pod("p" + std::to_string(p), "nvidia.com/gpu", 1,
                              dice.Often() ? "" : "n" + dice.Number(6));
    pod.ns = "ns" + dice.Number(2);
    pod.labels = {{"app", dice.Number(3)}};
    if (dice.Often()) pod.affinity.anti_pods = {TermOf(dice)};
    if (dice.Often()) pod.affinity.pods = {TermOf(dice)};
    if (dice.Often()) pod.affinity.pods.push_back(TermOf(dice));
    if (dice.Often()) pod.node_selector = {{"kind", "0"}};
    for (const char* key : {"rack", "zone"}) {
      if (!dice.Often()) continue;
      cluster::SpreadConstraint& spread = pod.affinity.spread.emplace_back();
      spread.topology_key = key;
      spread.max_skew = 1 + dice.Below(2);
      spread.min_domains = 1 + dice.Below(4);
      spread.counts_all_nodes = dice.Often();
      spread.honors_taints = dice.Often();
      if (dice.Below(8) != 0) spread.selector = cluster::Selector{{{"app", dice.Number(3)}}, {}};
    }
  }
  cluster::Normalize(c.snapshot());
  return c.snapshot();
}

// Counting says what looking at every pod says, before and after a pod moves.
TEST(Neighbours, CountAsOneWouldLook) {
  int kept_off = 0;
  int allowed = 0;
  for (unsigned seed = 0; seed < 150; ++seed) {
    const cluster::Snapshot snapshot = RandomCrowd(seed);
    Neighbours neighbours(snapshot);
    std::vector<std::vector<const cluster::Pod*>> on(snapshot.nodes.size());
    std::vector<Occupied> nodes;
    for (std::size_t n = 0; n < snapshot.nodes.size(); ++n) {
      nodes.push_back({&snapshot.nodes[n], &on[n]});
      for (const cluster::Pod& pod : snapshot.pods) {
        if (pod.node != snapshot.nodes[n].name) continue;
        on[n].push_back(&pod);
        neighbours.Add(snapshot.nodes[n], pod);
      }
    }
    const auto compare = [&](const cluster::Pod& pod) {
      for (const cluster::Node& node : snapshot.nodes) {
        const std::string why = WhyApart(nodes, snapshot, node, pod);
        ASSERT_EQ(neighbours.Allow(node, pod), why.empty()) << seed << pod.name << node.name << why;
        ++(why.empty() ? allowed : kept_off);
      }
    };
    for (const cluster::Pod& pod : snapshot.pods) {
      if (pod.node.empty()) compare(pod);
    }
    Dice dice(seed);
    for (std::size_t n = 0; n < on.size(); ++n) {  // one pod of each node goes elsewhere
      if (on[n].empty()) continue;
      const cluster::Pod& pod = *on[n].front();
      std::erase(on[n], &pod);
      neighbours.Remove(snapshot.nodes[n], pod);
      compare(pod);
      const auto to = static_cast<std::size_t>(dice.Below(6));
      on[to].push_back(&pod);
      neighbours.Add(snapshot.nodes[to], pod);
    }
  }
  EXPECT_GT(kept_off, 500);
  EXPECT_GT(allowed, 500);
}

TEST(Neighbours, WhatReplacesAPodDoesNotSeeIt) {
  Cluster c;
  c.Node("a", 2).labels = {{"host", "a"}};
  cluster::Pod& pod = c.Pod("web-0", "nvidia.com/gpu", 1, "a");
  pod.labels = {{"app", "web"}};
  pod.affinity.anti_pods = {{"host", cluster::Selector{{{"app", "web"}}, {}}, {}, std::nullopt}};
  const cluster::Snapshot& snapshot = c.snapshot();
  Neighbours neighbours(snapshot);
  neighbours.Add(snapshot.nodes[0], snapshot.pods[0]);
  const cluster::Pod copy = snapshot.pods[0];
  neighbours.Resemble(copy, snapshot.pods[0]);
  EXPECT_FALSE(neighbours.Allow(snapshot.nodes[0], copy));
  neighbours.Replace(copy, snapshot.pods[0], &snapshot.nodes[0]);
  EXPECT_TRUE(neighbours.Allow(snapshot.nodes[0], copy));
}

}  // namespace
}  // namespace tangram::plan
