// Two hundred storms: a node is cut again and again, each time by another plan, while mig-manager
// or the agent fails, whoever leads dies, and people do what they do, all at random. After each
// plan the node has the old layout or the new one, or it is said that a person has to look; nobody
// was evicted who was not named, and nothing is left behind.
#include <gmock/gmock.h>

#include <array>
#include <random>

#include "base/sanitized_testing.h"
#include "control/saga_world_testing.h"

namespace tangram::control {
namespace {

using namespace std::chrono_literals;
using plan::OperationStep;
using plan::PlacedInstance;
using testing::AgentFault;
using testing::FakeAgent;
using ::testing::IsEmpty;
using testing::MigFault;
using testing::SagaWorld;

using Layout = std::vector<cluster::CutInstance>;

// Of an A100 with 40 GB.
const std::array<Layout, 6> kLayouts = {
    {{},
     {{"3g.20gb", 0}, {"3g.20gb", 4}},
     {{"7g.40gb", 0}},
     {{"1g.5gb", 0}, {"1g.5gb", 1}, {"1g.5gb", 2}, {"1g.5gb", 3}, {"3g.20gb", 4}},
     {{"2g.10gb", 0}, {"2g.10gb", 2}, {"3g.20gb", 4}},
     {{"4g.20gb", 0}, {"1g.5gb", 4}, {"1g.5gb", 5}, {"1g.5gb", 6}}}};
constexpr int kPlans = 5;  // of a storm

class Storm {
 public:
  Storm(std::uint64_t seed, bool by_agent) : random_(seed), by_agent_(by_agent) {
    if (by_agent) world_.CutByAgent(false);
    if (!by_agent) SetHardware({{0, kLayouts[1]}, {1, kLayouts[1]}});
    world_.plan.reset();
    world_.Lead();
  }

  void Run() {
    for (int i = 0; i < kPlans && !::testing::Test::HasFailure(); ++i) {
      SCOPED_TRACE(::testing::Message() << "plan " << i);
      Tell(i);
    }
  }
  int done() const { return done_; }
  int undone() const { return undone_; }

 private:
  bool Chance(int percent) { return Below(100) < percent; }
  int Below(int end) { return std::uniform_int_distribution(0, end - 1)(random_); }

  void Tell(int number) {
    const FakeAgent::Cards before = Hardware();
    const int card = Below(2);
    FakeAgent::Cards after = before;
    while (after == before) after[card] = kLayouts[static_cast<std::size_t>(Below(6))];
    world_.pods.clear();
    world_.evicted.clear();
    if (!by_agent_) world_.AddPod("named");
    if (by_agent_) UseSome(before.at(0), after.at(0));
    AddFaults();
    if (Chance(60)) {
      world_.kill = std::pair(world_.writes + 1 + Below(20),
                              Chance(50) ? SagaWorld::Kill::kBefore : SagaWorld::Kill::kAfter);
    }
    Interrupt();
    world_.Lead();
    world_.Propose(PlanOf(number, card, before.at(card), after.at(card)));
    world_.Run(8h);
    Check(before, after);
  }

  static plan::Proposal PlanOf(int number, int card, const Layout& before, const Layout& after) {
    plan::Proposal made = SagaWorld::ApprovedPlan();
    made.name += "-" + std::to_string(number);
    made.uid = "uid-" + made.name;
    auto& cut = std::get<plan::Repartition>(made.plan.actions[0].change);
    cut.gpu = card;
    cut.from.clear();
    cut.to.clear();
    for (const auto& [profile, start] : before) cut.from.push_back({profile, start});
    for (const auto& [profile, start] : after) cut.to.push_back({profile, start});
    return made;
  }

  // What stays may be anybody's. Else what goes is the named pod's, now and then.
  void UseSome(const Layout& before, const Layout& after) {
    Layout& used = world_.agent->in_use;
    used.clear();
    for (const cluster::CutInstance& one : before) {
      const bool stays = std::find(after.begin(), after.end(), one) != after.end();
      if (stays && Chance(50)) used.push_back(one);
      if (stays || !used.empty() || !Chance(20)) continue;
      used = {one};
      return world_.AddPod("named");
    }
  }

  void AddFaults() {
    for (int i = 0; i < 3; ++i) {
      const bool some = Chance(50);
      world_.mig.faults.push_back(some ? static_cast<MigFault>(1 + Below(8)) : MigFault::kNone);
      if (by_agent_) {
        world_.agent->faults.push_back(some ? static_cast<AgentFault>(1 + Below(7))
                                            : AgentFault::kNone);
      }
    }
  }

  // At a random step, once.
  void Interrupt() {
    const auto at = static_cast<OperationStep>(Below(9));
    const int what = Chance(40) ? Below(4) : -1;
    world_.on_tick = [this, at, what, happened = false](SagaWorld& world) mutable {
      const plan::NodeOperation* operation = world.Operation();
      if (happened || operation == nullptr || operation->step != at) return;
      happened = true;
      if (what == 0) world.node->taints.clear();
      if (what == 1 && !by_agent_) world.SetLabel(std::string(kMigConfig), "all-disabled");
      if (what == 1 && by_agent_) world.agent->Order({"by-hand", {}});
      if (what == 2) world.RemovePlan();
      if (what == 3) world.AddPod("stranger");
      if (what == 0 || what == 1) world.ShowNode();
    };
  }

  void Check(const FakeAgent::Cards& before, const FakeAgent::Cards& after) {
    world_.on_tick = {};
    world_.kill.reset();
    EXPECT_THAT(world_.faults, IsEmpty());
    EXPECT_FALSE(world_.IsTainted());
    EXPECT_FALSE(world_.evicted.contains("stranger"));
    const plan::NodeOperation* operation = world_.Operation();
    const cluster::Condition* end = operation == nullptr ? nullptr : plan::EndOf(*operation);
    for (const auto& [name, one] : world_.operations) EXPECT_TRUE(plan::IsOver(one)) << name;
    // While the node was let go, or behind that, it is a person's.
    const bool by_hand =
        by_agent_ ? world_.agent->object.order && world_.agent->object.order->operation == "by-hand"
                  : cluster::Find(world_.node->labels, kMigConfig) == "all-disabled";
    if (by_hand) {
      EXPECT_NE(end, nullptr);
    } else if (end != nullptr && end->type == "Done") {
      ++done_;
      EXPECT_EQ(Profiles(Hardware()), Profiles(after));
    } else if (end != nullptr && end->type == "RolledBack") {
      ++undone_;
      EXPECT_EQ(Profiles(Hardware()), Profiles(before)) << end->message;
    } else if (end != nullptr && end->type == "Failed") {
      EXPECT_TRUE(end->reason == "ChangedByPerson" || end->reason == "RollBackNotVerified")
          << end->reason;
    }
    Mend(before);
  }

  // As a person does behind a failure; what is over is long ago.
  void Mend(const FakeAgent::Cards& before) {
    world_.operations.clear();
    world_.mig.faults.clear();
    if (by_agent_) world_.agent->faults.clear();
    SetHardware(Profiles(Hardware()) == Profiles(before) ? before : Hardware());
    world_.Lead();
  }

  FakeAgent::Cards Hardware() const { return by_agent_ ? world_.agent->cards : CountedCards(); }

  // mig-manager's fake counts; where an instance stands nobody asks of it.
  FakeAgent::Cards CountedCards() const {
    FakeAgent::Cards cards;
    for (const auto& [gpu, profiles] : world_.mig.cards) {
      Layout& layout = cards[gpu];
      for (const Layout& known : kLayouts) {
        if (Counts(known) == profiles) layout = known;
      }
    }
    return cards;
  }

  static std::map<std::string, int> Counts(const Layout& layout) {
    std::map<std::string, int> counts;
    for (const cluster::CutInstance& one : layout) ++counts[one.profile];
    return counts;
  }
  static std::map<int, std::map<std::string, int>> Profiles(const FakeAgent::Cards& cards) {
    std::map<int, std::map<std::string, int>> all;
    for (const auto& [gpu, layout] : cards) all[gpu] = Counts(layout);
    return all;
  }

  void SetHardware(const FakeAgent::Cards& cards) {
    if (by_agent_) {
      world_.agent->cards = cards;
      world_.agent->object.order.reset();
      world_.agent->object.answer.reset();
      world_.agent->Begin(SagaWorld::kNode, world_.now);
      world_.agent->Show(*world_.node);
      return;
    }
    world_.mig = {};
    world_.mig.cards = Profiles(cards);
    world_.mig.layouts = {{"by-hand", Profiles(cards)}, {"all-disabled", {{0, {}}, {1, {}}}}};
    world_.mig.Believe("by-hand");
    for (const char* daemon : {"device-plugin", "gpu-feature-discovery"}) {
      world_.SetLabel(std::string("nvidia.com/gpu.deploy.") + daemon, "true");
    }
    world_.SetLabel("nvidia.com/mig.config.state", "success");
    world_.SetLabel(std::string(kMigConfig), "by-hand");
    world_.node->ready = true;
    world_.mig.Show(*world_.node);
  }

  std::mt19937_64 random_;
  const bool by_agent_;
  SagaWorld world_;
  int done_ = 0;
  int undone_ = 0;
};

void RunStorms(bool by_agent) {
  const std::uint64_t storms = base::kSanitized ? 50 : 200;
  int done = 0;
  int undone = 0;
  for (std::uint64_t seed = 0; seed < storms; ++seed) {
    SCOPED_TRACE(::testing::Message() << "storm " << seed);
    Storm storm(seed, by_agent);
    storm.Run();
    done += storm.done();
    undone += storm.undone();
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_GT(done, static_cast<int>(storms));
  EXPECT_GT(undone, static_cast<int>(storms) / 4);
}

TEST(OperationStorms, ByMigManager) { RunStorms(false); }
TEST(OperationStorms, ByTheAgent) { RunStorms(true); }

}  // namespace
}  // namespace tangram::control
