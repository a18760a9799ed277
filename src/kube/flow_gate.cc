#include "kube/flow_gate.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"

namespace tangram::kube {
namespace {

using Seconds = std::chrono::duration<double>;

std::string ResourceOf(const Asked& asked) {
  if (asked.resource.plural.empty()) return "none";
  const std::string name = asked.resource.Name();
  return asked.subresource.empty() ? name : name + "/" + asked.subresource;
}

std::string KindOf(const Asked& asked) { return asked.verb + " " + ResourceOf(asked); }

std::string Name(Priority priority) {
  switch (priority) {
    case Priority::kCritical:
      return "critical";
    case Priority::kNormal:
      return "normal";
    case Priority::kBulk:
      return "bulk";
  }
  return "normal";
}

const metrics::Metric kRequests{"tangram_kube_requests_total",
                                "Requests to the API server by verb, resource and HTTP status; "
                                "code is error where no answer came."};
const metrics::Metric kDuration{"tangram_kube_request_duration_seconds",
                                "From sending a request to the end of its answer, watches apart."};
const metrics::Metric kWait{"tangram_kube_flow_wait_seconds",
                            "How long requests waited for their turn on our side."};
const metrics::Metric kWaiting{"tangram_kube_flow_waiting",
                               "Requests that wait for their turn on our side."};
const metrics::Metric kRate{"tangram_kube_flow_rate",
                            "Requests a second that we allow ourselves; less after 429."};

}  // namespace

FlowGate::FlowGate(net::HttpClient& http, const std::optional<FlowLimits>& limits,
                   metrics::Registry* metrics)
    : http_(http), metrics_(metrics) {
  if (limits) flow_.emplace(*limits);
}

void FlowGate::Pass(const Call& call, net::HttpClient::ScopeId scope, std::function<void()> then) {
  if (!flow_) return then();
  const Flow::Ticket ticket = flow_->Join(call.priority, KindOf(call.asked));
  held_[ticket] = {call.priority, scope, base::MonotonicNow(), std::move(then)};
  LetGo(ticket);
}

// `own`: runs right here; the others in their turn of the client's thread, if their scope is open.
void FlowGate::LetGo(Flow::Ticket own) {
  std::function<void()> mine;
  for (const Flow::Ticket ticket : flow_->TakeReady(base::MonotonicNow())) {
    auto node = held_.extract(ticket);
    CountWait(node.mapped());
    if (ticket == own) {
      mine = std::move(node.mapped().then);
    } else {
      http_.RunAfter(std::chrono::milliseconds(0), std::move(node.mapped().then),
                     node.mapped().scope);
    }
  }
  Wake();
  if (mine) mine();
}

void FlowGate::Wake() {
  if (metrics_ != nullptr) {
    metrics_->GaugeOf(kWaiting).Set(static_cast<double>(flow_->waiting()));
    metrics_->GaugeOf(kRate).Set(flow_->rate());
  }
  http_.Cancel(timer_);
  timer_ = 0;
  const auto now = base::MonotonicNow();
  const auto next = flow_->NextAt(now);
  if (!next) return;
  timer_ = http_.RunAfter(std::chrono::ceil<std::chrono::milliseconds>(*next - now),
                          [this] { LetGo(0); });
}

void FlowGate::CountWait(const Held& held) {
  if (metrics_ == nullptr) return;
  metrics_->HistogramOf(kWait, {{"priority", Name(held.priority)}}, metrics::RequestSeconds())
      .Observe(Seconds(base::MonotonicNow() - held.since).count());
}

void FlowGate::Heard(const Call& call, const Outcome& outcome) {
  if (flow_ && outcome.load == Load::kBusy) {
    flow_->Heard(KindOf(call.asked), {outcome.status, outcome.level, outcome.retry_after},
                 base::MonotonicNow());
    Wake();
  } else if (flow_ && !outcome.level.empty()) {
    flow_->Heard(KindOf(call.asked), {200, outcome.level, {}}, base::MonotonicNow());
  }
  if (metrics_ == nullptr) return;
  const std::string resource = ResourceOf(call.asked);
  const std::string code = outcome.status == 0 ? "error" : std::to_string(outcome.status);
  metrics_
      ->CounterOf(kRequests, {{"verb", call.asked.verb}, {"resource", resource}, {"code", code}})
      .Increment();
  if (call.asked.verb == "watch") return;
  metrics_
      ->HistogramOf(kDuration, {{"verb", call.asked.verb}, {"resource", resource}},
                    metrics::RequestSeconds())
      .Observe(Seconds(outcome.took).count());
}

}  // namespace tangram::kube
