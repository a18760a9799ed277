#include "kube/lease.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/time_text.h"
#include "kube/micro_time.h"
#include "kube/write.h"

namespace tangram::kube {
namespace {

using Json = nlohmann::json;
using std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;

// client-go's JitterFactor: a candidate comes back after 1 to 2.2 retry periods.
constexpr int kJitterPercent = 120;

milliseconds MostJitter(const LeaseOptions& options) {
  return options.retry_period * kJitterPercent / 100;
}

ObjectRef RefOf(const LeaseOptions& options, const std::string& name) {
  return {.resource = kLeases, .ns = options.ns, .name = name};
}

// Two tries fit in the time that a leader has; the next try is ours to make, not the client's.
WriteOptions HowToWrite(const LeaseOptions& options) {
  return {.priority = Priority::kCritical, .timeout = options.renew_deadline / 2};
}

std::int64_t WholeSeconds(milliseconds span) {
  return std::chrono::duration_cast<std::chrono::seconds>(span).count();
}

template <class T>
T ValueAt(const Json& object, const char* key, T otherwise) {
  const auto found = object.find(key);
  if (found == object.end()) return otherwise;
  if constexpr (std::is_same_v<T, std::string>) {
    return found->is_string() ? found->get<std::string>() : otherwise;
  } else {
    return found->is_number_integer() ? found->get<T>() : otherwise;
  }
}

}  // namespace

base::Result<void> Check(const LeaseOptions& options) {
  const auto fail = [&](const std::string& what) {
    return base::Fail(base::ErrorCode::kInvalid,
                      fmt::format("lease \"{}/{}\": {}", options.ns, options.name, what));
  };
  if (options.ns.empty() || options.name.empty() || options.identity.empty()) {
    return fail("namespace, name and identity must be set");
  }
  if (options.lease_duration % std::chrono::seconds(1) != milliseconds(0)) {
    return fail(fmt::format("the lease duration is {}; the API knows whole seconds",
                            base::FormatSpan(options.lease_duration)));
  }
  if (options.retry_period <= milliseconds(0)) return fail("the retry period must be positive");
  if (options.renew_deadline <= MostJitter(options)) {
    return fail(fmt::format("the renew deadline ({}) must be longer than 1.2 retry periods ({})",
                            base::FormatSpan(options.renew_deadline),
                            base::FormatSpan(MostJitter(options))));
  }
  if (options.lease_duration < options.renew_deadline + kLeastWriteTime) {
    return fail(
        fmt::format("the lease duration ({}) must be longer than the renew deadline ({}) "
                    "by {} or more, the time that a write may take",
                    base::FormatSpan(options.lease_duration),
                    base::FormatSpan(options.renew_deadline), base::FormatSpan(kLeastWriteTime)));
  }
  return {};
}

LeaderElection::LeaderElection(LeaseOptions options, Random random)
    : options_(std::move(options)), random_(std::move(random)) {}

SteadyTime LeaderElection::next() const {
  const SteadyTime act = pending_ || releasing_ ? SteadyTime::max() : next_;
  return fence_ ? std::min(act, fence_->valid_until.steady) : act;
}

void LeaderElection::Wait(const Instant& now) {
  next_ = now.steady + options_.retry_period + RandomUpTo(MostJitter(options_), random_);
}

void LeaderElection::DropStaleFence(const Instant& now) {
  if (!fence_ || fence_->MayWrite(now)) return;
  fence_.reset();
  leader_.clear();
}

std::optional<Call> LeaderElection::Tick(const Instant& now) {
  DropStaleFence(now);
  if (pending_ || releasing_ || now.steady < next_) return std::nullopt;
  return fence_ ? AskUpdate(Asked::kRenew, now) : AskGet(now);
}

std::optional<Call> LeaderElection::Ask(Asked what, Call call, const Instant& now) {
  call.repeat = Repeat::kNever;
  call.priority = Priority::kCritical;
  call.timeout = options_.renew_deadline / 2;
  pending_ = Pending{what, now};
  return call;
}

std::optional<Call> LeaderElection::AskGet(const Instant& now) {
  Call call{
      .asked = {.verb = "get", .resource = kLeases, .ns = options_.ns, .name = options_.name}};
  call.path = kLeases.Path(options_.ns, options_.name);
  return Ask(Asked::kGet, std::move(call), now);
}

std::optional<Call> LeaderElection::AskCreate(const Instant& now) {
  const Json lease = {{"apiVersion", "coordination.k8s.io/v1"},
                      {"kind", "Lease"},
                      {"metadata", {{"name", options_.name}, {"namespace", options_.ns}}},
                      {"spec",
                       {{"holderIdentity", options_.identity},
                        {"leaseDurationSeconds", WholeSeconds(options_.lease_duration)},
                        {"acquireTime", MicroTime(now.wall)},
                        {"renewTime", MicroTime(now.wall)},
                        {"leaseTransitions", 0}}}};
  return Ask(Asked::kCreate, CreateCall(RefOf(options_, ""), lease.dump(), HowToWrite(options_)),
             now);
}

// Takes or renews what was observed; conditional on its resourceVersion.
std::optional<Call> LeaderElection::AskUpdate(Asked what, const Instant& now) {
  Json lease = Json::parse(observed_->object);
  Json& spec = lease["spec"];
  if (observed_->holder != options_.identity) {
    spec["acquireTime"] = MicroTime(now.wall);
    spec["leaseTransitions"] = observed_->transitions + 1;
  }
  spec["holderIdentity"] = options_.identity;
  spec["leaseDurationSeconds"] = WholeSeconds(options_.lease_duration);
  spec["renewTime"] = MicroTime(now.wall);
  return Ask(what, UpdateCall(RefOf(options_, options_.name), lease.dump(), HowToWrite(options_)),
             now);
}

std::optional<Call> LeaderElection::AskGiveUp(const Instant& now) {
  if (!observed_ || observed_->holder != options_.identity) return std::nullopt;
  Json lease = Json::parse(observed_->object);
  Json& spec = lease["spec"];
  spec["holderIdentity"] = "";
  spec["leaseDurationSeconds"] = 1;
  spec["acquireTime"] = MicroTime(now.wall);
  spec["renewTime"] = MicroTime(now.wall);
  return Ask(Asked::kGiveUp,
             UpdateCall(RefOf(options_, options_.name), lease.dump(), HowToWrite(options_)), now);
}

std::optional<Call> LeaderElection::Release(const Instant& now) {
  if (releasing_) return std::nullopt;
  releasing_ = true;
  error_.reset();
  fence_.reset();
  leader_.clear();
  return pending_ ? std::nullopt : AskGiveUp(now);
}

// What the server said of the Lease. Its renewTime is not looked at: another's clock decides
// nothing here.
base::Result<void> LeaderElection::Observe(const std::string& body, const Instant& now) {
  Json lease = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  const bool whole = lease.is_object() && lease.contains("metadata") &&
                     lease["metadata"].is_object() &&
                     !ValueAt(lease["metadata"], "resourceVersion", std::string()).empty();
  if (!whole) {
    return base::Fail(
        base::ErrorCode::kUnavailable,
        fmt::format("lease \"{}/{}\": the answer is no Lease", options_.ns, options_.name));
  }
  if (!lease["spec"].is_object()) lease["spec"] = Json::object();
  const Json& spec = lease["spec"];
  Observed seen{.object = lease.dump(-1, ' ', false, Json::error_handler_t::replace),
                .spec = spec.dump(-1, ' ', false, Json::error_handler_t::replace),
                .holder = ValueAt(spec, "holderIdentity", std::string()),
                .duration = {},
                .transitions = ValueAt(spec, "leaseTransitions", std::int64_t{0}),
                .since = now.steady};
  constexpr std::int64_t kMostSeconds = 86'400;
  const auto seconds = ValueAt(spec, "leaseDurationSeconds", std::int64_t{0});
  seen.duration = std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, kMostSeconds));
  if (observed_ && observed_->spec == seen.spec) seen.since = observed_->since;
  observed_ = std::move(seen);
  return {};
}

bool LeaderElection::HeldByAnother(const Instant& now) const {
  return !observed_->holder.empty() && observed_->holder != options_.identity &&
         now.steady < observed_->since + observed_->duration;
}

std::optional<Call> LeaderElection::Decide(const Instant& now) {
  if (observed_->holder != options_.identity) fence_.reset();
  leader_ = fence_ ? options_.identity : "";
  if (!HeldByAnother(now)) return AskUpdate(Asked::kTake, now);
  leader_ = observed_->holder;
  Wait(now);
  return std::nullopt;
}

// Others measure from when they see the record, which is after it was sent: until lease_duration
// from there nobody takes it. We stop earlier, so that clocks of unequal rates do no harm.
void LeaderElection::Lead(const Instant& sent) {
  fence_ = Fence{.holder = options_.identity,
                 .transitions = observed_->transitions,
                 .renewed = sent,
                 .valid_until = {.steady = sent.steady + options_.renew_deadline,
                                 .wall = sent.wall + options_.renew_deadline},
                 .write_time = options_.lease_duration - options_.renew_deadline};
  leader_ = options_.identity;
  next_ = sent.steady + options_.retry_period;
}

std::optional<Call> LeaderElection::TakeRefusal(Asked what, const base::Error& error,
                                                const Instant& now) {
  if (what == Asked::kGet && error.code == base::ErrorCode::kNotFound) {
    fence_.reset();
    leader_.clear();
    observed_.reset();
    return AskCreate(now);
  }
  error_ = error;
  // What we renewed is not as we knew it: look at once.
  const bool changed =
      error.code == base::ErrorCode::kConflict || error.code == base::ErrorCode::kNotFound;
  if (what == Asked::kRenew && changed) return AskGet(now);
  Wait(now);
  if (fence_) next_ = now.steady + options_.retry_period;
  return std::nullopt;
}

std::optional<Call> LeaderElection::TakeAnswer(const base::Result<net::Response>& answer,
                                               const Instant& now) {
  if (!pending_) return std::nullopt;
  const Pending asked = *pending_;
  pending_.reset();
  DropStaleFence(now);
  const auto seen = answer ? Observe(answer->body, now)
                           : base::Result<void>(tl::unexpected<base::Error>(answer.error()));
  if (releasing_) {
    if (asked.what == Asked::kGiveUp && !seen) error_ = seen.error();
    return asked.what == Asked::kGiveUp ? std::nullopt : AskGiveUp(now);
  }
  if (!seen) return TakeRefusal(asked.what, seen.error(), now);
  error_.reset();
  if (asked.what == Asked::kGet) return Decide(now);
  Lead(asked.sent);
  DropStaleFence(now);  // the answer may have come too late
  return std::nullopt;
}

}  // namespace tangram::kube
