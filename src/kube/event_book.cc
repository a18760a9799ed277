#include "kube/event_book.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "kube/micro_time.h"

namespace tangram::kube {
namespace {

using Json = nlohmann::ordered_json;

// client-go tools/events: finishTime and refreshTime.
constexpr std::chrono::minutes kSeriesEnds{6};
constexpr std::chrono::minutes kRefresh{30};
// What the API server takes (pkg/apis/core/validation/events.go).
constexpr std::size_t kMostNote = 1024;
constexpr std::size_t kMostWord = 128;
// Leaves room for the suffix in the 253 bytes of a name.
constexpr std::size_t kMostSubjectName = 200;

// At most so many bytes, never half a character.
std::string Cut(const std::string& text, std::size_t most) {
  if (text.size() <= most) return text;
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

WriteOptions HowToWrite() { return {.priority = Priority::kBulk}; }

}  // namespace

double EventBook::TokensAt(const Bucket& bucket, SteadyTime now) const {
  const double refilled =
      static_cast<double>((now - bucket.filled) / std::chrono::milliseconds(1)) /
      static_cast<double>(options_.refill.count());
  return std::min<double>(options_.burst, bucket.tokens + refilled);
}

void EventBook::ForgetFullBuckets(SteadyTime now) {
  std::erase_if(buckets_,
                [&](const auto& entry) { return TokensAt(entry.second, now) >= options_.burst; });
}

bool EventBook::TakeToken(const EventSubject& subject, SteadyTime now) {
  if (buckets_.size() >= options_.max_series) ForgetFullBuckets(now);
  const bool known = buckets_.contains(subject);
  if (!known && buckets_.size() >= options_.max_series) return false;
  Bucket& bucket = buckets_[subject];
  if (!known) bucket = {static_cast<double>(options_.burst), now};
  bucket = {TokensAt(bucket, now), now};
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

EventBook::Write EventBook::Create(const Event& event, const Key& key, const Instant& now) {
  const EventSubject& subject = event.subject;
  ObjectRef ref{.resource = kEventsV1, .ns = subject.ns.empty() ? "default" : subject.ns};
  const std::string name = fmt::format("{}.{:x}{:06x}", Cut(subject.name, kMostSubjectName),
                                       now.wall.time_since_epoch().count(), made_++ & 0xffffff);
  Json regarding = {{"apiVersion", subject.api_version}, {"kind", subject.kind}};
  if (!subject.ns.empty()) regarding["namespace"] = subject.ns;
  regarding["name"] = subject.name;
  if (!subject.uid.empty()) regarding["uid"] = subject.uid;
  const Json object = {{"apiVersion", "events.k8s.io/v1"},
                       {"kind", "Event"},
                       {"metadata", {{"name", name}, {"namespace", ref.ns}}},
                       {"eventTime", MicroTime(now.wall)},
                       {"reportingController", options_.controller},
                       {"reportingInstance", Cut(options_.instance, kMostWord)},
                       {"action", Cut(event.action, kMostWord)},
                       {"reason", Cut(event.reason, kMostWord)},
                       {"regarding", regarding},
                       {"note", Cut(event.note, kMostNote)},
                       {"type", event.type == Event::Type::kWarning ? "Warning" : "Normal"}};
  Write write{key, CreateCall(ref, Dump(object), HowToWrite())};
  ref.name = name;
  series_.push_back({.key = key, .ref = std::move(ref), .last = now, .last_write = now.steady});
  by_key_[key] = std::prev(series_.end());
  return write;
}

EventBook::Write EventBook::WriteCount(Series& series, SteadyTime now) {
  series.written = series.count;
  series.last_write = now;
  const Json patch = {
      {"series", {{"count", series.count}, {"lastObservedTime", MicroTime(series.last.wall)}}}};
  return {series.key, PatchCall(series.ref, PatchType::kMerge, Dump(patch), HowToWrite())};
}

std::vector<EventBook::Write> EventBook::Record(const Event& event, const Instant& now) {
  const Key key{event.subject, event.type, event.reason, event.action};
  std::vector<Write> writes = EndSilent(now.steady);
  if (const auto known = by_key_.find(key); known != by_key_.end()) {
    Series& series = *known->second;
    ++series.count;
    series.last = now;
    series_.splice(series_.end(), series_, known->second);
    if (series.count == 2) writes.push_back(WriteCount(series, now.steady));
    return writes;
  }
  if (!TakeToken(event.subject, now.steady)) {
    ++dropped_;
    return writes;
  }
  writes.push_back(Create(event, key, now));
  while (series_.size() > options_.max_series) {
    Series& oldest = series_.front();
    if (oldest.count != oldest.written) writes.push_back(WriteCount(oldest, now.steady));
    by_key_.erase(oldest.key);
    series_.pop_front();
  }
  return writes;
}

std::vector<EventBook::Write> EventBook::EndSilent(SteadyTime now) {
  std::vector<Write> writes;
  while (!series_.empty() && now >= series_.front().last.steady + kSeriesEnds) {
    Series& ended = series_.front();
    if (ended.count != ended.written) writes.push_back(WriteCount(ended, now));
    by_key_.erase(ended.key);
    series_.pop_front();
  }
  return writes;
}

std::vector<EventBook::Write> EventBook::Tick(const Instant& now) {
  std::vector<Write> writes = EndSilent(now.steady);
  for (Series& series : series_) {
    if (series.count == series.written || now.steady < series.last_write + kRefresh) continue;
    writes.push_back(WriteCount(series, now.steady));
  }
  return writes;
}

void EventBook::Forget(const Key& key) {
  const auto known = by_key_.find(key);
  if (known == by_key_.end()) return;
  series_.erase(known->second);
  by_key_.erase(known);
}

}  // namespace tangram::kube
