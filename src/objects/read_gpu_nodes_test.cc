#include "objects/read_gpu_nodes.h"

#include <gmock/gmock.h>

#include <string>

#include "base/time_text.h"

namespace tangram::objects {
namespace {

using cluster::CutAnswer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kNode = R"(
apiVersion: tangram.dev/v1alpha1
kind: GpuNode
metadata: {name: gpu-7, resourceVersion: "41", generation: 3, uid: u}
spec:
  operation: gpu-7-abc
  layouts:
  - uuid: GPU-1
    index: 1
    mig: true
    instances: [{profile: 3g.40gb, start: 4}, {profile: 1g.10gb, start: 0}]
  - {uuid: GPU-0, mig: false}
status:
  observedAt: "2026-11-23T07:00:00Z"
  driver: {version: "570"}
  cards:
  - index: 1
    state: Ok
    uuid: GPU-1
    model: NVIDIA H100 80GB HBM3
    inUse: true
    processes: 1
    mig:
      enabled: true
      pending: true
      instances:
      - {id: 9, profile: 3g.40gb, start: 4, size: 4, inUse: false, processes: 0}
      - {id: 1, profile: 1g.10gb, start: 0, size: 1, inUse: true, processes: 1, uuid: MIG-1,
         heldBy: [{namespace: ns, pod: web-1}]}
  - {index: 0, state: Lost, uuid: GPU-0}
  order:
    operation: gpu-7-abc
    generation: 3
    state: Failed
    reason: InUse
    message: in use by ns/pod
    startedAt: "2026-11-23T06:59:00Z"
  conditions:
  - {type: Ready, status: "False", reason: CardLost, message: GPU 0 fell off the bus,
     lastTransitionTime: "2026-11-23T06:00:00Z"}
)";

std::string With(std::string from, const std::string& to) {
  std::string text = kNode;
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(ReadGpuNodes, ReadsWhatTheAgentSaysAndWhatItIsAsked) {
  const auto read = ReadGpuNodes(kNode);
  ASSERT_TRUE(read) << read.error().message;
  const cluster::GpuNode& node = read->front();
  EXPECT_EQ(node.name, "gpu-7");
  EXPECT_EQ(node.version, "41");
  EXPECT_EQ(node.generation, 3);
  EXPECT_EQ(base::FormatTime(node.observed_at), "2026-11-23T07:00:00Z");
  ASSERT_EQ(node.cards.size(), 2U);
  EXPECT_FALSE(node.cards[0].readable);
  const cluster::ReportedCard& card = node.cards[1];
  EXPECT_EQ(card.index, 1) << "by index";
  EXPECT_TRUE(card.readable && card.mig && card.mig_pending && card.in_use);
  EXPECT_THAT(card.instances,
              ElementsAre(cluster::ReportedInstance{{"1g.10gb", 0}, "1", true, {{"ns", "web-1"}}},
                          cluster::ReportedInstance{{"3g.40gb", 4}, "9", false, {}}));
  ASSERT_TRUE(node.order);
  EXPECT_EQ(node.order->operation, "gpu-7-abc");
  EXPECT_THAT(node.order->cards[0].instances,
              ElementsAre(cluster::CutInstance{"1g.10gb", 0}, cluster::CutInstance{"3g.40gb", 4}));
  EXPECT_FALSE(node.order->cards[1].mig);
  const CutAnswer* answer = AnswerOf(node);
  ASSERT_NE(answer, nullptr);
  EXPECT_EQ(answer->state, CutAnswer::State::kFailed);
  EXPECT_EQ(answer->reason, "InUse");
  EXPECT_FALSE(cluster::Holds(node.conditions, "Ready"));
}

TEST(ReadGpuNodes, AnAnswerToAnEarlierOrderIsNone) {
  EXPECT_EQ(AnswerOf(ReadGpuNodes(With("generation: 3,", "generation: 4,"))->front()), nullptr);
  EXPECT_EQ(AnswerOf(ReadGpuNodes(
                         With("operation: gpu-7-abc\n  layouts", "operation: another\n  layouts"))
                         ->front()),
            nullptr);
}

TEST(ReadGpuNodes, OneThatNothingWasAskedOfYet) {
  const auto read = ReadGpuNodes(
      "{apiVersion: tangram.dev/v1alpha1, kind: GpuNode, metadata: {name: n}, spec: {}}");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_FALSE(read->front().order || read->front().answer);
  EXPECT_THAT(read->front().cards, IsEmpty());
}

struct Case {
  const char* from;
  const char* to;
  const char* what;
};

TEST(ReadGpuNodes, WhatIsWrongIsNamed) {
  for (const Case& one : {
           Case{"state: Ok", "state: Fine", "state is \"Fine\"; write Ok, Lost or Unreadable"},
           Case{"start: 4}, {pro", "start: 64}, {pro", "start is 64"},
           Case{"    mig: true\n    instances: [", "    instances: [", "mig"},
           Case{"- index: 1\n", "-\n", "index"},
           Case{"generation: 3\n", "generation: -1\n", "generation is -1"},
           Case{"2026-11-23T07:00:00Z", "yesterday", "observedAt"},
           Case{"inUse: true\n", "inUse: maybe\n", "inUse is \"maybe\""},
           Case{"kind: GpuNode", "kind: GpuPool", "kind"},
       }) {
    SCOPED_TRACE(one.what);
    const auto read = ReadGpuNodes(With(one.from, one.to));
    ASSERT_FALSE(read);
    EXPECT_THAT(read.error().message, HasSubstr(one.what));
  }
}

}  // namespace
}  // namespace tangram::objects
