#include "adapter/live/live_usage.h"

#include <algorithm>
#include <optional>
#include <thread>
#include <utility>

#include "adapter/join_usage.h"
#include "adapter/read_demand.h"
#include "adapter/read_usage.h"
#include "base/mutex.h"
#include "telemetry/dcgm.h"

namespace tangram::adapter {
namespace {

using namespace std::chrono_literals;

using Monotonic = std::chrono::steady_clock::time_point;

constexpr std::chrono::milliseconds kLookEvery = 1s;  // whether it is wanted
constexpr std::chrono::milliseconds kLeastKept = 1h;

// What one reading came to.
struct Read {
  std::shared_ptr<const telemetry::DcgmUsage> usage{};  // nullptr: nothing
  std::string source{};
  std::string why{};                                       // nothing was read
  std::optional<cluster::List<cluster::Demand>> demand{};  // absent: could not be read
  std::string why_no_demand{};
};

}  // namespace

class LiveUsage::Impl {
 public:
  Impl(kube::Client& client, const base::Clock& clock, LiveUsageOptions options, Handler handler)
      : client_(client), clock_(clock), options_(std::move(options)), handler_(std::move(handler)) {
    known_.why = "it is not read yet";
  }
  ~Impl() {
    {
      const base::MutexLock lock(mutex_);
      stopped_ = true;
      changed_.NotifyAll();
    }
    if (thread_.joinable()) thread_.join();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  void Start() {
    if (!std::holds_alternative<NoUsage>(options_.source)) thread_ = std::thread([this] { Run(); });
  }

  cluster::Snapshot AsMeasured(const cluster::Snapshot& snapshot) const {
    if (std::holds_alternative<NoUsage>(options_.source)) return snapshot;
    const Read known = Known();
    cluster::Snapshot measured = snapshot;
    if (known.demand) measured.demand = *known.demand;
    if (known.usage != nullptr) {
      if (!known.why_no_demand.empty()) measured.gaps.push_back(GapOfDemand(known.why_no_demand));
      return JoinUsage(std::move(measured), *known.usage, SourceOf(known.source));
    }
    measured.gaps.push_back(GapOfUsage(known.source, known.why));
    cluster::Normalize(measured);
    return measured;
  }

 private:
  void Run() {
    Monotonic due{};
    while (!WaitOrStop(kLookEvery)) {
      const Monotonic now = base::MonotonicNow();
      if (now < due || !handler_.wanted()) continue;
      due = now + options_.every;
      Take(ReadNow(), now);
    }
  }

  Read ReadNow() {
    const base::Time now = clock_.Now();
    auto found = ReachPrometheus(options_.source, client_, now);
    if (!found) return {.why = found.error().message};
    Read read{.source = found->source};
    const auto prometheus = found->prometheus.Until([this] { return IsStopped(); });
    if (auto demand = DemandBefore(now, prometheus, {})) {
      read.demand = *std::move(demand);
    } else {
      read.why_no_demand = demand.error().message;
    }
    telemetry::DcgmOptions ask;
    ask.to = now;
    ask.from = now - options_.window;
    auto usage = telemetry::ReadDcgm(prometheus, ask);
    if (!usage) {
      read.why = usage.error().message;
    } else if (!usage->nothing_found.empty()) {
      read.why = usage->nothing_found;
    } else {
      read.usage = std::make_shared<const telemetry::DcgmUsage>(*std::move(usage));
    }
    return read;
  }

  // A reading that failed leaves what is known, for a while.
  void Take(Read read, Monotonic now) {
    if (IsStopped()) return;
    const bool is_good = read.usage != nullptr;
    if (is_good) read_at_ = now;
    const std::string said = is_good ? "usage is read from " + SourceOf(read.source)
                                     : "usage could not be read: " + read.why;
    if (std::exchange(said_, said) != said) handler_.log(said);
    const bool keeps =
        !is_good && read_at_ && now - *read_at_ < std::max(kLeastKept, 3 * options_.every);
    plan::Measured known;
    {
      const base::MutexLock lock(mutex_);
      if (!read.demand) read.demand = known_.demand;
      if (keeps) {
        known_.demand = std::move(read.demand);
      } else {
        known_ = std::move(read);
      }
      known.usage = known_.usage != nullptr;
      known.demand = known_.demand && !known_.demand->empty();
    }
    handler_.on_read(known);
  }

  Read Known() const {
    const base::MutexLock lock(mutex_);
    return known_;
  }
  bool IsStopped() const {
    const base::MutexLock lock(mutex_);
    return stopped_;
  }
  bool WaitOrStop(std::chrono::milliseconds wait) {
    const auto until = base::MonotonicNow() + wait;
    const base::MutexLock lock(mutex_);
    while (!stopped_ && base::MonotonicNow() < until) changed_.WaitUntil(mutex_, until);
    return stopped_;
  }

  kube::Client& client_;
  const base::Clock& clock_;
  const LiveUsageOptions options_;
  const Handler handler_;
  // Its thread's alone.
  std::optional<Monotonic> read_at_;
  std::string said_;  // to the log
  mutable base::Mutex mutex_;
  base::CondVar changed_;
  Read known_ GUARDED_BY(mutex_);
  bool stopped_ GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses the others
};

LiveUsage::LiveUsage(kube::Client& client, const base::Clock& clock, LiveUsageOptions options,
                     Handler handler)
    : impl_(std::make_unique<Impl>(client, clock, std::move(options), std::move(handler))) {}
LiveUsage::~LiveUsage() = default;
void LiveUsage::Start() { impl_->Start(); }
cluster::Snapshot LiveUsage::AsMeasured(const cluster::Snapshot& snapshot) const {
  return impl_->AsMeasured(snapshot);
}

}  // namespace tangram::adapter
