#include "agent/daemon.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

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
        nvml_([library = options_.library](
                  CallWatch& watch) { return std::make_unique<NvmlReader>(library, watch); },
              options_.limits, clock_),
        owners_(options_.paths),
        kubelet_(options_.kubelet_socket, options_.kubelet_timeout),
        sampler_({.nvml = nvml_,
                  .owners = owners_,
                  .kubelet = options_.kubelet_socket.empty() ? nullptr : &kubelet_,
                  .clock = clock_,
                  .log = options_.log},
                 options_.sampler) {}

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
      const auto wait = sampler_.Round();
      Publish();
      for (auto left = wait; left > 0ms && !stop; left -= 50ms) {
        std::this_thread::sleep_for(std::min<base::Milliseconds>(left, 50ms));
      }
    }
    const base::MutexLock lock(mutex_);
    stopping_ = true;
    options_.log("stopping");
  }

  std::unique_ptr<net::HttpServer> metrics_;
  std::unique_ptr<net::HttpServer> health_;

 private:
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

  const DaemonOptions options_;
  const base::SteadyClock clock_;
  NvmlGuard nvml_;
  ProcOwners owners_;
  KubeletPodResources kubelet_;
  Sampler sampler_;
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
