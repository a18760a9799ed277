// The sums of `tangram top` are those of the report.
#include "report/top.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/sanitized_testing.h"
#include "base/text.h"
#include "cluster/testing/random_snapshot.h"

namespace tangram::report {
namespace {

TEST(TopLaw, PoolsAndNodesAddUpToTheReport) {
  const std::uint64_t rounds = base::kSanitized ? 5 : 60;
  for (std::uint64_t seed = 0; seed < rounds; ++seed) {
    const cluster::Snapshot snapshot = cluster::RandomSnapshot(seed);
    plan::PlanPolicy policy;
    if (seed % 2 == 0) policy.pools = {{.name = "every node", .selector = {}, .policy = {}}};
    const Top top = MakeTop(snapshot, policy, TopSort::kWaste);
    const plan::Findings findings = plan::FindLeaks(snapshot, plan::LeakPolicy());
    EXPECT_EQ(top.all.cost, findings.totals.split.cost) << seed;
    EXPECT_EQ(top.all.waste, plan::WasteOf(findings.totals.split)) << seed;
    EXPECT_EQ(top.all.cards, findings.totals.gpus) << seed;
    for (const std::vector<TopRow>* rows : {&top.pools, &top.nodes}) {
      TopRow sum;
      std::map<std::pair<std::string, int>, std::int64_t> devices;
      for (const TopRow& row : *rows) {
        for (const TopDevices& one : row.devices) devices[{one.profile, one.replicas}] += one.count;
        sum.nodes += row.nodes;
        sum.cards += row.cards;
        sum.held += row.held;
        sum.cost += row.cost;
        sum.waste += row.waste;
        sum.unpriced += row.unpriced;
        EXPECT_LE(row.waiting, top.all.waiting) << seed;
      }
      for (const auto& [kind, count] : devices) {
        sum.devices.push_back({kind.first, count, kind.second});
      }
      sum.busy = top.all.busy;
      sum.waiting = top.all.waiting;
      EXPECT_EQ(sum, top.all) << seed;
    }
  }
}

TEST(Top, ANodeSaysHowItsCardsAreCut) {
  cluster::Snapshot snapshot;
  for (const char* name : {"cut", "shared", "whole"}) {
    cluster::Node node;
    node.name = name;
    node.gpus.resize(2);
    for (int i = 0; i < 2; ++i) node.gpus[static_cast<std::size_t>(i)].index = i;
    snapshot.nodes.push_back(node);
  }
  for (int i = 0; i < 7; ++i) snapshot.nodes[0].gpus[0].instances.push_back({"1g.5gb", i, ""});
  snapshot.nodes[1].gpus[1].replicas = 4;
  const Top top = MakeTop(snapshot, {}, TopSort::kName);
  const std::string frame = RenderTop(snapshot, top, {});
  EXPECT_NE(frame.find("1 whole, 7 x 1g.5gb\n"), std::string::npos) << frame;
  EXPECT_NE(frame.find("1 whole, 1 whole in 4\n"), std::string::npos) << frame;
  EXPECT_EQ(top.nodes[2].devices, (std::vector<TopDevices>{{"", 2, 1}}));
}

// Whatever the names and the size of the terminal: nothing moves the cursor, and it fits.
TEST(TopLaw, AFrameFitsItsTerminal) {
  const std::uint64_t rounds = base::kSanitized ? 5 : 40;
  for (std::uint64_t seed = 0; seed < rounds; ++seed) {
    const cluster::Snapshot snapshot = cluster::RandomSnapshot(
        seed, {.nodes = 20, .pods = 60, .text = cluster::RandomText::kAnyCharacter});
    const Top top = MakeTop(snapshot, {}, TopSort::kName);
    TopOptions options{.sort = TopSort::kName};
    options.columns = 20 + seed * 3;
    options.lines = 1 + seed;
    const std::string frame = RenderTop(snapshot, top, options);
    EXPECT_LE(static_cast<std::size_t>(std::count(frame.begin(), frame.end(), '\n')),
              options.lines);
    EXPECT_EQ(frame.find('\x1b'), std::string::npos);
    for (const std::string_view line : base::Split(frame, '\n')) {
      EXPECT_LE(base::Columns(line), options.columns) << seed;
    }
  }
}

}  // namespace
}  // namespace tangram::report
