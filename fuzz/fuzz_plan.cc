// Any cluster that a snapshot can hold: a plan is made, and it can be done.
//
// The bytes choose a random snapshot, a policy, and changes to both that no recorded cluster has.
// Values stay within the bounds of the file form (cluster/fields.h).
#include <fmt/format.h>
#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cluster/check.h"
#include "cluster/testing/random_snapshot.h"
#include "gpu/gpu.h"
#include "plan/plan.h"
#include "plan/validate.h"

namespace {

using tangram::base::MiB;
using tangram::base::MilliCpu;
using tangram::cluster::DeviceUsage;
using tangram::cluster::Gpu;
using tangram::cluster::Node;
using tangram::cluster::Pod;
using tangram::cluster::PodPhase;
using tangram::cluster::Sharing;
using tangram::cluster::Snapshot;
using tangram::cluster::Usage;
using tangram::plan::NodePolicy;
using tangram::plan::PlanPolicy;
using tangram::plan::Pool;

constexpr int kMostChanges = 100;
// Each share is a seat: more only make a run slow.
constexpr int kMostShares = 100;
constexpr std::int64_t kMostCount = 1'000'000'000'000;
constexpr std::array<std::int64_t, 12> kCounts = {
    0, 1, 1, 1, 2, 3, 7, 8, 48, 1000, 2'147'483'648, kMostCount};
constexpr std::array<std::string_view, 10> kResources = {
    "nvidia.com/gpu",           "nvidia.com/gpu.shared",         "nvidia.com/mig-1g.5gb",
    "nvidia.com/mig-1g.5gb.me", "nvidia.com/mig-2g.10gb",        "nvidia.com/mig-3g.20gb",
    "nvidia.com/mig-7g.40gb",   "nvidia.com/mig-3g.20gb.shared", "alibabacloud.com/gpu-milli",
    "example.com/nic"};
constexpr std::array<std::string_view, 8> kProducts = {"NVIDIA-A100-SXM4-40GB",
                                                       "NVIDIA-A100-SXM4-40GB",
                                                       "NVIDIA-A30",
                                                       "NVIDIA-H100-80GB-HBM3",
                                                       "Tesla-T4",
                                                       "NVIDIA-A100",
                                                       "Z900",
                                                       ""};
constexpr std::array<std::string_view, 4> kProfiles = {"1g.5gb", "3g.20gb", "7g.40gb", "1g.6gb"};
constexpr std::array<std::string_view, 6> kOwners = {"Deployment", "StatefulSet", "Job",
                                                     "DaemonSet",  "Node",        ""};

template <class List>
auto& OneOf(List& list, FuzzedDataProvider& bytes) {
  return list[bytes.ConsumeIntegralInRange<std::size_t>(0, std::size(list) - 1)];
}

std::int64_t Between(std::int64_t least, std::int64_t most, FuzzedDataProvider& bytes) {
  return bytes.ConsumeIntegralInRange(least, most);
}

Snapshot BaseSnapshot(FuzzedDataProvider& bytes) {
  tangram::cluster::RandomSize size;
  const auto seed = bytes.ConsumeIntegral<std::uint16_t>();
  size.nodes = static_cast<int>(Between(0, 6, bytes));
  size.gpus_per_node = static_cast<int>(Between(0, 8, bytes));
  size.pods = static_cast<int>(Between(0, 24, bytes));
  size.usage_rows = static_cast<int>(Between(0, 12, bytes));
  return tangram::cluster::RandomSnapshot(seed, size);
}

PlanPolicy Policy(FuzzedDataProvider& bytes) {
  PlanPolicy policy;
  const bool all = bytes.ConsumeBool();
  for (bool& on : policy.on) on = all || bytes.ConsumeBool();
  policy.defaults.moves = static_cast<tangram::plan::Moves>(Between(0, 2, bytes));
  policy.defaults.mig = static_cast<tangram::plan::MigBackend>(Between(0, 2, bytes));
  policy.defaults.stop_idle = bytes.ConsumeBool();
  policy.defaults.preempt = bytes.ConsumeBool();
  policy.defaults.resize = bytes.ConsumeBool();
  policy.defaults.most_replicas =
      static_cast<int>(Between(1, tangram::gpu::kMaxTimeSlicingReplicas, bytes));
  policy.most_new_nodes = static_cast<int>(Between(0, 5, bytes));
  policy.defaults.keep_empty = static_cast<int>(Between(0, 2, bytes));
  return policy;
}

NodePolicy PolicyOfNodes(FuzzedDataProvider& bytes) {
  NodePolicy policy;
  policy.mode = static_cast<tangram::plan::Mode>(Between(0, 2, bytes));
  policy.moves = static_cast<tangram::plan::Moves>(Between(0, 2, bytes));
  policy.mig = static_cast<tangram::plan::MigBackend>(Between(0, 2, bytes));
  policy.stop_idle = bytes.ConsumeBool();
  policy.preempt = bytes.ConsumeBool();
  policy.resize = bytes.ConsumeBool();
  if (bytes.ConsumeBool()) policy.profiles.emplace_back(OneOf(kProfiles, bytes));
  if (bytes.ConsumeBool()) policy.sharing = static_cast<Sharing>(Between(0, 2, bytes));
  policy.most_replicas = static_cast<int>(Between(1, tangram::gpu::kMaxTimeSlicingReplicas, bytes));
  policy.give_back = bytes.ConsumeBool();
  policy.keep_empty = static_cast<int>(Between(0, 2, bytes));
  return policy;
}

std::optional<int> SomeNodes(FuzzedDataProvider& bytes) {
  if (bytes.ConsumeBool()) return std::nullopt;
  return static_cast<int>(Between(0, 4, bytes));
}

// What the pool wanted of a profile, up to now.
void Demand(const std::string& pool, Snapshot& snapshot, FuzzedDataProvider& bytes) {
  tangram::cluster::Demand row{
      .pool = pool, .profile = std::string(OneOf(kProfiles, bytes)), .from = {}, .peaks = {}};
  const std::int64_t peak = Between(0, 40, bytes);
  row.peaks.assign(static_cast<std::size_t>(Between(1, 400, bytes)), peak);
  row.peaks.back() = Between(0, 1'000'000'000'000, bytes);
  row.from = std::chrono::floor<std::chrono::hours>(snapshot.taken_at) -
             std::chrono::hours(std::ssize(row.peaks));
  snapshot.demand.push_back(std::move(row));
}

// They may select the same nodes: the first then counts.
std::vector<Pool> Pools(const Snapshot& snapshot, FuzzedDataProvider& bytes) {
  std::vector<Pool> pools;
  for (std::int64_t left = Between(0, 3, bytes); left > 0; --left) {
    Pool pool{.name = fmt::format("p{}", left), .selector = {}, .policy = PolicyOfNodes(bytes)};
    if (!snapshot.nodes.empty()) {
      const auto& labels = OneOf(snapshot.nodes, bytes).labels;
      if (!labels.empty()) pool.selector.push_back(OneOf(labels, bytes));
    }
    pool.least_nodes = static_cast<int>(Between(0, 3, bytes));
    pool.most_nodes = SomeNodes(bytes);
    pool.most_new_nodes = SomeNodes(bytes);
    pool.most_recut_nodes = SomeNodes(bytes);
    if (bytes.ConsumeBool()) {
      pool.ready.push_back({.profile = std::string(OneOf(kProfiles, bytes)),
                            .free = static_cast<int>(Between(1, 12, bytes)),
                            .hours = {}});
    }
    if (bytes.ConsumeBool()) pool.forecast.emplace();
    pools.push_back(std::move(pool));
  }
  return pools;
}

// ---- changes to one node ----

void SetDevice(std::vector<tangram::cluster::ResourceCount>& devices, std::string_view name,
               std::int64_t count) {
  std::erase_if(devices, [&](const auto& device) { return device.name == name; });
  devices.push_back({std::string(name), count});
  std::sort(devices.begin(), devices.end());
}

// Instances where the model allows them, as far as the bytes ask for some.
void CutLegally(Gpu& card, FuzzedDataProvider& bytes) {
  card.instances.clear();
  const tangram::gpu::Model* model = tangram::gpu::ParseProduct(card.product, card.memory).model;
  if (model == nullptr || !model->has_mig()) return;
  std::vector<tangram::gpu::Occupied> occupied;
  for (std::int64_t tries = Between(0, 6, bytes); tries > 0; --tries) {
    const tangram::gpu::MigProfile& profile = OneOf(model->profiles, bytes);
    for (const int start : profile.starts) {
      if (!tangram::gpu::Fits(*model, occupied, profile, start)) continue;
      occupied.push_back({&profile, start});
      card.instances.push_back({std::string(profile.name), start, std::to_string(start)});
      break;
    }
  }
}

// The node offers what its cards are, so that the planner may change them.
void OfferCards(Node& node) {
  node.devices.clear();
  for (const Gpu& card : node.gpus) {
    const std::string suffix = card.replicas > 1 ? ".shared" : "";
    const tangram::gpu::Model* model = tangram::gpu::ParseProduct(card.product, card.memory).model;
    std::vector<std::string> seats;
    for (const auto& instance : card.instances) {
      const auto* profile =
          model == nullptr ? nullptr : tangram::gpu::ProfileNamed(*model, instance.profile);
      if (profile != nullptr) seats.push_back(tangram::gpu::ResourceNameOf(*profile));
    }
    if (card.instances.empty()) seats.emplace_back("nvidia.com/gpu");
    for (const std::string& seat : seats) {
      const std::string name = seat + suffix;
      const std::int64_t before = tangram::cluster::CountOf(node.devices, name);
      SetDevice(node.devices, name, before + card.replicas);
    }
  }
}

void Tidy(Node& node, FuzzedDataProvider& bytes) {
  node.mig_strategy = static_cast<tangram::cluster::MigStrategy>(Between(0, 2, bytes));
  const std::string product(OneOf(kProducts, bytes));
  const bool shared = Between(0, 3, bytes) == 0;
  const int replicas = shared ? static_cast<int>(Between(2, 48, bytes)) : 1;
  for (Gpu& card : node.gpus) {
    card.product = product;
    card.memory = MiB(product.find("40GB") != std::string::npos ? 40'960 : 0);
    card.sharing = shared ? Sharing::kTimeSlicing : Sharing::kNone;
    card.replicas = replicas;
    CutLegally(card, bytes);
  }
  OfferCards(node);
  node.taints.clear();
  node.ready = node.schedulable = true;
  node.cpu = MilliCpu(96'000);
  node.memory = MiB(1'000'000);
}

void Disturb(Gpu& card, FuzzedDataProvider& bytes) {
  switch (Between(0, 4, bytes)) {
    case 0:
      card.instances.push_back({card.instances.empty() ? "1g.5gb" : card.instances.front().profile,
                                static_cast<int>(Between(0, 63, bytes)), ""});
      break;
    case 1:
      card.instances.push_back({bytes.ConsumeRandomLengthString(12), std::nullopt, "7"});
      break;
    case 2:
      card.replicas = static_cast<int>(Between(1, kMostShares, bytes));
      card.sharing = static_cast<Sharing>(Between(0, 2, bytes));
      break;
    case 3:
      card.product = OneOf(kProducts, bytes);
      break;
    default:
      card.index = static_cast<int>(Between(0, 4095, bytes));
  }
}

void ChangeNode(Node& node, FuzzedDataProvider& bytes) {
  switch (Between(0, 8, bytes)) {
    case 0:
    case 1:
    case 2:
      return Tidy(node, bytes);
    case 3:
      return SetDevice(node.devices, OneOf(kResources, bytes), OneOf(kCounts, bytes));
    case 4:
      if (!node.gpus.empty()) Disturb(OneOf(node.gpus, bytes), bytes);
      return;
    case 5:
      node.cpu = MilliCpu(OneOf(kCounts, bytes));
      node.memory = MiB(OneOf(kCounts, bytes));
      return;
    case 6:
      node.name = fmt::format("new-{}", Between(1, 3, bytes));
      return;
    case 7:
      node.price.emplace().rate = tangram::base::MicroUsdPerHour(OneOf(kCounts, bytes));
      return;
    default:
      node.ready = bytes.ConsumeBool();
      node.schedulable = bytes.ConsumeBool();
      node.pool = node.instance_type = node.zone = "";
  }
}

// ---- changes to one pod ----

void PutOn(const std::string& node, Pod& pod) {
  pod.node = node;
  pod.phase = PodPhase::kRunning;
  pod.ready = true;
}

void ChangePod(Pod& pod, Snapshot& snapshot, FuzzedDataProvider& bytes) {
  switch (Between(0, 9, bytes)) {
    case 0:
    case 1:
      pod.node.clear();
      pod.phase = PodPhase::kPending;
      pod.cpu = MilliCpu(1000);
      pod.memory = MiB(1024);
      pod.claims.clear();
      pod.gates.clear();
      [[fallthrough]];
    case 2:
      pod.devices.clear();
      [[fallthrough]];
    case 3:
      return SetDevice(pod.devices, OneOf(kResources, bytes), OneOf(kCounts, bytes));
    case 4:
      if (!snapshot.nodes.empty()) PutOn(OneOf(snapshot.nodes, bytes).name, pod);
      return;
    case 5:
      return PutOn("not-there", pod);
    case 6:
      std::erase_if(pod.labels,
                    [](const auto& label) { return label.first == "tangram.dev/gang"; });
      pod.labels.emplace_back("tangram.dev/gang", bytes.ConsumeBool() ? "a" : "b");
      std::sort(pod.labels.begin(), pod.labels.end());
      pod.ns = "gangs";
      return;
    case 7:
      pod.owner = {std::string(OneOf(kOwners, bytes)), bytes.ConsumeBool() ? "x" : "y"};
      pod.ready = bytes.ConsumeBool();
      pod.claims.clear();
      return;
    case 8:
      pod.cpu = MilliCpu(OneOf(kCounts, bytes));
      pod.memory = MiB(OneOf(kCounts, bytes));
      return;
    default:
      pod.phase = static_cast<PodPhase>(Between(0, 4, bytes));
      pod.priority = bytes.ConsumeIntegral<int>();
  }
}

// ---- what was measured ----

// The whole window: idle, or light, or busy.
DeviceUsage RowFor(const Pod& pod, const Node& node, const Gpu& card, FuzzedDataProvider& bytes) {
  constexpr std::array<std::int64_t, 3> kActive = {0, 100'000, 950'000};
  DeviceUsage row;
  row.node = node.name;
  row.uuid = card.uuid;
  row.gpu_index = card.index;
  row.ns = pod.ns;
  row.pod = pod.name;
  row.metric = tangram::cluster::ActivityMetric::kEngine;
  row.active_mean = row.active_max = row.busy_share =
      tangram::base::PartsPerMillion(OneOf(kActive, bytes));
  row.memory_mean = row.memory_max = MiB(Between(0, 40'960, bytes));
  row.memory_total = MiB(40'960);
  return row;
}

// A Deployment's pod on each card, until there are no more pods.
void Measure(Snapshot& snapshot, FuzzedDataProvider& bytes) {
  Usage& usage = snapshot.usage.emplace();
  usage.from = snapshot.taken_at - std::chrono::days(14);
  usage.to = snapshot.taken_at;
  auto pod = snapshot.pods.begin();
  for (const Node& node : snapshot.nodes) {
    for (const Gpu& card : node.gpus) {
      if (pod == snapshot.pods.end()) return;
      PutOn(node.name, *pod);
      pod->owner = {"Deployment", bytes.ConsumeBool() ? "x" : "y"};
      pod->created_at = usage.from;
      pod->started_at = usage.from;
      pod->devices = {{"nvidia.com/gpu", 1}};
      pod->cpu = MilliCpu(1000);
      pod->memory = MiB(1024);
      pod->annotations.clear();
      pod->claims.clear();
      usage.devices.push_back(RowFor(*pod++, node, card, bytes));
      usage.devices.back().samples = tangram::cluster::ExpectedSamples(usage);
    }
  }
}

// ---- the whole ----

void Change(Snapshot& snapshot, FuzzedDataProvider& bytes) {
  if (!snapshot.nodes.empty() && Between(0, 2, bytes) == 0) {
    ChangeNode(OneOf(snapshot.nodes, bytes), bytes);
  } else if (!snapshot.pods.empty()) {
    ChangePod(OneOf(snapshot.pods, bytes), snapshot, bytes);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider bytes(data, size);
  Snapshot snapshot = BaseSnapshot(bytes);
  PlanPolicy policy = Policy(bytes);
  policy.pools = Pools(snapshot, bytes);
  for (const Pool& pool : policy.pools) {
    if (pool.forecast) Demand(pool.name, snapshot, bytes);
  }
  if (bytes.ConsumeBool()) {
    for (Node& node : snapshot.nodes) Tidy(node, bytes);
  }
  if (bytes.ConsumeBool()) Measure(snapshot, bytes);
  for (int left = kMostChanges; left > 0 && bytes.remaining_bytes() > 0; --left) {
    Change(snapshot, bytes);
  }
  if (tangram::cluster::Check(snapshot)) return 0;  // no file and no cluster is like this
  tangram::cluster::Normalize(snapshot);

  const tangram::plan::Plan plan = tangram::plan::MakePlan(snapshot, policy);
  const auto wrong = tangram::plan::Validate(plan, snapshot, policy);
  for (const std::string& sentence : wrong) std::fprintf(stderr, "%s\n", sentence.c_str());
  if (!wrong.empty()) std::abort();
  return 0;
}
