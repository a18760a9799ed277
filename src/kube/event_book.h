// Which events are written, and how often. Pure: time is given. Used by events.cc alone.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "base/clock.h"
#include "kube/events.h"
#include "kube/lease.h"
#include "kube/write.h"

namespace tangram::kube {

inline const Resource kEventsV1{"events.k8s.io", "v1", "events", "Event"};

// Not thread-safe.
class EventBook {
 public:
  explicit EventBook(EventOptions options) : options_(std::move(options)) {}

  // What repeats under one Event: client-go's key.
  using Key = std::tuple<EventSubject, Event::Type, std::string /*reason*/, std::string /*action*/>;
  struct Write {
    Key key;
    Call call;
  };

  // What is to be written for it: a new Event, the beginning of a series, or nothing.
  std::vector<Write> Record(const Event& event, const Instant& now);
  // The counts of series that ended, or were not written for half an hour.
  std::vector<Write> Tick(const Instant& now);
  // The Event of that key is gone: the next one is new.
  void Forget(const Key& key);

  // Events that had no room: too many of one subject.
  std::uint64_t dropped() const { return dropped_; }
  std::size_t series() const { return series_.size(); }

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  struct Series {
    Key key;
    ObjectRef ref;  // the Event
    std::int64_t count = 1;
    std::int64_t written = 1;  // of `count`
    Instant last{};
    SteadyTime last_write{};
  };
  using Place = std::list<Series>::iterator;
  struct Bucket {
    double tokens = 0;
    SteadyTime filled{};
  };

  bool TakeToken(const EventSubject& subject, SteadyTime now);
  void ForgetFullBuckets(SteadyTime now);
  double TokensAt(const Bucket& bucket, SteadyTime now) const;
  Write Create(const Event& event, const Key& key, const Instant& now);
  std::vector<Write> EndSilent(SteadyTime now);
  Write WriteCount(Series& series, SteadyTime now);

  const EventOptions options_;
  std::list<Series> series_;  // the longest silent first
  std::map<Key, Place> by_key_;
  std::map<EventSubject, Bucket> buckets_;
  std::uint64_t dropped_ = 0;
  std::uint64_t made_ = 0;
};

}  // namespace tangram::kube
