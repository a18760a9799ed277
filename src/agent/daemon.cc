#include "agent/daemon.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <thread>
#include <utility>

#include "agent/gpu_node_reporter.h"
#include "agent/look_again.h"
#include "agent/memory_limiter.h"
#include "agent/orders.h"
#include "agent/pod_cgroups.h"
#include "base/mutex.h"
#include "metrics/metrics.h"

namespace tangram::agent {
namespace {

using namespace std::chrono_literals;

// A round that takes longer than any that answers: every call has its time-out, but a card has
// many calls.
constexpr std::chrono::minutes kStuck{5};

}  // namespace

class Daemon::Impl {
 public:
  explicit Impl(DaemonOptions options)
      : options_(std::move(options)),
        nvml_([library = options_.library,
               may = NvmlRights{.cut = options_.cuts,
                                .limit_memory = options_.cgroup_root.has_value()}](
                  CallWatch& watch) { return std::make_unique<NvmlReader>(library, watch, may); },
              options_.limits, clock_),
        owners_(options_.paths),
        kubelet_(options_.kubelet_socket, options_.kubelet_timeout),
        sampler_({.nvml = nvml_,
                  .owners = owners_,
                  .kubelet = options_.kubelet_socket.empty() ? nullptr : &kubelet_,
                  .clock = clock_,
                  .log = options_.log},
                 options_.sampler) {
    if (options_.cgroup_root) HoldMemory();
    if (!options_.gpu_node) return;
    reporter_.emplace(
        GpuNodeReporter::Deps{.api = *options_.gpu_node, .clock = clock_, .log = options_.log},
        ReporterOptions{.node = options_.node});
    if (!options_.cuts) return;
    orders_.emplace(Orders::Deps{
        .cutter = Cutter({.nvml = nvml_, .holders = AskWhoHolds(), .log = options_.log}),
        .other_owner = [this] { return OtherOwner(); },
        .look_again =
            [this] {
              return WhatIsLeftToDo(TellToLookAgain({.proc = options_.paths.proc, .hang_up = {}}));
            },
        .clock = wall_,
        .log = options_.log});
  }

  ~Impl() {  // they ask what is below
    metrics_.reset();
    health_.reset();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  base::Result<void> Listen() {
    auto metrics = net::Serve(options_.metrics, [this](const net::ServerRequest& request) {
      if (request.Path() != "/metrics") return net::Plain(404, "see /metrics\n");
      return net::Response{.status = 200,
                           .headers = {{"content-type", metrics::Registry::kContentType}},
                           .body = Page()};
    });
    if (!metrics) return base::Wrap(metrics.error(), "--metrics-address");
    metrics_ = *std::move(metrics);
    auto health = net::Serve(options_.health,
                             [this](const net::ServerRequest& request) { return Health(request); });
    if (!health) return base::Wrap(health.error(), "--health-address");
    health_ = *std::move(health);
    return {};
  }

  void Run(const std::atomic<bool>& stop) {
    while (!stop) {
      auto wait = sampler_.Round();
      if (limiter_) LimitMemory();
      Publish();
      if (reporter_) Report(wait);
      for (auto left = wait; left > 0ms && !stop; left -= 50ms) {
        std::this_thread::sleep_for(std::min<base::Milliseconds>(left, 50ms));
        if (reporter_) reporter_->Poll();
      }
    }
    const base::MutexLock lock(mutex_);
    stopping_ = true;
    options_.log("stopping");
  }

  std::unique_ptr<net::HttpServer> metrics_;
  std::unique_ptr<net::HttpServer> health_;

 private:
  std::function<base::Result<Holders>(const Card&)> AskWhoHolds() {
    if (options_.kubelet_socket.empty()) return {};
    return [this](const Card& card) -> base::Result<Holders> {
      const auto devices = kubelet_.List();
      if (!devices) return tl::unexpected(devices.error());
      return HoldersOf(*devices, card);
    };
  }

  void HoldMemory() {
    cgroups_.emplace(*options_.cgroup_root);
    const std::string trouble = cgroups_->Trouble();
    if (!trouble.empty())
      return options_.log("no pod is held to its part of the memory: " + trouble);
    limiter_.emplace(
        MemoryLimiter::Deps{.nvml = nvml_,
                            .cgroup_of = [this](const PodRef& pod) { return CgroupOf(pod); },
                            .log = options_.log});
  }

  std::string CgroupOf(const PodRef& pod) {
    for (const std::string& uid : owners_.UidsOf(pod)) {
      if (std::string folder = cgroups_->Of(uid); !folder.empty()) return folder;
    }
    return "";
  }

  // Once a sample.
  void LimitMemory() {
    const NodeState& state = sampler_.state();
    if (state.samples == limited_at_) return;
    limited_at_ = state.samples;
    const auto offered = kubelet_.Offered();
    if (!offered) return;  // that it does not answer is said
    limiter_->Hold(LimitsOf(sampler_.devices().plugin, *offered, state));
    std::map<std::pair<std::string, PodRef>, base::MiB> in_force;
    for (const auto& [of, held] : limiter_->held()) in_force[of] = held.most;
    sampler_.ShowMemoryLimits(std::move(in_force));
  }

  base::Result<std::string> OtherOwner() {
    const auto node = options_.gpu_node->ReadNode();
    auto owner = node ? OtherOwnerOf(*node) : tl::unexpected(node.error());
    if (!owner) options_.log("cutting waits: " + owner.error().message);
    return owner;
  }

  // What the GpuNode says, and what it asks. `wait` is cut short where cards were.
  void Report(base::Milliseconds& wait) {
    auto haste = GpuNodeReporter::Haste::kNone;
    if (orders_) {
      if (const auto text = options_.gpu_node->Changed()) See(*text);
      if (!orders_->seen()) return SayTrouble();
      const auto outcome = orders_->Step(reporter_->Written());
      if (outcome == Orders::Outcome::kEnded) {
        sampler_.ReadSoon();
        sampler_.Round();
      }
      if (outcome != Orders::Outcome::kNothing) {
        haste = GpuNodeReporter::Haste::kUrgent;
        wait = 0ms;
      }
    }
    Offer(haste);
    reporter_->Poll();
  }

  void See(const std::string& text) {
    auto seen = text.empty() ? base::Result<SeenGpuNode>(SeenGpuNode{}) : ReadGpuNode(text);
    if (seen) return orders_->See(*std::move(seen));
    options_.log(seen.error().message);
  }

  void SayTrouble() {
    const std::string trouble = options_.gpu_node->Trouble();
    if (trouble == said_) return;
    said_ = trouble;
    if (!trouble.empty()) options_.log("the GpuNode cannot be followed: " + trouble);
  }

  void Offer(GpuNodeReporter::Haste haste) {
    ReadyNow ready = ReadyOf(sampler_.state());
    ready.since = ready.ready == ready_now_.ready && ready_now_.since != base::Time{}
                      ? ready_now_.since
                      : wall_.Now();
    ready_now_ = ready;
    reporter_->Offer(
        ReportOf(sampler_.state(), ready, orders_ ? orders_->answer() : std::nullopt, wall_.Now()),
        haste);
  }

  // The page of a sample is written once, whoever reads it how often.
  void Publish() {
    const NodeState& state = sampler_.state();
    const std::uint64_t tried = state.samples + state.failed;
    const std::size_t xids = state.xids.size();
    std::string page;
    if (tried != published_ || xids != published_xids_) {
      page = RenderMetrics(state, options_.version);
    }
    const base::MutexLock lock(mutex_);
    if (!page.empty()) page_ = std::move(page);
    published_ = tried;
    published_xids_ = xids;
    ready_ = true;
    given_up_ = nvml_.Exhausted() ? state.idle : "";
    alive_at_ = base::MonotonicNow();
  }

  std::string Page() {
    const base::MutexLock lock(mutex_);
    return page_;
  }

  net::Response Health(const net::ServerRequest& request) {
    const base::MutexLock lock(mutex_);
    if (request.Path() == "/healthz") {
      if (ready_ && base::MonotonicNow() - alive_at_ > kStuck) {
        return net::Plain(503, "the GPUs are not sampled any more: a round does not end\n");
      }
      return given_up_.empty() ? net::Plain(200, "ok\n") : net::Plain(503, given_up_ + "\n");
    }
    if (request.Path() != "/readyz") return net::Plain(404, "see /healthz and /readyz\n");
    if (stopping_) return net::Plain(503, "stopping\n");
    return ready_ ? net::Plain(200, "ok\n") : net::Plain(503, "starting\n");
  }

  DaemonOptions options_;
  const base::SteadyClock clock_;
  NvmlGuard nvml_;
  ProcOwners owners_;
  KubeletPodResources kubelet_;
  Sampler sampler_;
  std::optional<PodCgroups> cgroups_;
  std::optional<MemoryLimiter> limiter_;
  std::uint64_t limited_at_ = 0;  // samples
  const base::SystemClock wall_;
  std::optional<GpuNodeReporter> reporter_;
  std::optional<Orders> orders_;
  std::string said_;  // why the object cannot be followed
  ReadyNow ready_now_;
  std::uint64_t published_ = ~std::uint64_t{0};  // what the page was written of
  std::size_t published_xids_ = 0;

  base::Mutex mutex_;
  std::string page_ GUARDED_BY(mutex_);
  std::string given_up_ GUARDED_BY(mutex_);
  bool ready_ GUARDED_BY(mutex_) = false;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::chrono::steady_clock::time_point alive_at_ GUARDED_BY(mutex_);
};

base::Result<std::unique_ptr<Daemon>> Daemon::Open(DaemonOptions options) {
  if (!options.log) options.log = [](const std::string&) {};
  auto impl = std::make_unique<Impl>(std::move(options));
  if (auto listening = impl->Listen(); !listening) return tl::unexpected(listening.error());
  return std::unique_ptr<Daemon>(new Daemon(std::move(impl)));
}

Daemon::Daemon(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Daemon::~Daemon() = default;
void Daemon::Run(const std::atomic<bool>& stop) { impl_->Run(stop); }
std::uint16_t Daemon::metrics_port() const {
  return impl_->metrics_ ? impl_->metrics_->port() : std::uint16_t{0};
}
std::uint16_t Daemon::health_port() const {
  return impl_->health_ ? impl_->health_->port() : std::uint16_t{0};
}

}  // namespace tangram::agent
