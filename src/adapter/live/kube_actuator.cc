#include "adapter/live/kube_actuator.h"

#include <fmt/format.h>

#include <utility>

#include "adapter/live/lift_patch.h"
#include "adapter/live/our_objects.h"
#include "kube/write.h"

namespace tangram::adapter {
namespace {

const kube::Resource kPods{"", "v1", "pods", "Pod"};

}  // namespace

KubeActuator::KubeActuator(kube::Client& client, Mailbox& mailbox, kube::EventRecorder& events,
                           const base::Clock& clock, Leads leads)
    : client_(client),
      mailbox_(mailbox),
      events_(events),
      clock_(clock),
      leads_(std::move(leads)),
      scope_(client.http()) {}

void KubeActuator::Start(Id id, control::Write write) {
  const auto fence = leads_();
  if (!fence) {
    return Report(id, base::Fail(base::ErrorCode::kUnavailable, "this replica does not lead"));
  }
  if (const auto* lift = std::get_if<control::LiftGate>(&write)) {
    auto patch = LiftPatch(*lift, TextOf(*fence));
    if (!patch) return Report(id, tl::unexpected(patch.error()));
    const kube::ObjectRef pod{.resource = kPods, .ns = lift->pod.ns, .name = lift->pod.name};
    return Send(id, *fence,
                kube::PatchCall(pod, kube::PatchType::kStrategicMerge, *std::move(patch)));
  }
  if (const auto* evict = std::get_if<control::Evict>(&write)) {
    kube::Eviction eviction{.ns = evict->pod.ns, .pod = evict->pod.name};
    eviction.must.uid = evict->pod.uid;
    if (!TextOf(*fence).empty()) eviction.annotations = {{kFenceAnnotation, TextOf(*fence)}};
    return Send(id, *fence, kube::EvictCall(eviction));
  }
  if (const auto* say = std::get_if<control::SayWaiting>(&write)) {
    Say(*say);
    return Report(id, {});
  }
  if (const auto* gone = std::get_if<control::DeletePlan>(&write)) {
    return Delete(id, *fence, *gone);
  }
  auto call = CallOf(write, TextOf(*fence));
  if (!call) return;
  Then then;
  if (auto* status = std::get_if<control::WritePlanStatus>(&write)) {
    then = [this, status = std::move(*status)] { Tell(status); };
  }
  Send(id, *fence, *std::move(call), std::move(then));
}

void KubeActuator::Delete(Id id, const kube::Fence& fence, const control::DeletePlan& write) {
  client_.Start(
      kube::Fenced(MarkCall(write, TextOf(fence)), fence, leads_),
      [this, id, fence, write](const base::Result<net::Response>& answer) {
        if (!answer) return Report(id, tl::unexpected(answer.error()));
        const auto meta = kube::MetaOf(*answer);
        if (!meta) return Report(id, tl::unexpected(meta.error()));
        Send(id, fence, DeleteCall(write, meta->resource_version));
      },
      scope_.id());
}

void KubeActuator::Send(Id id, const kube::Fence& fence, kube::Call call, Then then) {
  client_.Start(
      kube::Fenced(std::move(call), fence, leads_),
      [this, id, then = std::move(then)](base::Result<net::Response> answer) {
        if (!answer) return Report(id, tl::unexpected(answer.error()));
        if (then) then();
        Report(id, {});
      },
      scope_.id());
}

void KubeActuator::Tell(const control::WritePlanStatus& write) {
  for (const cluster::Condition& said : write.news) {
    kube::Event event;
    event.subject = {.api_version = kPlans.group + "/" + kPlans.version,
                     .kind = kPlans.kind,
                     .name = write.plan.name,
                     .uid = write.plan.uid};
    if (said.type == "Failed") event.type = kube::Event::Type::kWarning;
    event.reason = said.type;
    event.action = said.reason;
    event.note = said.message;
    events_.Record(std::move(event));
  }
}

void KubeActuator::Say(const control::SayWaiting& say) {
  kube::Event event;
  event.subject = {.api_version = "v1",
                   .kind = "Pod",
                   .ns = say.pod.ns,
                   .name = say.pod.name,
                   .uid = say.pod.uid};
  event.reason = say.reason;
  event.action = "Place";
  event.note = say.message;
  events_.Record(std::move(event));
}

void KubeActuator::Report(Id id, base::Result<void> outcome) {
  mailbox_.Post([id, outcome = std::move(outcome), &clock = clock_](control::Controller& to) {
    to.Finish(id, outcome, clock.Now());
  });
}

}  // namespace tangram::adapter
