#include "kube/events.h"

#include <algorithm>
#include <deque>
#include <set>
#include <utility>

#include "kube/event_book.h"
#include "kube/leader.h"

namespace tangram::kube {
namespace {

constexpr std::chrono::minutes kTick{1};
// Events wait here while the server or the flow limit is slow; more are dropped.
constexpr std::size_t kMostQueued = 4096;
constexpr std::size_t kAtOnce = 4;

const metrics::Metric kDropped{"tangram_kube_events_dropped_total",
                               "Events that were not written: rate, full (queue) or error."};

}  // namespace

class EventRecorder::Impl {
 public:
  Impl(Client& client, EventOptions options, metrics::Registry* metrics)
      : client_(client), metrics_(metrics), book_(std::move(options)), scope_(client.http()) {
    client_.http().RunAfter(kTick, [this] { Tick(); }, scope_.id());
  }

  void Record(Event event) {
    client_.http().RunAfter(
        std::chrono::milliseconds(0), [this, event = std::move(event)] { Take(event); },
        scope_.id());
  }

 private:
  void Take(const Event& event) {
    const auto dropped = book_.dropped();
    Queue(book_.Record(event, InstantNow()));
    if (book_.dropped() != dropped) CountDropped("rate");
  }
  void Tick() {
    Queue(book_.Tick(InstantNow()));
    client_.http().RunAfter(kTick, [this] { Tick(); }, scope_.id());
  }
  void Queue(std::vector<EventBook::Write> writes) {
    for (EventBook::Write& write : writes) {
      if (queue_.size() >= kMostQueued) {
        book_.Forget(write.key);
        CountDropped("full");
        continue;
      }
      queue_.push_back(std::move(write));
    }
    Send();
  }
  // In order for each key: a count does not overtake its Event.
  void Send() {
    for (auto write = queue_.begin(); write != queue_.end() && under_way_.size() < kAtOnce;) {
      if (!under_way_.insert(write->key).second) {
        ++write;
        continue;
      }
      client_.Start(
          std::move(write->call),
          [this, key = write->key](const base::Result<net::Response>& answer) {
            TakeAnswer(key, answer);
          },
          scope_.id());
      write = queue_.erase(write);
    }
  }
  void TakeAnswer(const EventBook::Key& key, const base::Result<net::Response>& answer) {
    under_way_.erase(key);
    if (!answer) {
      book_.Forget(key);
      CountDropped("error");
    }
    Send();
  }
  void CountDropped(const char* why) {
    if (metrics_ != nullptr) metrics_->CounterOf(kDropped, {{"reason", why}}).Increment();
  }

  Client& client_;
  metrics::Registry* const metrics_;
  // The client's thread alone.
  EventBook book_;
  std::deque<EventBook::Write> queue_;
  std::set<EventBook::Key> under_way_;

  net::Scope scope_;  // last: it ends the callbacks before anything above goes
};

EventRecorder::EventRecorder(Client& client, EventOptions options, metrics::Registry* metrics)
    : impl_(std::make_unique<Impl>(client, std::move(options), metrics)) {}
EventRecorder::~EventRecorder() = default;
void EventRecorder::Record(Event event) { impl_->Record(std::move(event)); }

}  // namespace tangram::kube
