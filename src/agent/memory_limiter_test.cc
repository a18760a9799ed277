#include "agent/memory_limiter.h"

#include <gmock/gmock.h>

namespace tangram::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const PodRef kA{"ns", "a", ""};
constexpr base::MiB kPart{10'240};

class FakeCgroups final : public Nvml {
 public:
  base::Result<Driver> ReadDriver() override { return Driver{}; }
  base::Result<Card> ReadCard(int) override { return Card{}; }
  base::Result<Links> ReadLinks(const std::vector<Card>&) override { return Links{}; }
  base::Result<Reading> ReadAgain(const Card&) override { return Reading{}; }
  base::Result<ProcessSamples> ReadProcessSamples(int) override { return ProcessSamples{}; }
  base::Result<Events> AwaitEvents(const std::vector<int>&, base::Milliseconds) override {
    return Events{};
  }
  base::Result<CgroupMemory> ReadMemoryLimit(const CgroupOnCard& at) override {
    ++reads;
    if (error) return tl::unexpected(*error);
    return limits[at.cgroup];
  }
  base::Result<void> SetMemoryLimit(const CgroupOnCard& at, base::MiB most) override {
    ++sets;
    if (set_error) return tl::unexpected(*set_error);
    if (!lies) limits[at.cgroup].most = most;
    return {};
  }

  std::map<std::string, CgroupMemory> limits;
  std::optional<base::Error> error;
  std::optional<base::Error> set_error;
  bool lies = false;
  int reads = 0;
  int sets = 0;
};

class LimiterTest : public ::testing::Test {
 protected:
  void Hold(base::MiB most = kPart, base::MiB used = {}) {
    limiter_.Hold({{.limit = {"GPU-1", kA, most}, .used = used}});
  }

  FakeCgroups nvml_;
  std::string folder_ = "/cg/a";
  std::vector<std::string> log_;
  MemoryLimiter limiter_{{.nvml = nvml_,
                          .cgroup_of = [this](const PodRef&) { return folder_; },
                          .log = [this](const std::string& line) { log_.push_back(line); }}};
};

TEST_F(LimiterTest, IsSetOnceAndReadBack) {
  Hold();
  EXPECT_EQ(nvml_.limits["/cg/a"].most, kPart);
  ASSERT_THAT(limiter_.held(), SizeIs(1));
  EXPECT_EQ(limiter_.held().begin()->first, (MemoryLimiter::Key{"GPU-1", kA}));
  EXPECT_EQ(limiter_.held().begin()->second.most, kPart);
  EXPECT_THAT(log_, ElementsAre("pod ns/a may take 10.0 GiB of GPU GPU-1"));
  const int reads = nvml_.reads;
  Hold();
  EXPECT_EQ(nvml_.sets, 1);
  EXPECT_EQ(nvml_.reads, reads) << "nobody is asked again";
}

TEST_F(LimiterTest, FollowsThePodsPart) {
  Hold();
  Hold(kPart * 2);
  EXPECT_EQ(nvml_.limits["/cg/a"].most, kPart * 2) << "what was there was ours";
  limiter_.Hold({});
  EXPECT_THAT(limiter_.held(), IsEmpty());
}

// A pod of a StatefulSet comes back under its name, between two samples.
TEST_F(LimiterTest, APodThatComesAfterItUnderItsNameGetsItsOwn) {
  Hold();
  folder_ = "/cg/a-again";
  Hold();
  EXPECT_EQ(nvml_.limits["/cg/a-again"].most, kPart);
}

TEST_F(LimiterTest, WhatSomebodyElseSetStays) {
  nvml_.limits["/cg/a"].most = base::MiB(5);
  Hold();
  Hold();
  EXPECT_EQ(nvml_.limits["/cg/a"].most, base::MiB(5));
  EXPECT_THAT(limiter_.held(), IsEmpty());
  ASSERT_THAT(log_, SizeIs(1)) << "it is said once";
  EXPECT_THAT(log_[0], HasSubstr("somebody else set"));
}

TEST_F(LimiterTest, WhoUsesMoreAlreadyIsNotHurt) {
  Hold(kPart, kPart + base::MiB(1));
  nvml_.limits["/cg/a"].used = kPart + base::MiB(1);
  Hold();
  EXPECT_EQ(nvml_.sets, 0);
  EXPECT_THAT(log_.at(0), HasSubstr("no limit until it uses less"));
  nvml_.limits["/cg/a"].used = kPart;
  Hold();
  EXPECT_EQ(nvml_.sets, 1);
}

TEST_F(LimiterTest, ADriverWithoutLimitsIsAskedOnce) {
  nvml_.error = base::Error{base::ErrorCode::kNotFound, "it has none"};
  Hold();
  Hold();
  EXPECT_EQ(nvml_.reads, 1);
  EXPECT_THAT(log_, ElementsAre(HasSubstr("it has none")));
  EXPECT_THAT(limiter_.held(), IsEmpty());
}

TEST_F(LimiterTest, WhatFailsIsTriedAgain) {
  nvml_.set_error = base::Error{base::ErrorCode::kDenied, "no permission"};
  Hold();
  Hold();
  EXPECT_EQ(nvml_.sets, 2);
  EXPECT_THAT(log_, ElementsAre(HasSubstr("no permission")));
  nvml_.set_error.reset();
  nvml_.lies = true;
  Hold();
  EXPECT_THAT(log_.back(), HasSubstr("the driver said success, and set nothing"));
  EXPECT_THAT(limiter_.held(), IsEmpty());
  nvml_.lies = false;
  Hold();
  EXPECT_THAT(limiter_.held(), SizeIs(1));
}

TEST_F(LimiterTest, APodWithoutACgroupWaits) {
  folder_.clear();
  Hold();
  EXPECT_EQ(nvml_.reads, 0);
  folder_ = "/cg/a";
  Hold();
  EXPECT_THAT(limiter_.held(), SizeIs(1));
}

}  // namespace
}  // namespace tangram::agent
