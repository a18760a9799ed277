// Pods that come while little else happens: decided by what is known since the last whole round.
#include <gmock/gmock.h>

#include <random>

#include "base/sanitized_testing.h"
#include "cluster/gate.h"
#include "control/controller.h"
#include "control/loop_testing.h"
#include "control/objects_testing.h"

namespace tangram::control {
namespace {

using namespace std::chrono_literals;
using testing::GatedPod;
using ::testing::IsEmpty;
using testing::NodeWith;
using testing::PodWith;

cluster::Pod On(const std::string& node, cluster::Pod pod) {
  pod.node = node;
  pod.phase = cluster::PodPhase::kRunning;
  return pod;
}

struct Plane : testing::Loop {
  Model& model() { return controller.model(); }
  void Set(const cluster::Node& node) {
    cards[node.name] = node.devices.front().count;
    model().Set(node);
  }
  void Arrive(const cluster::Pod& pod) { api.Set(model(), pod); }
  void Remove(const std::string& name) { api.Remove(model(), {"ns", name}); }
  std::int64_t lifted() const { return controller.counts().lifted; }
  std::int64_t whole() const { return controller.placement().whole_rounds(); }

  // As the API server has it. Below zero: more is held than there is.
  std::map<std::string, std::int64_t> FreeCards() const {
    std::map<std::string, std::int64_t> free = cards;
    for (const auto& [key, pod] : api.pods()) {
      if (!pod.gates.empty() || pod.phase == cluster::PodPhase::kSucceeded) continue;
      const std::string node(pod.node.empty() ? cluster::SentTo(pod) : pod.node);
      if (free.contains(node)) free[node] -= pod.devices.front().count;
    }
    return free;
  }

  std::map<std::string, std::int64_t> cards;  // by node
};

TEST(Arrivals, ABurstLooksAtTheClusterOnce) {
  Plane p;
  for (const char* name : {"a", "b", "c", "d"}) p.Set(NodeWith(name, 8));
  p.Run(1500ms);
  for (int i = 0; i < 20; ++i) {
    p.Arrive(GatedPod("p" + std::to_string(i)));
    p.Run(20ms);
  }
  EXPECT_EQ(p.lifted(), 20);
  EXPECT_EQ(p.whole(), 1);
}

TEST(Arrivals, BindingAndRunningIsNoNews) {
  Plane p;
  p.Set(NodeWith("a", 8));
  p.Run(1500ms);
  for (int i = 0; i < 6; ++i) {
    p.Arrive(GatedPod("p" + std::to_string(i)));
    p.Run(10ms);
    cluster::Pod pod = p.api.pod("p" + std::to_string(i));
    pod.labels = {{"topology.kubernetes.io/zone", "z"}};  // the API server's, of the node
    p.Arrive(On("a", pod));
    pod = On("a", pod);
    pod.ready = true;
    p.Arrive(pod);
    p.Set(NodeWith("a", 8));  // a heartbeat
    p.Run(10ms);
  }
  EXPECT_EQ(p.lifted(), 6);
  EXPECT_LE(p.whole(), 2);
}

TEST(Arrivals, WhatOthersTookIsTaken) {
  Plane p;
  p.Set(NodeWith("a", 2));
  p.Arrive(GatedPod("one"));
  p.Run(20ms);
  p.Arrive(On("a", PodWith("foreign")));
  p.Arrive(GatedPod("two"));
  p.Run(1s);
  EXPECT_EQ(p.lifted(), 1);
  EXPECT_EQ(p.FreeCards().at("a"), 0);
}

TEST(Arrivals, RoomThatGetsFreeIsSeenByWhoWaitsAndByWhoComes) {
  Plane p;
  p.Set(NodeWith("a", 1));
  p.Arrive(On("a", PodWith("before")));
  p.Arrive(GatedPod("one"));
  p.Run(50ms);
  p.Remove("before");
  p.Run(50ms);
  EXPECT_EQ(p.lifted(), 1) << "who waits";
  p.Remove("one");
  p.Run(50ms);
  p.Arrive(GatedPod("two"));
  p.Run(50ms);
  EXPECT_EQ(p.lifted(), 2) << "who comes";
}

// A whole round costs half a second beside 10,000 nodes, and pods go all the time.
TEST(Arrivals, RoomThatGetsFreeIsSeenAfterAWhile) {
  Plane p;
  p.Set(NodeWith("a", 2));
  p.Set(NodeWith("b", 8));
  p.Arrive(On("a", PodWith("stays")));
  p.Arrive(On("a", PodWith("before")));
  p.Arrive(GatedPod("one"));
  p.Run(50ms);
  p.Remove("before");
  p.Arrive(GatedPod("two"));
  p.Run(1s);
  EXPECT_EQ(p.whole(), 1);
  EXPECT_EQ(p.FreeCards().at("a"), 1);
  p.Run(5s);
  p.Arrive(GatedPod("three"));
  p.Run(50ms);
  EXPECT_EQ(p.whole(), 2);
  EXPECT_EQ(p.FreeCards().at("a"), 0) << "where it leaves the least behind";
  EXPECT_EQ(p.lifted(), 3);
}

// The webhook's index and the plans of pools take the same snapshot.
TEST(Arrivals, WhoElseLooksAtTheClusterEndsNothing) {
  Plane p;
  p.Set(NodeWith("a", 8));
  for (int i = 0; i < 6; ++i) {
    p.Arrive(GatedPod("p" + std::to_string(i)));
    p.Run(20ms);
    p.model().Take(p.now);
    p.model().Share(p.now);
  }
  EXPECT_EQ(p.lifted(), 6);
  EXPECT_EQ(p.whole(), 1);
}

TEST(Arrivals, ANodeThatChangedIsLookedAtAgain) {
  Plane p;
  p.Set(NodeWith("a", 2));
  p.Arrive(GatedPod("one"));
  p.Run(20ms);
  cluster::Node cordoned = NodeWith("a", 2);
  cordoned.schedulable = false;
  p.Set(cordoned);
  p.Arrive(GatedPod("two"));
  p.Run(1s);
  EXPECT_EQ(p.lifted(), 1);
}

TEST(Arrivals, AFailedLiftGivesItsRoomBack) {
  Plane p;
  p.Set(NodeWith("a", 1));
  p.api.outcome = [](const Write&) -> base::Result<void> {
    return base::Fail(base::ErrorCode::kUnavailable, "not now");
  };
  p.Arrive(GatedPod("one"));
  p.Run(20ms);
  p.Remove("one");
  p.api.outcome = {};
  p.Arrive(GatedPod("two"));
  p.Run(50ms);
  EXPECT_EQ(p.lifted(), 1);
}

// What happens to the cards of a cluster, at random.
class RandomLife : public Plane {
 public:
  explicit RandomLife(unsigned seed) : random_(seed) {
    for (int n = 0; n < 4; ++n) Set(NodeWith("n" + std::to_string(n), 1 + Roll(6)));
  }

  int Roll(int sides) { return static_cast<int>(random_() % static_cast<unsigned>(sides)); }

  void Happen() {
    const std::string name = "p" + std::to_string(names_++);
    switch (Roll(12)) {
      case 0:
        return PutSomewhere(name);
      case 1:
        return Arrive(PodWith(name));  // of somebody who does not ask us, waiting
      case 2:
        return Remove(Someone());
      case 3:
        return Finish();
      case 4:
        return Set(NodeWith("n" + std::to_string(Roll(4)), 1 + Roll(6)));
      case 5:
      case 6:
        return Bind();
      default:
        return Arrive(GatedPod(name, 1 + Roll(2)));
    }
  }

 private:
  // Where it fits: the scheduler knows what it bound.
  void PutSomewhere(const std::string& name) {
    for (const auto& [node, free] : FreeCards()) {
      if (free > 0) return Arrive(On(node, PodWith(name)));
    }
  }
  std::string Someone() {
    if (api.pods().empty()) return "nobody";
    auto pod = api.pods().begin();
    std::advance(pod, Roll(static_cast<int>(api.pods().size())));
    return pod->first.name;
  }
  void Finish() {
    const std::string name = Someone();
    if (!api.Has(name) || api.pod(name).node.empty()) return;
    cluster::Pod pod = api.pod(name);
    pod.phase = cluster::PodPhase::kSucceeded;
    Arrive(pod);
  }
  void Bind() {
    for (const auto& [key, pod] : std::map(api.pods())) {
      const std::string node(cluster::SentTo(pod));
      if (pod.node.empty() && pod.gates.empty() && !node.empty()) Arrive(On(node, pod));
    }
  }

  std::mt19937 random_;
  int names_ = 0;
};

// Pods behind the gate that a plan of this moment would place.
std::vector<std::string> Forgotten(Plane& p) {
  plan::PlanPolicy policy;
  policy.on = {true, true};  // kAdmit, kPlace
  std::vector<std::string> names;
  for (const plan::Action& action : plan::MakePlan(p.model().Take(p.now), policy).actions) {
    const plan::PodName& pod = std::get<plan::PlacePod>(action.change).pod;
    if (p.model().gated().contains({pod.ns, pod.name})) names.push_back(pod.name);
  }
  return names;
}

TEST(ArrivalsLaw, NoCardIsGivenTwiceAndNoneIsForgotten) {
  std::int64_t lifted = 0;
  std::int64_t whole = 0;
  for (unsigned seed = 0; seed < (base::kSanitized ? 15u : 200u); ++seed) {
    RandomLife life(seed);
    for (int step = 0; step < 80; ++step) {
      life.Happen();
      if (life.Roll(3) != 0) continue;
      const auto before = life.FreeCards();
      life.Run(base::Milliseconds(life.Roll(100)));
      for (const auto& [node, free] : life.FreeCards()) {
        ASSERT_GE(free, std::min<std::int64_t>(0, before.at(node))) << seed << " " << step;
      }
    }
    life.Run(5s);
    EXPECT_THAT(Forgotten(life), IsEmpty()) << seed;
    lifted += life.lifted();
    whole += life.whole();
  }
  if (base::kSanitized) return;
  EXPECT_GT(lifted, 1'000);
  EXPECT_LT(whole, 3 * lifted) << "some were placed without looking at everything";
}

}  // namespace
}  // namespace tangram::control
