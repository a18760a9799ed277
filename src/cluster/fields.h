// The fields of the file form, each listed once. Reader, writer and schema are made from this list.
#pragma once

#include "cluster/device_fields.h"
#include "cluster/field_bounds.h"
#include "cluster/layout.h"
#include "cluster/snapshot.h"

namespace tangram::cluster {

template <>
struct EnumNames<CapacityType> {
  using enum CapacityType;
  static constexpr std::array<std::pair<CapacityType, std::string_view>, 4> kNames = {
      {{kUnknown, "Unknown"}, {kOnDemand, "OnDemand"}, {kSpot, "Spot"}, {kReserved, "Reserved"}}};
};

template <>
struct EnumNames<MigStrategy> {
  using enum MigStrategy;
  static constexpr std::array<std::pair<MigStrategy, std::string_view>, 3> kNames = {
      {{kNone, "None"}, {kSingle, "Single"}, {kMixed, "Mixed"}}};
};

template <>
struct EnumNames<Sharing> {
  using enum Sharing;
  static constexpr std::array<std::pair<Sharing, std::string_view>, 3> kNames = {
      {{kNone, "None"}, {kTimeSlicing, "TimeSlicing"}, {kMps, "Mps"}}};
};

template <>
struct EnumNames<LayoutSource> {
  using enum LayoutSource;
  static constexpr std::array<std::pair<LayoutSource, std::string_view>, 3> kNames = {
      {{kNone, "None"}, {kObserved, "Observed"}, {kInferred, "Inferred"}}};
};

template <>
struct EnumNames<PodPhase> {
  using enum PodPhase;
  static constexpr std::array<std::pair<PodPhase, std::string_view>, 5> kNames = {
      {{kPending, "Pending"},
       {kRunning, "Running"},
       {kSucceeded, "Succeeded"},
       {kFailed, "Failed"},
       {kUnknown, "Unknown"}}};
};

template <>
struct EnumNames<ActivityMetric> {
  using enum ActivityMetric;
  static constexpr std::array<std::pair<ActivityMetric, std::string_view>, 3> kNames = {
      {{kNone, "None"}, {kEngine, "Engine"}, {kUtilization, "Utilization"}}};
};

template <>
struct Layout<DeviceHolder> {
  static constexpr std::string_view kTitle = "holder";
  static constexpr std::string_view kAbout = "A pod that holds a device.";
  static constexpr std::tuple kFields = {
      Field{"namespace", &DeviceHolder::ns, Must(), "Namespace."},
      Field{"pod", &DeviceHolder::pod, Must(), "Name of the pod."}};
};

template <>
struct Layout<Instance> {
  static constexpr std::string_view kTitle = "instance";
  static constexpr std::string_view kAbout = "A MIG GPU instance.";
  static constexpr std::tuple kFields = {
      Field{"profile", &Instance::profile, Must(), "NVIDIA's name: 1g.10gb+me."},
      Field{"start", &Instance::start, Between(0, 63),
            "First memory slice; absent where not reported."},
      Field{"id", &Instance::id, Maybe(), "GPU instance id of DCGM, or the DRA device."},
      Field{"holders", &Instance::holders, Maybe(),
            "Pods that hold it, as the agent on the node reports."}};
};

template <>
struct Layout<Gpu> {
  static constexpr std::string_view kTitle = "gpu";
  static constexpr std::string_view kAbout = "One physical card.";
  static constexpr std::tuple kFields = {
      Field{"index", &Gpu::index, MustBetween(0, kMostIndex),
            "Position on its node, from 0; unique there."},
      Field{"uuid", &Gpu::uuid, Maybe(), "As NVML gives it; absent where not reported."},
      Field{"product", &Gpu::product, Maybe(), "As reported, without -MIG and -SHARED suffixes."},
      Field{"memoryMiB", &Gpu::memory, Between(0, kMostCount),
            "Memory of the whole card; absent where not reported."},
      Field{"layout", &Gpu::layout, Maybe(), "How the instances became known. None: MIG is off."},
      Field{"instances", &Gpu::instances, Maybe(), "MIG instances, by start, then id."},
      Field{"sharing", &Gpu::sharing, Maybe(), "How the card or its instances are shared."},
      Field{"replicas", &Gpu::replicas, Between(1, kMostReplicas),
            "Shares of the card, or of each instance; 1: not shared."},
      Field{"draDevice", &Gpu::dra_device, Maybe(), "Name of the DRA device, if there is one."},
      Field{"holders", &Gpu::holders, Maybe(),
            "Pods that hold the whole card, as the agent on the node reports."}};
};

template <>
struct Layout<Taint> {
  static constexpr std::string_view kTitle = "taint";
  static constexpr std::string_view kAbout = "A taint of a node.";
  static constexpr std::tuple kFields = {
      Field{"key", &Taint::key, Must(), "Key."}, Field{"value", &Taint::value, Maybe(), "Value."},
      Field{"effect", &Taint::effect, Maybe(), "NoSchedule, PreferNoSchedule or NoExecute."}};
};

template <>
struct Layout<NodePrice> {
  static constexpr std::string_view kTitle = "price";
  static constexpr std::string_view kAbout = "What a node costs and where the figure is from.";
  static constexpr std::tuple kFields = {
      Field{"rateMicroUsdPerHour", &NodePrice::rate, MustBetween(0, kMostRate),
            "The whole node at its capacity type; 1000000 is one US dollar an hour."},
      Field{"spotRateMicroUsdPerHour", &NodePrice::spot_rate, Between(0, kMostRate),
            "The same node as spot; absent where not known."},
      Field{"source", &NodePrice::source, Maybe(), "Where the figure is from."},
      Field{"asOf", &NodePrice::as_of, Maybe(), "Date of the figure: 2026-07-20."},
      Field{"note", &NodePrice::note, Maybe(), "How the match is weaker than exact."}};
};

template <>
struct Layout<Node> {
  static constexpr std::string_view kTitle = "node";
  static constexpr std::string_view kAbout = "A node and the GPUs on it.";
  static constexpr std::tuple kFields = {
      Field{"name", &Node::name, Must(), "Name; unique in the file."},
      Field{"createdAt", &Node::created_at, Maybe(), "When the object was made."},
      Field{"ready", &Node::ready, Maybe(), "Condition Ready; absent: true."},
      Field{"schedulable", &Node::schedulable, Maybe(), "false: cordoned; absent: true."},
      Field{"cloud", &Node::cloud, Maybe(), "aws, gcp or azure; absent where not known."},
      Field{"region", &Node::region, Maybe(), "Label topology.kubernetes.io/region."},
      Field{"zone", &Node::zone, Maybe(), "Label topology.kubernetes.io/zone."},
      Field{"instanceType", &Node::instance_type, Maybe(),
            "Label node.kubernetes.io/instance-type."},
      Field{"capacityType", &Node::capacity_type, Maybe(), "How the node is bought."},
      Field{"pool", &Node::pool, Maybe(), "Node pool or group."},
      Field{"cpuMilli", &Node::cpu, Between(0, kMostCount), "Allocatable CPU; 1000 is one core."},
      Field{"memoryMiB", &Node::memory, Between(0, kMostCount), "Allocatable memory."},
      Field{"devices", &Node::devices, Between(0, kMostCount),
            "Allocatable extended resources by name, zero counts included."},
      Field{"migStrategy", &Node::mig_strategy, Maybe(), "Strategy of the device plugin."},
      Field{"gpus", &Node::gpus, Maybe(), "Cards, by index."},
      Field{"price", &Node::price, Maybe(), "Absent: no price was found; not zero."},
      Field{"labels", &Node::labels, Maybe(), "Labels of the node."},
      Field{"taints", &Node::taints, Maybe(), "Taints of the node."}};
};

template <>
struct Layout<Owner> {
  static constexpr std::string_view kTitle = "owner";
  static constexpr std::string_view kAbout = "Who the pod belongs to; absent: a bare pod.";
  static constexpr std::tuple kFields = {
      Field{"kind", &Owner::kind, Maybe(), "Deployment, StatefulSet, Job, ..."},
      Field{"name", &Owner::name, Maybe(), "Name."}};
};

template <>
struct Layout<Toleration> {
  static constexpr std::string_view kTitle = "toleration";
  static constexpr std::string_view kAbout = "A toleration of a pod.";
  static constexpr std::tuple kFields = {
      Field{"key", &Toleration::key, Maybe(), "Absent with Exists: every key."},
      Field{"operator", &Toleration::op, Maybe(), "Exists or Equal."},
      Field{"value", &Toleration::value, Maybe(), "Value."},
      Field{"effect", &Toleration::effect, Maybe(), "Absent: every effect."}};
};

template <>
struct Layout<SelectorTerm> {
  static constexpr std::string_view kTitle = "selectorTerm";
  static constexpr std::string_view kAbout = "One matchExpressions entry of a selector.";
  static constexpr std::tuple kFields = {
      Field{"key", &SelectorTerm::key, Must(), "Label key."},
      Field{"operator", &SelectorTerm::op, Must(),
            "In, NotIn, Exists or DoesNotExist; of nodes Gt and Lt too."},
      Field{"values", &SelectorTerm::values, Words(),
            "Values of In and NotIn; the bound of Gt and Lt."}};
};

template <>
struct Layout<Selector> {
  static constexpr std::string_view kTitle = "selector";
  static constexpr std::string_view kAbout = "A label selector; empty: everything.";
  static constexpr std::tuple kFields = {
      Field{"matchLabels", &Selector::match_labels, Maybe(), "Labels that have to be there."},
      Field{"matchExpressions", &Selector::match_expressions, Maybe(),
            "Expressions that have to hold."}};
};

template <>
struct Layout<NodeTerm> {
  static constexpr std::string_view kTitle = "nodeTerm";
  static constexpr std::string_view kAbout =
      "One nodeSelectorTerm: all of it has to hold; an empty one never does.";
  static constexpr std::tuple kFields = {
      Field{"matchExpressions", &NodeTerm::labels, Maybe(), "Of the node's labels."},
      Field{"matchFields", &NodeTerm::fields, Maybe(), "Of metadata.name."}};
};

template <>
struct Layout<NodePreference> {
  static constexpr std::string_view kTitle = "nodePreference";
  static constexpr std::string_view kAbout = "Preferred node affinity.";
  static constexpr std::tuple kFields = {
      Field{"weight", &NodePreference::weight, Between(0, 100), "1 to 100; absent: 1."},
      Field{"term", &NodePreference::term, Maybe(), "Which nodes."}};
};

template <>
struct Layout<PodTerm> {
  static constexpr std::string_view kTitle = "podTerm";
  static constexpr std::string_view kAbout = "Required pod affinity or anti-affinity.";
  static constexpr std::tuple kFields = {
      Field{"topologyKey", &PodTerm::topology_key, Must(), "Label key of nodes."},
      Field{"selector", &PodTerm::selector, Maybe(), "Which other pods; absent: none."},
      Field{"namespaces", &PodTerm::namespaces, Maybe(), "Namespaces of the other pods."},
      Field{"namespaceSelector", &PodTerm::namespace_selector, Maybe(),
            "And those that it selects; with namespaces absent too: the pod's own."}};
};

template <>
struct Layout<SpreadConstraint> {
  static constexpr std::string_view kTitle = "spreadConstraint";
  static constexpr std::string_view kAbout =
      "A topology spread constraint with whenUnsatisfiable DoNotSchedule.";
  static constexpr std::tuple kFields = {
      Field{"topologyKey", &SpreadConstraint::topology_key, Must(), "Label key of nodes."},
      Field{"maxSkew", &SpreadConstraint::max_skew, Between(1, kMostInt32), "Absent: 1."},
      Field{"selector", &SpreadConstraint::selector, Maybe(), "Which pods; absent: none."},
      Field{"minDomains", &SpreadConstraint::min_domains, Between(1, kMostInt32), "Absent: 1."},
      Field{"countsAllNodes", &SpreadConstraint::counts_all_nodes, Maybe(),
            "nodeAffinityPolicy is Ignore; absent: false."},
      Field{"honorsTaints", &SpreadConstraint::honors_taints, Maybe(),
            "nodeTaintsPolicy is Honor; absent: false."}};
};

template <>
struct Layout<Affinity> {
  static constexpr std::string_view kTitle = "affinity";
  static constexpr std::string_view kAbout = "What a pod asks of nodes and of other pods.";
  static constexpr std::tuple kFields = {
      Field{"nodes", &Affinity::nodes, Maybe(),
            "Required node affinity: one of the terms has to hold; absent: every node."},
      Field{"preferredNodes", &Affinity::preferred_nodes, Maybe(), "Preferred node affinity."},
      Field{"pods", &Affinity::pods, Maybe(), "Required pod affinity."},
      Field{"antiPods", &Affinity::anti_pods, Maybe(), "Required pod anti-affinity."},
      Field{"spread", &Affinity::spread, Maybe(), "Topology spread."}};
};

template <>
struct Layout<Pod> {
  static constexpr std::string_view kTitle = "pod";
  static constexpr std::string_view kAbout = "A pod with its requests.";
  static constexpr std::tuple kFields = {
      Field{"namespace", &Pod::ns, Must(), "Namespace."},
      Field{"name", &Pod::name, Must(), "Name; unique in its namespace."},
      Field{"uid", &Pod::uid, Maybe(), "uid; claims refer to it."},
      Field{"owner", &Pod::owner, Maybe(), "Who the pod belongs to; absent: a bare pod."},
      Field{"node", &Pod::node, Maybe(), "Node it is bound to; absent: not bound."},
      Field{"phase", &Pod::phase, Must(), "Phase."},
      Field{"ready", &Pod::ready, Maybe(), "Condition Ready; absent: false."},
      Field{"terminating", &Pod::terminating, Maybe(),
            "Its deletion has begun; it holds what it has until it is gone. Absent: false."},
      Field{"createdAt", &Pod::created_at, Maybe(), "When the object was made."},
      Field{"startedAt", &Pod::started_at, Maybe(), "When the kubelet took it."},
      Field{"priority", &Pod::priority, Between(kLeastInt32, kMostInt32), "Priority; absent: 0."},
      Field{"priorityClass", &Pod::priority_class, Maybe(), "Name of its PriorityClass."},
      Field{"canPreempt", &Pod::can_preempt, Maybe(),
            "false: preemptionPolicy is Never; absent: true."},
      Field{"podGroup", &Pod::pod_group, Maybe(), "Its PodGroup of scheduling.k8s.io."},
      Field{"cpuMilli", &Pod::cpu, Between(0, kMostCount), "Request; 1000 is one core."},
      Field{"memoryMiB", &Pod::memory, Between(0, kMostCount), "Request."},
      Field{"devices", &Pod::devices, Between(0, kMostCount), "Extended resources asked for."},
      Field{"claims", &Pod::claims, Maybe(),
            "ResourceClaims in its namespace; one that is yet to be made ends with a hyphen."},
      Field{"gates", &Pod::gates, Maybe(), "Scheduling gates that are still there."},
      Field{"nodeSelector", &Pod::node_selector, Maybe(), "Node selector."},
      Field{"tolerations", &Pod::tolerations, Maybe(), "Tolerations."},
      Field{"affinity", &Pod::affinity, Maybe(), "Affinity and topology spread."},
      Field{"labels", &Pod::labels, Maybe(), "Labels, without the hashes of controllers."},
      Field{"annotations", &Pod::annotations, Maybe(),
            "Only keys that steer disruption, and Tangram's."},
      Field{"pendingReason", &Pod::pending_reason, Maybe(),
            "Reason of PodScheduled=False: Unschedulable, SchedulingGated."},
      Field{"pendingMessage", &Pod::pending_message, Maybe(), "The scheduler's sentence."}};
};

template <>
struct Layout<Namespace> {
  static constexpr std::string_view kTitle = "namespace";
  static constexpr std::string_view kAbout = "A namespace.";
  static constexpr std::tuple kFields = {
      Field{"name", &Namespace::name, Must(), "Name; unique in the file."},
      Field{"labels", &Namespace::labels, Maybe(), "Labels."}};
};

template <>
struct Layout<DisruptionBudget> {
  static constexpr std::string_view kTitle = "disruptionBudget";
  static constexpr std::string_view kAbout = "A PodDisruptionBudget.";
  static constexpr std::tuple kFields = {
      Field{"namespace", &DisruptionBudget::ns, Must(), "Namespace."},
      Field{"name", &DisruptionBudget::name, Must(), "Name; unique in its namespace."},
      Field{"matchLabels", &DisruptionBudget::match_labels, Maybe(),
            "Labels of the selector; with matchExpressions absent too: every pod."},
      Field{"matchExpressions", &DisruptionBudget::match_expressions, Maybe(),
            "Expressions of the selector."},
      Field{"disruptionsAllowed", &DisruptionBudget::disruptions_allowed, Between(0, kMostInt32),
            "Pods that may be evicted now; absent: 0."}};
};

template <>
struct Layout<Quota> {
  static constexpr std::string_view kTitle = "quota";
  static constexpr std::string_view kAbout = "A ResourceQuota: the GPU resources of it.";
  static constexpr std::tuple kFields = {
      Field{"namespace", &Quota::ns, Must(), "Namespace."},
      Field{"name", &Quota::name, Must(), "Name; unique in its namespace."},
      Field{"hard", &Quota::hard, Between(0, kMostCount), "Limits: requests.nvidia.com/gpu."},
      Field{"used", &Quota::used, Between(0, kMostCount), "In use."}};
};

template <>
struct Layout<QueueResource> {
  static constexpr std::string_view kTitle = "queueResource";
  static constexpr std::string_view kAbout = "One resource of one flavor in a ClusterQueue.";
  static constexpr std::tuple kFields = {
      Field{"flavor", &QueueResource::flavor, Must(), "ResourceFlavor."},
      Field{"resource", &QueueResource::resource, Must(), "Resource: nvidia.com/gpu."},
      Field{"nominal", &QueueResource::nominal, Between(0, kMostQuota), "Nominal quota."},
      Field{"used", &QueueResource::used, Between(0, kMostQuota), "In use."},
      Field{"borrowed", &QueueResource::borrowed, Between(0, kMostQuota),
            "Of it, taken from the cohort."}};
};

template <>
struct Layout<Queue> {
  static constexpr std::string_view kTitle = "queue";
  static constexpr std::string_view kAbout = "A Kueue ClusterQueue.";
  static constexpr std::tuple kFields = {
      Field{"name", &Queue::name, Must(), "Name; unique in the file."},
      Field{"cohort", &Queue::cohort, Maybe(), "Cohort; absent: none."},
      Field{"resources", &Queue::resources, Maybe(), "Quota and use."},
      Field{"pendingWorkloads", &Queue::pending_workloads, Between(0, kMostCount), "Waiting."},
      Field{"admittedWorkloads", &Queue::admitted_workloads, Between(0, kMostCount), "Admitted."}};
};

template <>
struct Layout<LocalQueue> {
  static constexpr std::string_view kTitle = "localQueue";
  static constexpr std::string_view kAbout = "A Kueue LocalQueue.";
  static constexpr std::tuple kFields = {
      Field{"namespace", &LocalQueue::ns, Must(), "Namespace."},
      Field{"name", &LocalQueue::name, Must(), "Name; unique in its namespace."},
      Field{"queue", &LocalQueue::queue, Maybe(), "The ClusterQueue it leads to."},
      Field{"pendingWorkloads", &LocalQueue::pending_workloads, Between(0, kMostCount),
            "Waiting."}};
};

template <>
struct Layout<PriorityClass> {
  static constexpr std::string_view kTitle = "priorityClass";
  static constexpr std::string_view kAbout = "A PriorityClass.";
  static constexpr std::tuple kFields = {
      Field{"name", &PriorityClass::name, Must(), "Name; unique in the file."},
      Field{"value", &PriorityClass::value, Between(kLeastInt32, kMostInt32),
            "Higher comes first; absent: 0."},
      Field{"preempts", &PriorityClass::preempts, Maybe(),
            "false: preemptionPolicy is Never; absent: true."},
      Field{"globalDefault", &PriorityClass::global_default, Maybe(),
            "true: of pods that name none; absent: false."}};
};

template <>
struct Layout<GangSize> {
  static constexpr std::string_view kTitle = "gangSize";
  static constexpr std::string_view kAbout = "How many pods of a gang an object speaks for.";
  static constexpr std::tuple kFields = {
      Field{"gang", &GangSize::gang, Must(), "Name of the gang."},
      Field{"pods", &GangSize::pods, MustBetween(1, kMostInt32),
            "Pods that start together; 1: each by itself."}};
};

template <>
struct Layout<GangOwner> {
  static constexpr std::string_view kTitle = "gangOwner";
  static constexpr std::string_view kAbout =
      "A Job, JobSet or PodGroup that says how many pods start together.";
  static constexpr std::tuple kFields = {
      Field{"namespace", &GangOwner::ns, Must(), "Namespace."},
      Field{"name", &GangOwner::name, Must(),
            "Kind and name, unique in its namespace: jobs.batch/train."},
      Field{"gangs", &GangOwner::gangs, Maybe(), "The gangs of its pods."}};
};

template <>
struct Layout<DeviceUsage> {
  static constexpr std::string_view kTitle = "deviceUsage";
  static constexpr std::string_view kAbout =
      "What was measured on one card or instance while one pod held it.";
  static constexpr std::tuple kFields = {
      Field{"node", &DeviceUsage::node, Maybe(), "Node; absent: the series named none."},
      Field{"gpuIndex", &DeviceUsage::gpu_index, Between(-1, kMostIndex),
            "Index of the card on its node; absent: not known."},
      Field{"uuid", &DeviceUsage::uuid, Maybe(), "uuid of the physical card."},
      Field{"instanceId", &DeviceUsage::instance_id, Maybe(), "Absent: the whole card."},
      Field{"profile", &DeviceUsage::profile, Maybe(), "MIG profile of the instance."},
      Field{"namespace", &DeviceUsage::ns, Maybe(), "Namespace of the pod that held it."},
      Field{"pod", &DeviceUsage::pod, Maybe(), "Pod that held it; absent: none was named."},
      Field{"container", &DeviceUsage::container, Maybe(), "Container that held it."},
      Field{"metric", &DeviceUsage::metric, Maybe(), "Which series said how busy it was."},
      Field{"samples", &DeviceUsage::samples, Between(0, kMostCount), "Good samples."},
      Field{"rejected", &DeviceUsage::rejected, Between(0, kMostCount),
            "Samples that were NaN, infinite or outside the unit."},
      Field{"activeMeanPpm", &DeviceUsage::active_mean, Between(0, 1'000'000),
            "Mean activity; 1000000 is fully busy."},
      Field{"activeMaxPpm", &DeviceUsage::active_max, Between(0, 1'000'000), "Highest activity."},
      Field{"busySharePpm", &DeviceUsage::busy_share, Between(0, 1'000'000),
            "Share of the samples above 5 % activity."},
      Field{"lastActive", &DeviceUsage::last_active, Maybe(), "Last time above 5 %."},
      Field{"memoryMeanMiB", &DeviceUsage::memory_mean, Between(0, kMostCount), "Mean in use."},
      Field{"memoryMaxMiB", &DeviceUsage::memory_max, Between(0, kMostCount), "Most in use."},
      Field{"memoryTotalMiB", &DeviceUsage::memory_total, Between(0, kMostCount),
            "Used and free together."},
      Field{"powerMilliwatts", &DeviceUsage::power_milliwatts, Between(0, kMostSmall),
            "Mean, of the whole card."},
      Field{"smClockMhz", &DeviceUsage::sm_clock_mhz, Between(0, kMostSmall), "Mean."},
      Field{"lastXid", &DeviceUsage::last_xid, Between(0, kMostSmall),
            "Last XID error; absent: none was seen."}};
};

template <>
struct Layout<Usage> {
  static constexpr std::string_view kTitle = "usage";
  static constexpr std::string_view kAbout = "What was measured over a window.";
  static constexpr std::tuple kFields = {
      Field{"from", &Usage::from, Must(), "Start of the window."},
      Field{"to", &Usage::to, Must(), "End of the window; not before its start."},
      Field{"intervalMs", &Usage::interval, Between(1, kMostInterval),
            "Expected milliseconds between two samples; absent: 30000."},
      Field{"source", &Usage::source, Maybe(), "Where it is from; never with credentials."},
      Field{"devices", &Usage::devices, Rows(), "One entry a device and pod."}};
};

template <>
struct Layout<Demand> {
  static constexpr std::string_view kTitle = "demand";
  static constexpr std::string_view kAbout =
      "How many MIG instances of a profile were wanted at once in a pool, in hours in a row.";
  static constexpr std::tuple kFields = {
      Field{"pool", &Demand::pool, Must(), "Name of the GpuPool."},
      Field{"profile", &Demand::profile, Must(), "NVIDIA's name: 1g.10gb."},
      Field{"from", &Demand::from, Must(), "Start of the first hour; whole hours of UTC."},
      Field{"peaks", &Demand::peaks, MustBetween(0, kMostCount),
            "The most that pods held and waited for together, of each hour; at least one."}};
};

template <>
struct Layout<Gap> {
  static constexpr std::string_view kTitle = "gap";
  static constexpr std::string_view kAbout = "Something that could not be read.";
  static constexpr std::tuple kFields = {
      Field{"what", &Gap::what, Must(), "What: poddisruptionbudgets.policy."},
      Field{"why", &Gap::why, Maybe(), "Why."},
      Field{"remedy", &Gap::remedy, Maybe(), "What would allow it."}};
};

template <>
struct Layout<Snapshot> {
  static constexpr std::string_view kTitle = "snapshot";
  static constexpr std::string_view kAbout =
      "A Kubernetes cluster with GPUs at one moment, as Tangram reads it.";
  static constexpr std::tuple kFields = {
      Field{"takenAt", &Snapshot::taken_at, Must(), "When the cluster was read."},
      Field{"cluster", &Snapshot::cluster, Maybe(), "Name of the cluster."},
      Field{"nodes", &Snapshot::nodes, Rows(), "Nodes, by name."},
      Field{"pods", &Snapshot::pods, Rows(), "Pods, by namespace and name."},
      Field{"claims", &Snapshot::claims, Rows(), "ResourceClaims."},
      Field{"slices", &Snapshot::slices, Rows(), "ResourceSlices."},
      Field{"deviceClasses", &Snapshot::device_classes, Rows(), "DeviceClasses."},
      Field{"namespaces", &Snapshot::namespaces, Rows(), "Namespaces."},
      Field{"budgets", &Snapshot::budgets, Rows(), "PodDisruptionBudgets."},
      Field{"quotas", &Snapshot::quotas, Rows(), "ResourceQuotas."},
      Field{"queues", &Snapshot::queues, Rows(), "Kueue ClusterQueues."},
      Field{"localQueues", &Snapshot::local_queues, Rows(), "Kueue LocalQueues."},
      Field{"priorityClasses", &Snapshot::priority_classes, Rows(), "PriorityClasses."},
      Field{"gangOwners", &Snapshot::gang_owners, Rows(), "Who says how large gangs are."},
      Field{"gangKinds", &Snapshot::gang_kinds, Maybe(),
            "Kinds whose gangOwners are all here: jobs.batch."},
      Field{"usage", &Snapshot::usage, Maybe(),
            "Absent: nothing was measured, and nothing may be called idle."},
      Field{"demand", &Snapshot::demand, Rows(),
            "What was wanted in the hours before; absent: not known."},
      Field{"gaps", &Snapshot::gaps, Rows(), "What could not be read."}};
};

}  // namespace tangram::cluster
