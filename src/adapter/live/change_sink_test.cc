#include "adapter/live/change_sink.h"

#include <gmock/gmock.h>

#include "adapter/decode_pod.h"

namespace tangram::adapter {
namespace {

using ::testing::ElementsAre;

// What a sink told, as lines.
class ChangeSinkTest : public ::testing::Test {
 protected:
  ChangeSinkTest() : sink(MakeHandler()) {}

  ChangeSink<LivePod>::Handler MakeHandler() {
    ChangeSink<LivePod>::Handler handler;
    handler.decode = [](simdjson::ondemand::object& object) { return DecodeLivePod(object); };
    handler.on_set = [this](LivePod live, const kube::ObjectMeta& meta) {
      told.push_back("set " + live.pod.name + " at " + meta.resource_version + " " +
                     live.node_affinity);
    };
    handler.on_gone = [this](const control::Key& key) { told.push_back("gone " + key.name); };
    handler.on_listed = [this](const std::vector<control::Key>& keys) {
      told.push_back("listed " + std::to_string(keys.size()));
    };
    handler.on_absent = [this] { told.push_back("absent"); };
    handler.on_bad = [this](const auto& bad) {
      told.push_back("bad " + std::to_string(bad.size()));
    };
    return handler;
  }

  // Hands the object to `take`, as the reflector does.
  template <class Take>
  void With(const std::string& json, Take take) {
    simdjson::padded_string text(json);
    auto document = parser.iterate(text);
    simdjson::ondemand::object object;
    ASSERT_EQ(document.get_object().get(object), simdjson::SUCCESS);
    const base::Result<void> taken = take(object);
    EXPECT_TRUE(taken) << taken.error().message;
  }
  void List(const std::vector<std::string>& objects) {
    sink.BeginReplace();
    for (const std::string& json : objects) {
      With(json, [&](auto& object) { return sink.AddToReplace(object); });
    }
    sink.FinishReplace();
  }
  void See(kube::EventType type, const std::string& name, const std::string& json) {
    kube::WatchEvent event{.type = type, .meta = {}};
    event.meta.ns = "ns";
    event.meta.name = name;
    event.meta.resource_version = "9";
    With(json, [&](auto& object) { return sink.Apply(event, object); });
  }

  std::vector<std::string> told;
  simdjson::ondemand::parser parser;
  ChangeSink<LivePod> sink;
};

std::string Pod(const std::string& name, const std::string& spec) {
  return R"({"kind":"Pod","metadata":{"namespace":"ns","name":")" + name +
         R"(","uid":"u","resourceVersion":"3"},"spec":)" + spec + "}";
}

TEST_F(ChangeSinkTest, AListAndThenChanges) {
  List({Pod("a", "{}"), Pod("b", "{}")});
  See(kube::EventType::kModified, "a", Pod("a", "{}"));
  See(kube::EventType::kDeleted, "b", Pod("b", "{}"));
  EXPECT_THAT(told, ElementsAre("set a at 3 ", "set b at 3 ", "listed 2", "set a at 9 ", "gone b"));
}

TEST_F(ChangeSinkTest, TheAffinityOfAGatedPodIsKeptAsItStands) {
  const std::string gates = R"("schedulingGates":[{"name":"tangram.dev/placement"}])";
  List({Pod("a", R"({"affinity":{"nodeAffinity":{"x":[1, 2]}},)" + gates + "}"),
        Pod("b", R"({"affinity":{"nodeAffinity":{"x":1}}})"), Pod("c", "{" + gates + "}"),
        Pod("d", R"({"affinity":null,)" + gates + "}")});
  EXPECT_THAT(told, ElementsAre(R"(set a at 3 {"x":[1, 2]})", "set b at 3 ", "set c at 3 ",
                                "set d at 3 ", "listed 4"));
}

TEST_F(ChangeSinkTest, WhatCannotBeReadIsAGapUntilItCan) {
  List({Pod("a", "{}"), Pod("b", R"({"priority":"high"})")});
  EXPECT_THAT(told, ElementsAre("set a at 3 ", "bad 1", "listed 1"));
  told.clear();
  See(kube::EventType::kModified, "b", Pod("b", "{}"));
  EXPECT_THAT(told, ElementsAre("bad 0", "set b at 9 "));
  told.clear();
  See(kube::EventType::kModified, "a", Pod("a", R"({"nodeName":7})"));
  EXPECT_THAT(told, ElementsAre("bad 1", "gone a"));
  told.clear();
  See(kube::EventType::kDeleted, "a", Pod("a", R"({"nodeName":7})"));
  EXPECT_THAT(told, ElementsAre("gone a", "bad 0"));
}

TEST_F(ChangeSinkTest, AKindThatIsNotServedIsAnEmptyListAndSaidSo) {
  sink.BecomeAbsent();
  EXPECT_THAT(told, ElementsAre("absent"));
}

}  // namespace
}  // namespace tangram::adapter
