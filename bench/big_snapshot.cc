#include "big_snapshot.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cluster/price.h"
#include "gpu/gpu.h"

namespace tangram::bench {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr base::Time kNow = std::chrono::sys_days(std::chrono::year(2026) / 11 / 1) + hours(12);
constexpr auto kWindow = hours(24 * 7);
constexpr std::int64_t kSamples = 20'160;  // a sample each 30 s
constexpr int kTeams = 40;
// What cluster::DeviceUsage counts as busy.
constexpr base::PartsPerMillion kBusy{50'000};

enum class Use { kWhole, kMigMixed, kMigSingle, kTimeSlicing, kMps };

struct Kind {
  int weight = 0;
  std::string_view name;
  std::string_view model;  // gpu::ModelNamed
  std::string_view cloud;
  std::string_view region;
  std::string_view instance_type;
  Use use = Use::kWhole;
  std::array<std::string_view, 7> layout{};  // profiles of each card
  int replicas = 1;
};

constexpr std::array<Kind, 7> kKinds = {{
    {25, "train", "H100-80GB", "aws", "us-east-1", "p5.48xlarge", Use::kWhole, {}, 1},
    {15, "batch", "A100-80GB", "azure", "eastus", "Standard_ND96amsr_A100_v4", Use::kWhole, {}, 1},
    {20,
     "mixed",
     "A100-40GB",
     "aws",
     "us-west-2",
     "p4d.24xlarge",
     Use::kMigMixed,
     {"3g.20gb", "2g.10gb", "1g.5gb", "1g.5gb"},
     1},
    {10,
     "small",
     "A100-40GB",
     "gcp",
     "us-central1",
     "a2-highgpu-8g",
     Use::kMigSingle,
     {"1g.5gb", "1g.5gb", "1g.5gb", "1g.5gb", "1g.5gb", "1g.5gb", "1g.5gb"},
     1},
    {10,
     "half",
     "H100-80GB",
     "gcp",
     "us-central1",
     "a3-highgpu-8g",
     Use::kMigMixed,
     {"4g.40gb", "3g.40gb"},
     1},
    {10, "share", "T4-16GB", "aws", "us-east-1", "g4dn.metal", Use::kTimeSlicing, {}, 4},
    {10, "serve", "L4-24GB", "aws", "us-east-1", "g6.48xlarge", Use::kMps, {}, 4},
}};

// Numbers that are the same with every standard library, unlike std::uniform_int_distribution's.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  // 0 .. below-1; the bias of the modulus does not matter here.
  std::int64_t Below(std::int64_t below) {
    return static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(below));
  }
  bool Percent(int percent) { return Below(100) < percent; }
  template <class T, std::size_t kCount>
  const T& Pick(const std::array<T, kCount>& of) {
    return of[static_cast<std::size_t>(Below(static_cast<std::int64_t>(kCount)))];
  }
  std::string Hex() {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (std::uint64_t bits = engine_(), i = 0; i < 16; ++i, bits >>= 4U) {
      text += kDigits[bits & 15U];
    }
    return text;
  }

 private:
  std::mt19937_64 engine_;
};

std::string Numbered(std::string_view name, std::int64_t number) {
  std::string digits = std::to_string(number);
  if (digits.size() < 6) digits.insert(0, 6 - digits.size(), '0');
  return std::string(name) + "-" + digits;
}

// Something that one pod can hold: a card, an instance, or a replica of a card.
struct Slot {
  int gpu = 0;
  int instance = -1;  // position in the card's instances; -1: the card
};

// A node of the snapshot with what is still free on it.
struct Host {
  const Kind* kind = nullptr;
  std::vector<Slot> free;  // taken from the back
};

std::string ResourceName(const Kind& kind, const cluster::Gpu& gpu, int instance) {
  if (kind.use == Use::kTimeSlicing || kind.use == Use::kMps) return "nvidia.com/gpu.shared";
  if (kind.use != Use::kMigMixed) return "nvidia.com/gpu";
  const gpu::Model* const model = gpu::ModelNamed(kind.model);
  const auto& profile = gpu.instances[static_cast<std::size_t>(instance)].profile;
  return gpu::ResourceNameOf(*gpu::ProfileNamed(*model, profile));
}

std::vector<cluster::Instance> InstancesOf(const Kind& kind, const gpu::Model& model) {
  std::vector<const gpu::MigProfile*> profiles;
  for (const std::string_view name : kind.layout) {
    if (!name.empty()) profiles.push_back(gpu::ProfileNamed(model, name));
  }
  const auto starts = gpu::FindLayout(model, profiles);
  std::vector<cluster::Instance> instances;
  for (std::size_t i = 0; starts && i < profiles.size(); ++i) {
    instances.push_back({.profile = std::string(profiles[i]->name),
                         .start = (*starts)[i],
                         .id = std::to_string(i + 1)});
  }
  return instances;
}

cluster::Gpu MakeGpu(const Kind& kind, int index, Dice& dice) {
  const gpu::Model* const model = gpu::ModelNamed(kind.model);
  cluster::Gpu gpu;
  gpu.index = index;
  gpu.uuid = "GPU-" + dice.Hex();
  gpu.product = std::string(model->products.front());
  gpu.memory = model->memory;
  gpu.replicas = kind.replicas;
  if (kind.use == Use::kTimeSlicing) gpu.sharing = cluster::Sharing::kTimeSlicing;
  if (kind.use == Use::kMps) gpu.sharing = cluster::Sharing::kMps;
  if (kind.use == Use::kMigMixed || kind.use == Use::kMigSingle) {
    gpu.layout = cluster::LayoutSource::kObserved;
    gpu.instances = InstancesOf(kind, *model);
  }
  return gpu;
}

const Kind& PickKind(Dice& dice) {
  std::int64_t roll = dice.Below(100);
  for (const Kind& kind : kKinds) {
    if (roll < kind.weight) return kind;
    roll -= kind.weight;
  }
  return kKinds.front();
}

cluster::Labels LabelsOf(const cluster::Node& node, const Kind& kind) {
  const bool spot = node.capacity_type == cluster::CapacityType::kSpot;
  cluster::Labels labels = {
      {"karpenter.sh/capacity-type", spot ? "spot" : "on-demand"},
      {"karpenter.sh/nodepool", node.pool},
      {"kubernetes.io/hostname", node.name},
      {"node.kubernetes.io/instance-type", node.instance_type},
      {"nvidia.com/gpu.count", std::to_string(node.gpus.size())},
      {"nvidia.com/gpu.product", node.gpus.empty() ? "" : node.gpus.front().product},
      {"topology.kubernetes.io/region", node.region},
      {"topology.kubernetes.io/zone", node.zone}};
  if (kind.use == Use::kMigMixed) labels.emplace_back("nvidia.com/mig.strategy", "mixed");
  if (kind.use == Use::kMigSingle) labels.emplace_back("nvidia.com/mig.strategy", "single");
  std::sort(labels.begin(), labels.end());
  return labels;
}

cluster::Node MakeNode(const Kind& kind, int number, int gpus, Dice& dice) {
  constexpr std::array<std::string_view, 3> kZones = {"a", "b", "c"};
  cluster::Node node;
  node.name = Numbered(kind.name, number);
  node.ready = !dice.Percent(1);
  node.schedulable = !dice.Percent(1);
  node.created_at = kNow - hours(1 + dice.Below(24 * 90));
  node.cpu = base::MilliCpu(12'000LL * std::max(gpus, 1));
  node.memory = base::MiB(128 * 1024LL * std::max(gpus, 1));
  node.cloud = std::string(kind.cloud);
  node.region = std::string(kind.region);
  node.zone = node.region + std::string(dice.Pick(kZones));
  node.instance_type = std::string(kind.instance_type);
  node.capacity_type =
      dice.Percent(20) ? cluster::CapacityType::kSpot : cluster::CapacityType::kOnDemand;
  node.pool = std::string(kind.name);
  if (kind.use == Use::kMigMixed) node.mig_strategy = cluster::MigStrategy::kMixed;
  if (kind.use == Use::kMigSingle) node.mig_strategy = cluster::MigStrategy::kSingle;
  for (int index = 0; index < gpus; ++index) node.gpus.push_back(MakeGpu(kind, index, dice));
  node.labels = LabelsOf(node, kind);
  node.taints = {{"nvidia.com/gpu", "", "NoSchedule"}};
  return node;
}

Host MakeHost(const Kind& kind, const cluster::Node& node) {
  Host host{.kind = &kind, .free = {}};
  for (const cluster::Gpu& gpu : node.gpus) {
    for (int replica = 0; gpu.instances.empty() && replica < gpu.replicas; ++replica) {
      host.free.push_back({gpu.index, -1});
    }
    for (std::size_t i = 0; i < gpu.instances.size(); ++i) {
      host.free.push_back({gpu.index, static_cast<int>(i)});
    }
  }
  return host;
}

std::vector<cluster::ResourceCount> DevicesOf(const cluster::Node& node, const Host& host) {
  std::vector<cluster::ResourceCount> devices;
  for (const Slot& slot : host.free) {
    const auto& gpu = node.gpus[static_cast<std::size_t>(slot.gpu)];
    std::string name = ResourceName(*host.kind, gpu, slot.instance);
    const auto found = std::find_if(devices.begin(), devices.end(),
                                    [&](const auto& device) { return device.name == name; });
    if (found == devices.end()) {
      devices.push_back({std::move(name), 1});
    } else {
      ++found->count;
    }
  }
  std::sort(devices.begin(), devices.end());
  return devices;
}

class Builder {
 public:
  explicit Builder(const BigOptions& options) : options_(options), dice_(options.seed) {}
  cluster::Snapshot Build() &&;

 private:
  void AddNodes();
  void AddTeams();
  cluster::Pod NewPod(int number);
  void AddPod(int number);
  void AddWaiting(int number);
  cluster::Pod Bind(cluster::Pod pod, int wanted);
  cluster::Pod Pending(cluster::Pod pod, int wanted) const;
  void AddHeldUsage(const cluster::Pod& pod, std::size_t at, const Slot& slot);
  std::int64_t MeanActivity();  // of one device, in millionths
  void AddIdleUsage();
  cluster::DeviceUsage UsageOf(const cluster::Node& node, const Slot& slot, const Kind& kind);

  const BigOptions options_;
  Dice dice_;
  cluster::Snapshot snapshot_;
  std::vector<Host> hosts_;  // as snapshot_.nodes
  std::vector<cluster::DeviceUsage> usage_;
};

void Builder::AddNodes() {
  for (int number = 0; number < options_.nodes; ++number) {
    const Kind& kind = PickKind(dice_);
    cluster::Node node = MakeNode(kind, number, options_.gpus_per_node, dice_);
    hosts_.push_back(MakeHost(kind, node));
    node.devices = DevicesOf(node, hosts_.back());
    snapshot_.nodes.push_back(std::move(node));
  }
}

void Builder::AddTeams() {
  for (int team = 0; team < kTeams; ++team) {
    const std::string name = Numbered("team", team);
    snapshot_.namespaces.push_back({.name = name, .labels = {{"team", name}}});
    snapshot_.quotas.push_back({.ns = name,
                                .name = "gpus",
                                .hard = {{"requests.nvidia.com/gpu", options_.nodes}},
                                .used = {{"requests.nvidia.com/gpu", options_.nodes / 2}}});
    cluster::DisruptionBudget budget;
    budget.ns = name;
    budget.name = "inference";
    budget.match_labels = {{"kind", "inference"}};
    budget.disruptions_allowed = dice_.Below(4);
    snapshot_.budgets.push_back(std::move(budget));
  }
  snapshot_.priority_classes = {{.name = "high", .value = 1000, .preempts = true},
                                {.name = "low", .value = -10, .preempts = false}};
}

std::vector<cluster::Toleration> ToleratingGpus() {
  return {{"nvidia.com/gpu", "Exists", "", "NoSchedule"}};
}

// The cards that a pod asks for, by how often that is seen.
constexpr std::array<int, 10> kCards = {1, 1, 1, 1, 1, 1, 2, 2, 4, 8};

cluster::Pod Builder::NewPod(int number) {
  constexpr std::array<std::string_view, 4> kOwners = {"Deployment", "Deployment", "StatefulSet",
                                                       "Job"};
  cluster::Pod pod;
  pod.ns = Numbered("team", dice_.Below(kTeams));
  const bool inference = dice_.Percent(70);
  const std::string app = Numbered(inference ? "inference" : "train", dice_.Below(2000));
  pod.name = app + "-" + std::to_string(number);
  pod.uid = dice_.Hex() + dice_.Hex();
  if (!dice_.Percent(2)) pod.owner = {std::string(dice_.Pick(kOwners)), app};
  pod.labels = {{"app", app}, {"kind", inference ? "inference" : "train"}};
  pod.created_at = kNow - minutes(10 + dice_.Below(60 * 24 * 30));
  if (dice_.Percent(10)) {
    pod.priority = 1000;
    pod.priority_class = "high";
  }
  pod.cpu = base::MilliCpu(100 * (1 + dice_.Below(40)));
  pod.memory = base::MiB(256 * (1 + dice_.Below(64)));
  return pod;
}

void Builder::AddPod(int number) {
  cluster::Pod pod = NewPod(number);
  if (dice_.Percent(5)) {
    pod.phase = cluster::PodPhase::kSucceeded;
    pod.started_at = pod.created_at + minutes(1);
  } else if (dice_.Percent(2)) {
    pod.node_selector = {{"karpenter.sh/nodepool", "reserve"}};  // a pool that has no node yet
    pod = Pending(std::move(pod), dice_.Pick(kCards));
  } else {
    const int wanted = dice_.Percent(60) ? dice_.Pick(kCards) : 0;
    pod = Bind(std::move(pod), wanted);
  }
  snapshot_.pods.push_back(std::move(pod));
}

void Builder::AddWaiting(int number) {
  cluster::Pod pod = Pending(NewPod(number), dice_.Pick(kCards));
  pod.tolerations = ToleratingGpus();
  snapshot_.pods.push_back(std::move(pod));
}

cluster::Pod Builder::Pending(cluster::Pod pod, int wanted) const {
  pod.devices = {{"nvidia.com/gpu", wanted}};
  pod.pending_reason = "Unschedulable";
  pod.pending_message =
      "0/" + std::to_string(hosts_.size()) + " nodes are available: Insufficient nvidia.com/gpu.";
  return pod;
}

// Onto one of a few nodes picked at random, or left pending. Only of whole cards does a pod get
// several.
cluster::Pod Builder::Bind(cluster::Pod pod, int wanted) {
  constexpr int kTries = 12;
  for (int tries = 0; tries < kTries && !hosts_.empty(); ++tries) {
    const auto at = static_cast<std::size_t>(dice_.Below(static_cast<std::int64_t>(hosts_.size())));
    Host& host = hosts_[at];
    const cluster::Node& node = snapshot_.nodes[at];
    const bool whole = host.kind->use == Use::kWhole;
    const auto count = static_cast<std::size_t>(whole ? wanted : std::min(wanted, 1));
    if (host.free.size() < count) continue;
    for (std::size_t i = 0; i < count; ++i) {
      const Slot slot = host.free.back();
      host.free.pop_back();
      AddHeldUsage(pod, at, slot);
      const auto& gpu = node.gpus[static_cast<std::size_t>(slot.gpu)];
      const auto held = static_cast<std::int64_t>(count);
      pod.devices = {{ResourceName(*host.kind, gpu, slot.instance), held}};
    }
    pod.node = node.name;
    pod.phase = cluster::PodPhase::kRunning;
    pod.ready = true;
    pod.started_at = pod.created_at + minutes(1 + dice_.Below(9));
    if (count > 0) pod.tolerations = ToleratingGpus();
    return pod;
  }
  return Pending(std::move(pod), wanted);
}

cluster::DeviceUsage Builder::UsageOf(const cluster::Node& node, const Slot& slot,
                                      const Kind& kind) {
  const auto& gpu = node.gpus[static_cast<std::size_t>(slot.gpu)];
  cluster::DeviceUsage usage;
  usage.node = node.name;
  usage.uuid = gpu.uuid;
  usage.gpu_index = gpu.index;
  usage.metric = kind.use == Use::kTimeSlicing ? cluster::ActivityMetric::kUtilization
                                               : cluster::ActivityMetric::kEngine;
  usage.samples = kSamples - dice_.Below(200);
  usage.memory_total = gpu.memory;
  if (slot.instance >= 0) {
    const auto& instance = gpu.instances[static_cast<std::size_t>(slot.instance)];
    const gpu::Model* const model = gpu::ModelNamed(kind.model);
    usage.instance_id = instance.id;
    usage.profile = instance.profile;
    usage.memory_total = gpu::ProfileNamed(*model, instance.profile)->memory;
  }
  return usage;
}

// Two thirds of what pods hold does nothing, as the published traces of serving clusters show.
std::int64_t Builder::MeanActivity() {
  if (dice_.Percent(50)) return 0;
  if (dice_.Percent(32)) return dice_.Below(15'000);
  if (dice_.Percent(60)) return 20'000 + dice_.Below(200'000);
  return 300'000 + dice_.Below(650'000);
}

void Builder::AddHeldUsage(const cluster::Pod& pod, std::size_t at, const Slot& slot) {
  if (options_.usage == WithUsage::kNo) return;
  const Kind& kind = *hosts_[at].kind;
  const cluster::Node& node = snapshot_.nodes[at];
  cluster::DeviceUsage usage = UsageOf(node, slot, kind);
  usage.ns = pod.ns;
  usage.pod = pod.name;
  usage.container = "main";
  const std::int64_t mean = MeanActivity();
  usage.active_mean = base::PartsPerMillion(mean);
  usage.active_max = base::PartsPerMillion(std::min<std::int64_t>(1'000'000, mean * 3));
  if (usage.active_max > kBusy) {
    usage.busy_share = base::PartsPerMillion(std::min<std::int64_t>(1'000'000, mean * 3 / 2));
    usage.last_active = kNow - minutes(dice_.Below(600));
  }
  const std::int64_t total = usage.memory_total.value_or(base::MiB(16 * 1024)).value();
  usage.memory_mean = base::MiB(total * (10 + dice_.Below(60)) / 100);
  usage.memory_max = base::MiB(std::min(total, usage.memory_mean->value() * 5 / 4));
  usage.power_milliwatts = 60'000 + mean / 2;
  usage.sm_clock_mhz = 1'000 + dice_.Below(900);
  usage_.push_back(std::move(usage));
}

// Cards and instances that nobody held. Free replicas of a shared card are no devices of their own.
void Builder::AddIdleUsage() {
  for (std::size_t at = 0; at < hosts_.size(); ++at) {
    if (hosts_[at].kind->replicas > 1) continue;
    for (const Slot& slot : hosts_[at].free) {
      cluster::DeviceUsage usage = UsageOf(snapshot_.nodes[at], slot, *hosts_[at].kind);
      usage.memory_mean = usage.memory_max = base::MiB(0);
      usage.power_milliwatts = 50'000;
      usage_.push_back(std::move(usage));
    }
  }
}

cluster::Snapshot Builder::Build() && {
  snapshot_.taken_at = kNow;
  snapshot_.cluster = "big";
  AddNodes();
  AddTeams();
  for (int number = 0; number < options_.pods; ++number) AddPod(number);
  for (int number = 0; number < options_.waiting; ++number) AddWaiting(options_.pods + number);
  if (options_.usage == WithUsage::kYes) {
    AddIdleUsage();
    cluster::Usage usage;
    usage.from = kNow - kWindow;
    usage.to = kNow;
    usage.source = "made up by tangram_big_snapshot";
    usage.devices = std::move(usage_);
    snapshot_.usage = std::move(usage);
  }
  cluster::ApplyPrices(cluster::PriceBook(cluster::BundledPrices(), {}), snapshot_.nodes);
  cluster::Normalize(snapshot_);
  return std::move(snapshot_);
}

}  // namespace

cluster::Snapshot MakeBigSnapshot(const BigOptions& options) { return Builder(options).Build(); }

}  // namespace tangram::bench
