// Events written to a real API server. See live.h.
#include "kube/events.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include "kube/integration/live.h"

namespace tangram::kube::integration {
namespace {

using Json = nlohmann::json;

const Resource kEventsV1{"events.k8s.io", "v1", "events", "Event"};

TEST_F(LiveTest, EventsAreSeenByKubectlAndRepeatsAreCounted) {
  metrics::Registry metrics;
  EventRecorder recorder(*admin_, {.instance = "test"}, &metrics);
  Event event{.subject = {.api_version = "v1",
                          .kind = "Pod",
                          .ns = "default",
                          .name = "events-subject",
                          .uid = "events-subject-" + std::to_string(::getpid())},
              .type = Event::Type::kWarning,
              .reason = "NoRoom",
              .action = "Place",
              .note = "no node has 2 free instances of 3g.20gb"};
  const auto found = [&] {
    ListOptions options;
    options.ns = "default";
    Json all = Json::array();
    const auto names =
        ListAll<std::string>(*admin_, kEventsV1, options,
                             [&](simdjson::ondemand::object& item) -> base::Result<std::string> {
                               const std::string text(item.raw_json().value_unsafe());
                               Json object = Json::parse(text, nullptr, false);
                               if (object["regarding"]["uid"] == event.subject.uid)
                                 all.push_back(object);
                               return text;
                             });
    EXPECT_TRUE(names) << names.error().message;
    return all;
  };
  recorder.Record(event);
  ASSERT_TRUE(Eventually([&] { return found().size() == 1; }));
  recorder.Record(event);
  recorder.Record(event);
  ASSERT_TRUE(Eventually([&] {
    const Json all = found();
    return all[0].contains("series") && all[0]["series"]["count"] == 2;
  }));
  EXPECT_EQ(found().size(), 1U);
  const std::string described = bed_->Kubectl({"get", "events", "-n", "default", "--field-selector",
                                               "involvedObject.name=events-subject", "-o", "wide"});
  EXPECT_THAT(described, testing::HasSubstr("no node has 2 free instances of 3g.20gb"));
  EXPECT_EQ(metrics.Text(), "") << "nothing was dropped";
}

// A namespace that is not there: the event is dropped and counted, and nothing else happens.
TEST_F(LiveTest, EventThatCannotBeWrittenIsCounted) {
  metrics::Registry metrics;
  EventRecorder recorder(*admin_, {.instance = "test"}, &metrics);
  recorder.Record({.subject = {.api_version = "v1", .kind = "Pod", .ns = "nowhere", .name = "x"},
                   .reason = "Placed",
                   .action = "Place"});
  EXPECT_TRUE(Eventually([&] {
    return metrics.Text().find("tangram_kube_events_dropped_total{reason=\"error\"} 1") !=
           std::string::npos;
  })) << metrics.Text();
}

}  // namespace
}  // namespace tangram::kube::integration
