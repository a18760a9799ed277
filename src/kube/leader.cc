#include "kube/leader.h"

#include <algorithm>
#include <utility>

#include "base/mutex.h"

namespace tangram::kube {

using SteadyTime = std::chrono::steady_clock::time_point;

Instant InstantNow() {
  return {.steady = base::SuspendedTooNow(), .wall = base::SystemClock().Now()};
}

Call Fenced(Call call, const Fence& fence, std::function<std::optional<Fence>()> leads) {
  call.timeout = std::min(call.timeout, fence.write_time);
  call.may_go = [holder = fence.holder, transitions = fence.transitions,
                 leads = std::move(leads)]() -> base::Result<void> {
    const auto now = leads();
    if (now && now->holder == holder && now->transitions == transitions) return {};
    return base::Fail(base::ErrorCode::kUnavailable, "not sent: this replica no longer leads");
  };
  return call;
}

class Leader::Impl {
 public:
  Impl(Client& client, LeaseOptions options, LeaderHandler handler, std::function<Instant()> clock)
      : client_(client),
        handler_(std::move(handler)),
        clock_(std::move(clock)),
        election_(std::move(options), client.random()),
        scope_(client.http()) {}

  void Start() {
    Soon([this] { Drive(); });
  }
  std::optional<Fence> Leads() const;
  std::string leader() const {
    const base::MutexLock lock(mutex_);
    return leader_;
  }
  std::optional<base::Error> error() const {
    const base::MutexLock lock(mutex_);
    return error_;
  }
  base::Result<void> Release();

 private:
  void Soon(std::function<void()> task) {
    client_.http().RunAfter(std::chrono::milliseconds(0), std::move(task), scope_.id());
  }
  void Drive() { Go(election_.Tick(clock_())); }
  void Go(std::optional<Call> call);
  void Publish();
  void WakeAt(SteadyTime next);

  Client& client_;
  const LeaderHandler handler_;
  const std::function<Instant()> clock_;

  // The client's thread alone.
  LeaderElection election_;
  net::HttpClient::Token timer_ = 0;

  mutable base::Mutex mutex_;
  base::CondVar changed_;
  std::optional<Fence> fence_ GUARDED_BY(mutex_);
  std::string leader_ GUARDED_BY(mutex_);
  std::optional<base::Error> error_ GUARDED_BY(mutex_);
  bool released_ GUARDED_BY(mutex_) = false;
  bool finished_ GUARDED_BY(mutex_) = false;

  net::Scope scope_;  // last: it ends the callbacks before anything above goes
};

std::optional<Fence> Leader::Impl::Leads() const {
  const Instant now = clock_();
  const base::MutexLock lock(mutex_);
  if (released_ || !fence_ || !fence_->MayWrite(now)) return std::nullopt;
  return fence_;
}

void Leader::Impl::Go(std::optional<Call> call) {
  Publish();
  if (call) {
    client_.Start(
        std::move(*call),
        [this](const base::Result<net::Response>& answer) {
          Go(election_.TakeAnswer(answer, clock_()));
        },
        scope_.id());
  }
  WakeAt(election_.next());
}

void Leader::Impl::WakeAt(SteadyTime next) {
  client_.http().Cancel(timer_);
  // A clock may be stepped: never sleep for long.
  constexpr std::chrono::milliseconds kLongest{60'000};
  std::chrono::milliseconds delay = kLongest;
  if (const SteadyTime now = clock_().steady; next < now + kLongest) {
    delay = std::max(std::chrono::ceil<std::chrono::milliseconds>(next - now),
                     std::chrono::milliseconds(0));
  }
  timer_ = client_.http().RunAfter(delay, [this] { Drive(); }, scope_.id());
}

void Leader::Impl::Publish() {
  const std::optional<Fence>& fence = election_.fence();
  bool led = false;
  bool new_leader = false;
  {
    const base::MutexLock lock(mutex_);
    led = fence_.has_value() && !released_;
    new_leader = leader_ != election_.leader() && !election_.leader().empty();
    fence_ = fence;
    leader_ = election_.leader();
    error_ = election_.error();
    finished_ = election_.finished();
    changed_.NotifyAll();
  }
  if (led && !fence && handler_.on_lost) {
    const auto& leader = election_.leader();
    const auto& error = election_.error();
    handler_.on_lost(!leader.empty() ? leader + " leads"
                     : error         ? error->message
                                     : std::string("the lease was not renewed in time"));
  }
  if (!led && fence && handler_.on_elected) handler_.on_elected(*fence);
  if (new_leader && handler_.on_new_leader) handler_.on_new_leader(election_.leader());
}

base::Result<void> Leader::Impl::Release() {
  {
    const base::MutexLock lock(mutex_);
    released_ = true;
  }
  Soon([this] { Go(election_.Release(clock_())); });
  const base::MutexLock lock(mutex_);
  while (!finished_) changed_.Wait(mutex_);
  if (error_) return tl::unexpected<base::Error>(*error_);
  return {};
}

Leader::Leader(Client& client, LeaseOptions options, LeaderHandler handler,
               std::function<Instant()> clock)
    : impl_(std::make_unique<Impl>(client, std::move(options), std::move(handler),
                                   std::move(clock))) {}
Leader::~Leader() = default;
void Leader::Start() { impl_->Start(); }
std::optional<Fence> Leader::Leads() const { return impl_->Leads(); }
std::string Leader::leader() const { return impl_->leader(); }
std::optional<base::Error> Leader::error() const { return impl_->error(); }
base::Result<void> Leader::Release() { return impl_->Release(); }

}  // namespace tangram::kube
