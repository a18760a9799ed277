// Two candidates for one Lease of a real API server. See live.h.
#include "kube/leader.h"

#include <gmock/gmock.h>

#include "kube/integration/live.h"
#include "kube/write.h"

namespace tangram::kube::integration {
namespace {

using namespace std::chrono_literals;

const ObjectRef kLease{.resource = kLeases, .ns = "default", .name = "tangram-test"};

// A process that wants to lead. Ending it is a kill: the Lease is not given up.
struct Candidate {
  Candidate(const Testbed& bed, const std::string& identity)
      : client(bed.Open("kubeconfig")),
        leader(*client,
               {.ns = "default",
                .name = "tangram-test",
                .identity = identity,
                .lease_duration = 4s,
                .renew_deadline = 2500ms,
                .retry_period = 500ms},
               {.on_lost = [this](const std::string&) { ++lost; }}) {
    leader.Start();
  }
  std::atomic<int> lost = 0;
  std::unique_ptr<Client> client;
  Leader leader;
};

class LiveLeaderTest : public LiveTest {
 protected:
  void SetUp() override {
    LiveTest::SetUp();
    if (admin_) Forget();
  }
  void TearDown() override {
    if (admin_) Forget();
  }
  void Forget() { static_cast<void>(admin_->Send(DeleteCall(kLease, {}))); }
  nlohmann::json Spec() {
    const auto text = admin_->Get(kLeases, "default", "tangram-test");
    const auto lease = nlohmann::json::parse(text.value_or("{}"), nullptr, false);
    return lease.value("spec", nlohmann::json::object());
  }
};

TEST_F(LiveLeaderTest, OneOfTwoLeadsAndTheOtherTakesOverWhenItIsKilled) {
  auto first = std::make_unique<Candidate>(*bed_, "first");
  ASSERT_TRUE(Eventually([&] { return first->leader.Leads().has_value(); }));
  Candidate second(*bed_, "second");
  ASSERT_TRUE(Eventually([&] { return second.leader.leader() == "first"; }));
  const auto until = base::MonotonicNow() + 5s;  // longer than the lease
  while (base::MonotonicNow() < until) {
    ASSERT_FALSE(second.leader.Leads());
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_EQ(first->lost, 0);
  EXPECT_EQ(Spec()["holderIdentity"], "first");

  const auto killed = base::MonotonicNow();
  const Fence last = first->leader.Leads().value_or(Fence{});
  first.reset();
  ASSERT_TRUE(Eventually([&] { return second.leader.Leads().has_value(); }));
  const auto took = base::MonotonicNow() - killed;
  EXPECT_GT(InstantNow().steady, last.valid_until.steady) << "two led at once";
  EXPECT_LT(took, 4s + 1100ms + 3s) << "the lease, one wait, and a busy machine";
  EXPECT_EQ(second.leader.Leads()->transitions, last.transitions + 1);
  EXPECT_EQ(Spec()["leaseTransitions"], last.transitions + 1);
}

TEST_F(LiveLeaderTest, ReleaseHandsOverBeforeTheLeaseRunsOut) {
  Candidate first(*bed_, "first");
  ASSERT_TRUE(Eventually([&] { return first.leader.Leads().has_value(); }));
  Candidate second(*bed_, "second");
  ASSERT_TRUE(Eventually([&] { return second.leader.leader() == "first"; }));
  const auto released = first.leader.Release();
  EXPECT_TRUE(released) << released.error().message;
  EXPECT_FALSE(first.leader.Leads());
  const auto began = base::MonotonicNow();
  ASSERT_TRUE(Eventually([&] { return second.leader.Leads().has_value(); }));
  EXPECT_LT(base::MonotonicNow() - began, 3s);
}

TEST_F(LiveLeaderTest, WhoMayNotWriteLeasesNeverLeads) {
  const auto viewer = bed_->Open("kubeconfig-viewer");
  Leader leader(*viewer, {.ns = "default", .name = "tangram-test", .identity = "viewer"}, {});
  leader.Start();
  ASSERT_TRUE(Eventually([&] { return leader.error().has_value(); }));
  EXPECT_EQ(leader.error()->code, base::ErrorCode::kDenied);
  EXPECT_THAT(leader.error()->message, testing::HasSubstr("resources: [leases]"));
  EXPECT_FALSE(leader.Leads());
}

}  // namespace
}  // namespace tangram::kube::integration
