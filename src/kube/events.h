// Events on objects (events.k8s.io/v1), for people who ask `kubectl describe`.
//
// What repeats is one Event with a series: the second time within six minutes makes the series,
// later ones only count, and the count is written when the series ends or after half an hour, as
// client-go does it. Each object has a bucket of events, so that a loop cannot flood the server.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <memory>
#include <string>

#include "kube/client.h"
#include "metrics/metrics.h"

namespace tangram::kube {

// What an event is about.
struct EventSubject {
  std::string api_version{};  // "v1", "tangram.dev/v1alpha1"
  std::string kind{};
  std::string ns{};  // empty for what is cluster-scoped: its events are in "default"
  std::string name{};
  std::string uid{};

  auto operator<=>(const EventSubject&) const = default;
};

struct Event {
  EventSubject subject{};
  enum class Type { kNormal, kWarning } type = Type::kNormal;
  std::string reason{};  // UpperCamelCase, at most 128 bytes: "Placed"
  std::string action{};  // what was done, UpperCamelCase: "Place"
  std::string note{};    // for people; cut at 1 KiB
};

struct EventOptions {
  std::string controller = "tangram.dev/controller";
  std::string instance{};  // the pod that reports
  // Each subject: so many at once, then one each `refill`.
  int burst = 25;
  std::chrono::milliseconds refill{300'000};
  std::size_t max_series = 4096;  // the longest silent are forgotten first
};

// Thread-safe. Writes on the client's thread at Priority::kBulk; what cannot be written is counted
// (tangram_kube_events_dropped_total) and forgotten: an event is worth no wait and no retry.
class EventRecorder {
 public:
  // Borrowed: client and metrics must outlive it; `metrics` may be null.
  EventRecorder(Client& client, EventOptions options, metrics::Registry* metrics = nullptr);
  ~EventRecorder();  // drops what is still waiting
  EventRecorder(const EventRecorder&) = delete;
  EventRecorder& operator=(const EventRecorder&) = delete;

  // Returns at once.
  void Record(Event event);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tangram::kube
