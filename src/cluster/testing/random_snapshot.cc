#include "cluster/testing/random_snapshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "base/dice.h"

namespace tangram::cluster {
namespace {

using std::chrono::milliseconds;

struct Product {
  std::string_view name;
  std::string_view instance_type;
  std::int64_t memory_mib;
};
constexpr std::array<Product, 4> kProducts = {{{"NVIDIA-A100-SXM4-40GB", "p4d.24xlarge", 40960},
                                               {"NVIDIA-H100-80GB-HBM3", "p5.48xlarge", 81559},
                                               {"NVIDIA-L4", "g2-standard-96", 23034},
                                               {"Tesla-T4", "g4dn.metal", 15360}}};
constexpr std::array<std::string_view, 3> kProfiles = {"1g.5gb", "2g.10gb", "3g.20gb"};
constexpr std::array<std::string_view, 4> kTeams = {"vision-research", "speech-prod", "ads-ranking",
                                                    "robotics-lab"};
constexpr std::array<std::string_view, 4> kApps = {"llm-chat-serving", "embeddings-api",
                                                   "finetune-sweep", "notebook-alice"};
constexpr std::array<std::string_view, 5> kOwnerKinds = {"Deployment", "StatefulSet", "Job",
                                                         "DaemonSet", "RayCluster"};
constexpr std::array<std::string_view, 8> kOddTexts = {
    "\"quoted\"", "back\\slash", "line\nend",        "tab\tand\rreturn",
    "Ünïcödé",    "日本語",      "\xF0\x9F\x92\xA1", "\x01\x1F\x7F</script>"};

class Maker {
 public:
  Maker(std::uint64_t seed, const RandomSize& size) : dice_(seed), size_(size) {}

  Snapshot Make() {
    start_ = base::Time(milliseconds(1'790'000'000'000 + dice_.In(0, 86'400) * 1000));
    snapshot_.taken_at = start_;
    if (dice_.Percent(80)) snapshot_.cluster = Text("prod-eu-cluster");
    for (int i = 0; i < size_.nodes; ++i) snapshot_.nodes.push_back(MakeNode(i));
    for (int i = 0; i < size_.pods; ++i) snapshot_.pods.push_back(MakePod(i));
    MakeClaims();
    MakeDevices();
    MakePolicyObjects();
    if (size_.usage_rows > 0) MakeUsage();
    MakeDemand();
    if (dice_.Percent(50)) {
      snapshot_.gaps.push_back({"poddisruptionbudgets.policy",
                                Text("forbidden for User \"viewer-bob\""), Text("grant list")});
    }
    MakeGangs();
    Normalize(snapshot_);
    return std::move(snapshot_);
  }

 private:
  // `usual`, with an odd piece behind it where any character is asked for.
  std::string Text(std::string_view usual) {
    std::string text(usual);
    if (size_.text == RandomText::kAnyCharacter && dice_.Percent(50)) text += dice_.Of(kOddTexts);
    if (size_.text == RandomText::kAnyCharacter && dice_.Percent(5)) text += '\0';
    return text;
  }
  std::string Hex(int digits) {
    std::string hex;
    while (hex.size() < static_cast<std::size_t>(digits))
      hex += fmt::format("{:016x}", dice_.Next());
    hex.resize(static_cast<std::size_t>(digits));
    return hex;
  }
  std::string Uid() {
    return fmt::format("{}-{}-{}-{}-{}", Hex(8), Hex(4), Hex(4), Hex(4), Hex(12));
  }
  base::Time Before(int days) {
    const auto seconds = dice_.In(0, std::int64_t{days} * 86'400);
    return start_ - milliseconds(seconds * 1000 + (dice_.Percent(5) ? dice_.In(1, 999) : 0));
  }
  static void Sort(Labels& labels) {
    std::sort(labels.begin(), labels.end());
    labels.erase(std::unique(labels.begin(), labels.end(),
                             [](const auto& a, const auto& b) { return a.first == b.first; }),
                 labels.end());
  }

  Node MakeNode(int number) {
    const Product& product = dice_.Of(kProducts);
    Node node;
    node.name = Text(fmt::format("gpuhost-{:05}", number));
    node.created_at = Before(400);
    node.ready = !dice_.Percent(4);
    node.schedulable = !dice_.Percent(6);
    node.cpu = base::MilliCpu(dice_.In(1, 192) * 1000 - dice_.In(0, 900));
    node.memory = base::MiB(dice_.In(1'000, 2'000'000));
    node.instance_type = product.instance_type;
    node.cloud = dice_.Percent(70) ? "aws" : "";
    node.region = "eu-central-1";
    node.zone = fmt::format("eu-central-1{}", static_cast<char>('a' + dice_.In(0, 2)));
    node.capacity_type = static_cast<CapacityType>(dice_.In(0, 3));
    if (dice_.Percent(80)) node.pool = Text(fmt::format("pool-of-{}", dice_.Of(kTeams)));
    node.labels = {{"kubernetes.io/hostname", node.name},
                   {"node.kubernetes.io/instance-type", node.instance_type},
                   {"nvidia.com/gpu.product", std::string(product.name)},
                   {"topology.kubernetes.io/region", node.region},
                   {"topology.kubernetes.io/zone", node.zone}};
    if (dice_.Percent(30)) node.labels.emplace_back("example.com/team", Text(dice_.Of(kTeams)));
    Sort(node.labels);
    if (dice_.Percent(70)) node.taints.push_back({"nvidia.com/gpu", "", "NoSchedule"});
    if (dice_.Percent(10))
      node.taints.push_back({"dedicated", Text(dice_.Of(kTeams)), "NoExecute"});
    AddGpus(node, product);
    if (dice_.Percent(70)) node.price = MakePrice();
    return node;
  }

  void AddGpus(Node& node, const Product& product) {
    const bool mig = dice_.Percent(25);
    node.mig_strategy = mig ? static_cast<MigStrategy>(dice_.In(1, 2)) : MigStrategy::kNone;
    for (int i = 0; i < size_.gpus_per_node; ++i) {
      Gpu gpu;
      gpu.index = i;
      if (!dice_.Percent(5)) gpu.uuid = "GPU-" + Uid();
      gpu.product = product.name;
      gpu.memory = base::MiB(dice_.Percent(90) ? product.memory_mib : 0);
      if (mig && dice_.Percent(80)) AddInstances(gpu);
      if (dice_.Percent(10)) {
        gpu.sharing = static_cast<Sharing>(dice_.In(1, 2));
        gpu.replicas = static_cast<int>(dice_.In(2, 48));
      }
      if (dice_.Percent(20)) gpu.dra_device = fmt::format("gpu-{}", i);
      if (dice_.Percent(20)) gpu.holders.push_back({std::string(dice_.Of(kTeams)), "held"});
      node.gpus.push_back(std::move(gpu));
    }
    node.devices = {{"nvidia.com/gpu", mig ? 0 : size_.gpus_per_node}};
    if (mig) node.devices.push_back({"nvidia.com/mig-1g.5gb", dice_.In(0, 56)});
  }

  void AddInstances(Gpu& gpu) {
    gpu.layout = static_cast<LayoutSource>(dice_.In(1, 2));
    const auto count = static_cast<int>(dice_.In(1, 3));
    for (int i = 0; i < count; ++i) {
      Instance instance;
      instance.profile = dice_.Of(kProfiles);
      if (dice_.Percent(70)) instance.start = 2 * i;
      if (dice_.Percent(70)) instance.id = std::to_string(7 + i);
      if (dice_.Percent(30)) instance.holders.push_back({std::string(dice_.Of(kTeams)), "held"});
      gpu.instances.push_back(std::move(instance));
    }
  }

  NodePrice MakePrice() {
    NodePrice price;
    price.rate = base::MicroUsdPerHour(dice_.In(0, 100'000'000));
    if (dice_.Percent(50)) price.spot_rate = price.rate / 3;
    price.source = "aws price list";
    price.as_of = "2026-07-20";
    if (dice_.Percent(20)) price.note = "price of another region";
    return price;
  }

  Pod MakePod(int number) {
    const std::string team(dice_.Of(kTeams));
    const std::string app(dice_.Of(kApps));
    Pod pod;
    pod.ns = team;
    pod.name = Text(fmt::format("{}-{}-{:06}", app, Hex(5), number));
    pod.uid = Uid();
    if (dice_.Percent(90)) pod.owner = {std::string(dice_.Of(kOwnerKinds)), Text(app)};
    pod.created_at = Before(60);
    pod.phase = static_cast<PodPhase>(dice_.Percent(85) ? 1 : dice_.In(0, 4));
    if (!snapshot_.nodes.empty() && pod.phase != PodPhase::kPending) {
      pod.node = dice_.Of(snapshot_.nodes).name;
      pod.started_at = pod.created_at + milliseconds(dice_.In(0, 600) * 1000);
      pod.ready = dice_.Percent(90);
    }
    pod.priority =
        static_cast<int>(dice_.Percent(80) ? 0 : dice_.In(-2'000'000'000, 2'000'000'000));
    if (dice_.Percent(20)) pod.priority_class = Text("gold-tier");
    pod.can_preempt = !dice_.Percent(10);
    pod.terminating = dice_.Percent(3);
    pod.cpu = base::MilliCpu(dice_.In(0, 96'000));
    pod.memory = base::MiB(dice_.In(0, 512'000));
    if (dice_.Percent(70)) pod.devices = {{"nvidia.com/gpu", dice_.In(1, 8)}};
    pod.labels = {{"app", Text(app)}, {"team", team}};
    if (dice_.Percent(20)) pod.labels.emplace_back("example.com/cost-center", Text("cc-4711-blue"));
    Sort(pod.labels);
    if (pod.phase == PodPhase::kPending) AddWaiting(pod);
    if (dice_.Percent(10)) AddSteering(pod);
    if (dice_.Percent(10)) AddAffinity(pod.affinity);
    return pod;
  }

  void AddWaiting(Pod& pod) {
    pod.pending_reason = dice_.Percent(50) ? "Unschedulable" : "SchedulingGated";
    if (dice_.Percent(40)) pod.gates = {"tangram.dev/placement"};
    pod.pending_message = Text("0/6 nodes are available: 6 Insufficient nvidia.com/gpu.");
  }

  void AddSteering(Pod& pod) {
    pod.annotations = {{"karpenter.sh/do-not-disrupt", "true"},
                       {"tangram.dev/checkpoint-command", Text("save-to s3://secret-bucket")}};
    pod.node_selector = {{"nvidia.com/gpu.product", "Tesla-T4"}};
    pod.tolerations = {{"nvidia.com/gpu", "Exists", "", "NoSchedule"},
                       {"dedicated", "Equal", Text(dice_.Of(kTeams)), ""}};
  }

  Selector MakeSelector() {
    Selector selector;
    if (dice_.Percent(50)) selector.match_labels = {{"app", Text(dice_.Of(kApps))}};
    if (dice_.Percent(50)) {
      selector.match_expressions = {{"team", "NotIn", {std::string(dice_.Of(kTeams)), ""}}};
    }
    return selector;
  }

  PodTerm MakePodTerm() {
    PodTerm term;
    term.topology_key =
        dice_.Percent(50) ? "topology.kubernetes.io/zone" : "kubernetes.io/hostname";
    if (dice_.Percent(90)) term.selector = MakeSelector();
    if (dice_.Percent(30)) term.namespaces = {std::string(dice_.Of(kTeams))};
    if (dice_.Percent(20)) {
      term.namespace_selector = {{}, {{"example.com/owner", "In", {Text("carol-smith")}}}};
    }
    return term;
  }

  void AddAffinity(Affinity& affinity) {
    NodeTerm term;
    term.labels = {{"nvidia.com/gpu.count", "Gt", {"3"}},
                   {"example.com/team", "In", {Text(dice_.Of(kTeams))}}};
    if (dice_.Percent(50)) term.fields = {{"metadata.name", "NotIn", {Text("gpuhost-00001")}}};
    if (dice_.Percent(50)) affinity.nodes = {term};
    if (dice_.Percent(50)) {
      affinity.preferred_nodes = {{static_cast<int>(dice_.In(1, 100)), term}};
    }
    if (dice_.Percent(50)) affinity.pods = {MakePodTerm()};
    if (dice_.Percent(50)) affinity.anti_pods = {MakePodTerm(), MakePodTerm()};
    if (!dice_.Percent(50)) return;
    SpreadConstraint& spread = affinity.spread.emplace_back();
    spread.topology_key = "topology.kubernetes.io/zone";
    spread.max_skew = static_cast<int>(dice_.In(1, 3));
    if (dice_.Percent(90)) spread.selector = MakeSelector();
    spread.min_domains = static_cast<int>(dice_.In(1, 3));
    spread.counts_all_nodes = dice_.Percent(50);
    spread.honors_taints = dice_.Percent(50);
  }

  void MakeClaims() {
    for (std::size_t i = 0; i < snapshot_.pods.size(); i += 7) {
      Pod& pod = snapshot_.pods[i];
      Claim claim;
      claim.ns = pod.ns;
      claim.name = fmt::format("gpuclaim-{:06}", i);
      claim.uid = Uid();
      claim.reserved_for = {pod.uid};
      claim.requests.push_back(MakeRequest());
      if (!pod.node.empty()) {
        claim.devices.push_back({claim.requests.front().name, "gpu.nvidia.com", pod.node,
                                 fmt::format("gpu-{}", dice_.In(0, 7)), dice_.Percent(5)});
        cluster::AllocatedDevice& device = claim.devices.back();
        device.shared = dice_.Percent(10);
        if (device.shared) device.consumed = {{"memory", "10Gi"}};
      }
      if (dice_.Percent(20)) {
        claim.constraints = {
            {{claim.requests.front().name}, "resource.kubernetes.io/pcieRoot", {}}};
      }
      if (!pod.node.empty() && dice_.Percent(50)) {
        claim.nodes = {{{}, {{"metadata.name", "In", {pod.node}}}}};
      }
      pod.claims = {claim.name};
      snapshot_.claims.push_back(std::move(claim));
    }
  }

  // A slice of counters and one of devices for some nodes.
  void MakeDevices() {
    if (snapshot_.nodes.empty() || dice_.Percent(30)) return;
    snapshot_.device_classes.push_back(
        {"gpu.nvidia.com", {"device.driver == 'gpu.nvidia.com'"}, {}});
    if (dice_.Percent(50)) {
      snapshot_.device_classes.push_back({"mig.nvidia.com", {}, "deviceclass.acme.example/mig"});
    }
    for (DeviceClass& known : snapshot_.device_classes) {
      if (dice_.Percent(50)) known.created_at = start_ - milliseconds(dice_.In(0, 86'400'000));
    }
    for (std::size_t i = 0; i < snapshot_.nodes.size(); i += 3) MakeSlices(snapshot_.nodes[i]);
  }

  void MakeSlices(const Node& node) {
    ResourceSlice slice;
    slice.driver = dice_.Percent(80) ? "gpu.nvidia.com" : "cards.acme-secret.example";
    slice.pool = node.name;
    slice.name = node.name + "-devices";
    slice.generation = dice_.In(0, 3);
    slice.pool_slices = dice_.Percent(90) ? 2 : 3;
    slice.reach.node = node.name;
    ResourceSlice counters = slice;
    counters.name = node.name + "-counters";
    counters.counters = {{"secret-pool-counters", {{"memory-slice-0", dice_.In(0, 8) * 1000}}}};
    slice.reach_by_device = dice_.Percent(10);
    if (slice.reach_by_device) slice.reach = {};
    for (int i = 0; i < static_cast<int>(dice_.In(1, 8)); ++i) {
      slice.devices.push_back(MakeDevice(i, slice.reach_by_device));
    }
    snapshot_.slices.push_back(std::move(slice));
    snapshot_.slices.push_back(std::move(counters));
  }

  Device MakeDevice(int index, bool with_reach) {
    Device device;
    device.name = fmt::format("gpu-{}", index);
    device.attributes = {{"index", AttributeType::kInt, std::to_string(index)},
                         {"resource.kubernetes.io/pcieRoot", AttributeType::kString,
                          fmt::format("pci0000:0{}", dice_.In(0, 3))}};
    if (dice_.Percent(50)) {
      device.attributes.push_back(
          {"acme.example/rackUnit", AttributeType::kString, Text("secret-rack")});
      device.attributes.push_back({"driverVersion", AttributeType::kVersion, "580.82.7"});
      device.attributes.push_back({"healthy", AttributeType::kBool, "true"});
    }
    if (dice_.Percent(5)) device.attributes.push_back({"links", AttributeType::kList, ""});
    device.capacity = {{"memory", "80Gi"}};
    device.capacity[0].has_policy = dice_.Percent(3);
    if (dice_.Percent(10)) {
      device.capacity[0].policy = {
          .fallback = "1Gi", .values = {"1Gi"}, .min = "1Gi", .max = "80Gi", .step = "1Gi"};
    }
    if (dice_.Percent(50)) {
      device.consumes = {{"secret-pool-counters", {{"memory-slice-0", dice_.In(0, 4) * 1000}}}};
    }
    if (dice_.Percent(10)) device.taints = {{"acme.example/sick", Text("cc-4711"), "NoSchedule"}};
    device.shared_by_capacity = dice_.Percent(5);
    device.has_binding_conditions = dice_.Percent(5);
    if (with_reach) device.reach.all_nodes = true;
    return device;
  }

  DeviceRequest MakeRequest() {
    DeviceRequest request;
    request.name = dice_.Percent(80) ? "req-main" : "req-main/small";
    request.device_class = "gpu.nvidia.com";
    if (dice_.Percent(50)) {
      request.selectors = {Text("device.attributes['gpu.nvidia.com'].productName == 'SecretCard'")};
    }
    request.count = dice_.In(1, 4);
    request.admin_access = dice_.Percent(5);
    if (dice_.Percent(10)) request.tolerations = {{"acme.example/sick", "Exists", "", ""}};
    if (dice_.Percent(10)) request.capacity = {{"memory", "10Gi"}};
    request.all = dice_.Percent(5);
    return request;
  }

  void MakePolicyObjects() {
    for (const std::string_view team : kTeams) {
      const std::string ns(team);
      Namespace space{ns, {{"example.com/owner", Text("carol-smith")}}};
      if (dice_.Percent(30)) space.labels.clear();
      snapshot_.namespaces.push_back(std::move(space));
      if (dice_.Percent(50)) snapshot_.budgets.push_back(MakeBudget(ns));
      if (dice_.Percent(50)) {
        snapshot_.quotas.push_back({ns,
                                    Text("gpu-limit-of-team"),
                                    {{"requests.nvidia.com/gpu", dice_.In(0, 64)}},
                                    {{"requests.nvidia.com/gpu", dice_.In(0, 64)}}});
      }
      if (dice_.Percent(50)) MakeQueues(ns);
    }
    snapshot_.priority_classes.push_back({"gold-tier", dice_.In(-1000, 1'000'000), true});
    if (dice_.Percent(50)) snapshot_.priority_classes.push_back({"bronze-tier", 0, false});
  }

  DisruptionBudget MakeBudget(const std::string& ns) {
    DisruptionBudget budget;
    budget.ns = ns;
    budget.name = Text("budget-of-chat");
    if (dice_.Percent(50)) budget.match_labels = {{"app", Text(dice_.Of(kApps))}};
    if (dice_.Percent(50)) {
      budget.match_expressions = {{"team", "In", {std::string(dice_.Of(kTeams))}},
                                  {"example.com/cost-center", "Exists", {}}};
    }
    budget.disruptions_allowed = dice_.In(0, 3);
    return budget;
  }

  // Some pods are of a gang, of which a Job says the size, or nobody; others of PodGroups.
  void MakeGangs() {
    if (dice_.Percent(50)) snapshot_.gang_kinds = {"jobs.batch", "podgroups.scheduling.k8s.io"};
    for (std::size_t i = 0; i < snapshot_.pods.size(); i += 7) {
      Pod& pod = snapshot_.pods[i];
      const std::string name = Text(fmt::format("gang-of-anna-{}", i % 3));
      if (dice_.Percent(30)) pod.pod_group = name;
      if (dice_.Percent(50)) continue;
      pod.labels.emplace_back("tangram.dev/gang", name);
      pod.labels.emplace_back("batch.kubernetes.io/job-name", name);
      Sort(pod.labels);
    }
    for (int i = 0; i < 3; ++i) {
      const std::string ns(dice_.Of(kTeams));
      const std::string gang = fmt::format("gang-of-anna-{}", i);
      snapshot_.gang_owners.push_back({ns, "jobs.batch/" + gang, {{gang, dice_.In(1, 4)}}});
      const std::string group = Text("podgroups.scheduling.k8s.io/" + gang);
      snapshot_.gang_owners.push_back({ns, group, {{gang, dice_.In(1, 4)}}});
    }
  }

  void MakeQueues(const std::string& ns) {
    Queue queue;
    queue.name = "queue-for-" + ns;
    if (dice_.Percent(50)) queue.cohort = Text("whole-company");
    queue.resources = {
        {"flavor-" + ns, "nvidia.com/gpu", dice_.In(0, 512), dice_.In(0, 512), dice_.In(0, 16)}};
    queue.pending_workloads = dice_.In(0, 9);
    queue.admitted_workloads = dice_.In(0, 90);
    snapshot_.local_queues.push_back({ns, Text("jobs-queue"), queue.name, dice_.In(0, 9)});
    snapshot_.queues.push_back(std::move(queue));
  }

  void MakeUsage() {
    Usage usage;
    usage.from = start_ - std::chrono::days(14);
    usage.to = start_;
    if (dice_.Percent(50)) usage.interval = milliseconds(dice_.In(1, 3600) * 1000);
    usage.source = "prometheus at http://monitoring.internal:9090";
    for (int i = 0; i < size_.usage_rows; ++i) usage.devices.push_back(MakeRow(i));
    snapshot_.usage = std::move(usage);
  }

  // Of dice of its own, so that the rest stays as it was before there was demand.
  void MakeDemand() {
    base::Dice dice(static_cast<std::uint64_t>(start_.time_since_epoch().count()));
    if (dice.Percent(50)) return;
    const auto now = std::chrono::floor<std::chrono::hours>(start_);
    for (const std::string_view profile : kProfiles) {
      Demand row{
          .pool = Text("serving-pool"), .profile = std::string(profile), .from = now, .peaks = {}};
      for (std::int64_t i = dice.In(1, 200); i > 0; --i) row.peaks.push_back(dice.In(0, 50));
      row.from -= std::chrono::hours(row.peaks.size());
      snapshot_.demand.push_back(std::move(row));
    }
  }

  DeviceUsage MakeRow(int number) {
    DeviceUsage row;
    const auto cards = static_cast<std::int64_t>(snapshot_.nodes.size()) * size_.gpus_per_node;
    if (cards > 0) {
      const auto card = static_cast<std::size_t>(number % cards);
      const auto per_node = static_cast<std::size_t>(size_.gpus_per_node);
      const Node& node = snapshot_.nodes[card / per_node];
      const Gpu& gpu = node.gpus[card % per_node];
      row.node = node.name;
      row.uuid = gpu.uuid;
      row.gpu_index = gpu.index;
      if (!gpu.instances.empty()) {
        row.instance_id = gpu.instances.front().id;
        row.profile = gpu.instances.front().profile;
      }
    }
    if (!snapshot_.pods.empty() && dice_.Percent(85)) {
      const Pod& pod = dice_.Of(snapshot_.pods);
      row.ns = pod.ns;
      row.pod = pod.name;
      row.container = Text("model-server");
    }
    Measure(row);
    return row;
  }

  void Measure(DeviceUsage& row) {
    row.metric = static_cast<ActivityMetric>(dice_.In(0, 2));
    if (row.metric == ActivityMetric::kNone) return;
    row.samples = dice_.In(0, 40'320);
    row.rejected = dice_.Percent(10) ? dice_.In(1, 50) : 0;
    row.active_max = base::PartsPerMillion(dice_.In(0, 1'000'000));
    row.active_mean = row.active_max / 3;
    row.busy_share = base::PartsPerMillion(dice_.In(0, 1'000'000));
    if (dice_.Percent(80)) row.last_active = Before(14);
    if (dice_.Percent(80)) row.memory_mean = base::MiB(dice_.In(0, 40'960));
    if (dice_.Percent(80)) row.memory_max = base::MiB(dice_.In(0, 40'960));
    if (dice_.Percent(80)) row.memory_total = base::MiB(40'960);
    if (dice_.Percent(50)) row.power_milliwatts = dice_.In(30'000, 700'000);
    if (dice_.Percent(50)) row.sm_clock_mhz = dice_.In(0, 1'980);
    if (dice_.Percent(3)) row.last_xid = dice_.In(1, 143);
  }

  base::Dice dice_;
  RandomSize size_;
  Snapshot snapshot_;
  base::Time start_;
};

}  // namespace

Snapshot RandomSnapshot(std::uint64_t seed, const RandomSize& size) {
  return Maker(seed, size).Make();
}

}  // namespace tangram::cluster
