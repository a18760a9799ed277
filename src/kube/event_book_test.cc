#include "kube/event_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

namespace tangram::kube {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;
using testing::SizeIs;
using Json = nlohmann::json;

Instant At(std::chrono::milliseconds span) {
  return {.steady = std::chrono::steady_clock::time_point(1h + span),
          .wall = base::Time(24h * 365 * 50 + span)};
}

Event Placed(const std::string& pod = "x") {
  return {.subject = {.api_version = "v1", .kind = "Pod", .ns = "team", .name = pod, .uid = "u"},
          .reason = "Placed",
          .action = "Place",
          .note = "on node-1"};
}

EventOptions Options() {
  EventOptions options;
  options.instance = "tangram-0";
  return options;
}

TEST(EventBook, FirstIsAnEvent) {
  EventBook book(Options());
  const auto writes = book.Record(Placed(), At(0s));
  ASSERT_THAT(writes, SizeIs(1));
  const Call& call = writes[0].call;
  EXPECT_EQ(call.method, "POST");
  EXPECT_EQ(call.path, "/apis/events.k8s.io/v1/namespaces/team/events");
  EXPECT_EQ(call.priority, Priority::kBulk);
  Json object = Json::parse(call.body);
  EXPECT_TRUE(object["metadata"]["name"].get<std::string>().starts_with("x.")) << object;
  object["metadata"].erase("name");
  EXPECT_EQ(object, Json::parse(R"({
    "apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"namespace": "team"},
    "eventTime": "2019-12-20T00:00:00.000000Z", "reportingController": "tangram.dev/controller",
    "reportingInstance": "tangram-0", "action": "Place", "reason": "Placed", "type": "Normal",
    "regarding": {"apiVersion": "v1", "kind": "Pod", "namespace": "team", "name": "x", "uid": "u"},
    "note": "on node-1"})"));
}

TEST(EventBook, RepeatsAreASeries) {
  EventBook book(Options());
  book.Record(Placed(), At(0s));
  const auto second = book.Record(Placed(), At(10s));
  ASSERT_THAT(second, SizeIs(1));
  EXPECT_EQ(second[0].call.method, "PATCH");
  EXPECT_EQ(second[0].call.body,
            R"({"series":{"count":2,"lastObservedTime":"2019-12-20T00:00:10.000000Z"}})");
  // Now they only count.
  for (int i = 2; i <= 20; ++i) EXPECT_THAT(book.Record(Placed(), At(i * 10s)), IsEmpty());
  EXPECT_THAT(book.Tick(At(200s + 359s)), IsEmpty());
  const auto ended = book.Tick(At(200s + 360s));
  ASSERT_THAT(ended, SizeIs(1));
  EXPECT_EQ(ended[0].call.body,
            R"({"series":{"count":21,"lastObservedTime":"2019-12-20T00:03:20.000000Z"}})");
  EXPECT_EQ(book.series(), 0U);
  EXPECT_EQ(book.Record(Placed(), At(1h))[0].call.method, "POST");
}

TEST(EventBook, LongSeriesIsWrittenEachHalfHour) {
  EventBook book(Options());
  int writes = 0;
  for (int minute = 0; minute < 180; ++minute) {
    writes += static_cast<int>(book.Record(Placed(), At(minute * 1min)).size());
    writes += static_cast<int>(book.Tick(At(minute * 1min)).size());
  }
  EXPECT_EQ(writes, 2 + 5);
}

TEST(EventBook, WhatDiffersIsAnotherEvent) {
  EventBook book(Options());
  book.Record(Placed(), At(0s));
  Event other = Placed();
  other.note = "on node-2";
  EXPECT_EQ(book.Record(other, At(1s))[0].call.method, "PATCH") << "the note alone does not count";
  for (const auto& change : std::vector<std::function<void(Event&)>>{
           [](Event& event) { event.reason = "Moved"; },
           [](Event& event) { event.action = "Move"; },
           [](Event& event) { event.type = Event::Type::kWarning; },
           [](Event& event) { event.subject.uid = "another"; }}) {
    Event changed = Placed();
    change(changed);
    EXPECT_EQ(book.Record(changed, At(2s))[0].call.method, "POST");
  }
}

TEST(EventBook, ClusterScopedSubjectsAreInDefault) {
  EventBook book(Options());
  Event event = Placed();
  event.subject = {.api_version = "v1", .kind = "Node", .name = "node-1"};
  const Call call = book.Record(event, At(0s))[0].call;
  EXPECT_EQ(call.path, "/apis/events.k8s.io/v1/namespaces/default/events");
  EXPECT_FALSE(Json::parse(call.body)["regarding"].contains("namespace"));
}

TEST(EventBook, SubjectThatSaysTooMuchIsCut) {
  EventBook book(Options());
  int written = 0;
  for (int i = 0; i < 100; ++i) {
    Event event = Placed();
    event.reason = "R" + std::to_string(i);
    written += static_cast<int>(book.Record(event, At(i * 1s)).size());
  }
  EXPECT_EQ(written, 25);
  EXPECT_EQ(book.dropped(), 75U);
  EXPECT_THAT(book.Record(Placed("another"), At(100s)), SizeIs(1));
  EXPECT_THAT(book.Record(Placed(), At(301s)), SizeIs(1)) << "one each five minutes";
}

TEST(EventBook, TextsAreCutWhereTheServerWants) {
  EventBook book(Options());
  Event event = Placed(std::string(253, 'n'));
  event.note = std::string(1023, 'a') + "é";
  event.reason = std::string(200, 'R');
  const Json object = Json::parse(book.Record(event, At(0s))[0].call.body);
  EXPECT_EQ(object["note"].get<std::string>(), std::string(1023, 'a'));
  EXPECT_EQ(object["reason"].get<std::string>().size(), 128U);
  EXPECT_LE(object["metadata"]["name"].get<std::string>().size(), 253U);
  event.note = "\xff\xfe";  // not UTF-8
  event.reason = "Other";
  EXPECT_FALSE(Json::parse(book.Record(event, At(0s))[0].call.body, nullptr, false).is_discarded());
}

TEST(EventBook, MemoryIsBounded) {
  EventOptions options = Options();
  options.max_series = 10;
  EventBook book(options);
  for (int i = 0; i < 1000; ++i) book.Record(Placed("pod-" + std::to_string(i)), At(i * 1h));
  EXPECT_LE(book.series(), 10U);
  for (int i = 0; i < 1000; ++i) book.Record(Placed("pod-" + std::to_string(i)), At(2000h));
  EXPECT_LE(book.series(), 10U);
  EXPECT_GE(book.dropped(), 980U);
}

TEST(EventBook, ForgottenIsNew) {
  EventBook book(Options());
  const auto first = book.Record(Placed(), At(0s));
  book.Forget(first[0].key);
  book.Forget(first[0].key);
  EXPECT_EQ(book.Record(Placed(), At(1s))[0].call.method, "POST");
}

}  // namespace
}  // namespace tangram::kube
