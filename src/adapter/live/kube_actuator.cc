#include "adapter/live/kube_actuator.h"

#include <fmt/format.h>

#include <utility>

#include "adapter/live/hardware_writes.h"
#include "adapter/live/lift_patch.h"

namespace tangram::adapter {
namespace {

const kube::Resource kPods{"", "v1", "pods", "Pod"};
const kube::Resource kNodes{"", "v1", "nodes", "Node"};
const kube::Resource kConfigMaps{"", "v1", "configmaps", "ConfigMap"};

}  // namespace

KubeActuator::KubeActuator(kube::Client& client, Mailbox& mailbox, kube::EventRecorder& events,
                           const base::Clock& clock, Leads leads, MigLayoutsIn layouts,
                           SharingConfigsIn sharing)
    : client_(client),
      mailbox_(mailbox),
      events_(events),
      clock_(clock),
      leads_(std::move(leads)),
      layouts_(std::move(layouts)),
      sharing_(std::move(sharing)),
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
  if (const auto deleted = DeletedBy(write)) return Delete(id, *fence, *deleted);
  const auto* create = std::get_if<control::CreateOperation>(&write);
  if (create != nullptr && create->operation.reshare) return CreateReshare(id, *fence, *create);
  auto call = CallOf(write, TextOf(*fence));
  if (!call) return ChangeHardware(id, *fence, write);
  Then then;
  if (auto* plan = std::get_if<control::WritePlanStatus>(&write)) {
    then = [this, of = control::ObjectRef{plan->plan.name, plan->plan.uid},
            news = std::move(plan->news)] { Tell(kPlans, of, news); };
  }
  if (auto* one = std::get_if<control::WriteOperationStatus>(&write)) {
    then = [this, of = control::ObjectRef{one->operation.name, one->operation.uid},
            news = std::move(one->news)] { Tell(kOperations, of, news); };
  }
  Send(id, *fence, *std::move(call), std::move(then));
}

void KubeActuator::Delete(Id id, const kube::Fence& fence, const Deleted& what) {
  client_.Start(
      kube::Fenced(MarkCall(what, TextOf(fence)), fence, leads_),
      [this, id, fence, what](const base::Result<net::Response>& answer) {
        if (!answer) return Report(id, tl::unexpected(answer.error()));
        const auto meta = kube::MetaOf(*answer);
        if (!meta) return Report(id, tl::unexpected(meta.error()));
        Send(id, fence, DeleteCall(what, meta->resource_version));
      },
      scope_.id());
}

void KubeActuator::ChangeHardware(Id id, const kube::Fence& fence, const control::Write& write) {
  if (const auto* change = std::get_if<control::ChangeNode>(&write)) {
    return ReadThenPatch(id, fence, {.resource = kNodes, .name = change->node},
                         [change = *change, text = TextOf(fence)](const std::string& node) {
                           return NodePatch(change, node, text);
                         });
  }
  if (const auto* sharing = std::get_if<control::WriteSharing>(&write)) {
    return ReadThenPatch(
        id, fence, {.resource = kConfigMaps, .ns = sharing_.ns, .name = sharing_.name},
        [this, write = *sharing, text = TextOf(fence)](const std::string& config_map) {
          return SharingPatch(write, config_map, sharing_, text);
        });
  }
  const auto* layouts = std::get_if<control::WriteLayouts>(&write);
  if (layouts == nullptr) return;
  if (layouts_.name.empty()) {
    return Report(id, base::Fail(base::ErrorCode::kInvalid,
                                 "mig-manager's ConfigMap is not known; name it by --mig-layouts"));
  }
  ReadThenPatch(id, fence, {.resource = kConfigMaps, .ns = layouts_.ns, .name = layouts_.name},
                [write = *layouts, text = TextOf(fence)](const std::string& config_map) {
                  return LayoutsPatch(write, config_map, text);
                });
}

void KubeActuator::CreateReshare(Id id, const kube::Fence& fence, control::CreateOperation create) {
  Read({.resource = kConfigMaps, .ns = sharing_.ns, .name = sharing_.name},
       [this, id, fence, create = std::move(create)](const base::Result<std::string>& config_map) {
         if (!config_map) return Report(id, tl::unexpected(config_map.error()));
         auto reshare = WithConfig(*create.operation.reshare, *config_map, sharing_);
         if (!reshare) return Report(id, tl::unexpected(reshare.error()));
         control::CreateOperation whole = create;
         whole.operation.reshare = *std::move(reshare);
         Send(id, fence, *CallOf(whole, TextOf(fence)));
       });
}

void KubeActuator::Read(const kube::ObjectRef& ref, Got then) {
  kube::Call read{
      .asked = {.verb = "get", .resource = ref.resource, .ns = ref.ns, .name = ref.name}};
  read.path = ref.resource.Path(ref.ns, ref.name);
  client_.Start(
      std::move(read),
      [then = std::move(then)](const base::Result<net::Response>& answer) {
        if (!answer) return then(tl::unexpected(answer.error()));
        then(answer->body);
      },
      scope_.id());
}

void KubeActuator::ReadThenPatch(Id id, const kube::Fence& fence, kube::ObjectRef ref,
                                 MakePatch make) {
  Read(ref, [this, id, fence, ref, make = std::move(make)](const base::Result<std::string>& is) {
    if (!is) return Report(id, tl::unexpected(is.error()));
    auto patch = make(*is);
    if (!patch) return Report(id, tl::unexpected(patch.error()));
    if (!*patch) return Report(id, {});  // it is so already
    Send(id, fence, kube::PatchCall(ref, kube::PatchType::kMerge, **std::move(patch)));
  });
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

void KubeActuator::Tell(const kube::Resource& kind, const control::ObjectRef& object,
                        const std::vector<cluster::Condition>& news) {
  for (const cluster::Condition& said : news) {
    kube::Event event;
    event.subject = {.api_version = kind.group + "/" + kind.version,
                     .kind = kind.kind,
                     .name = object.name,
                     .uid = object.uid};
    const bool bad = said.type == "Failed" || said.type == "RolledBack";
    if (bad) event.type = kube::Event::Type::kWarning;
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
