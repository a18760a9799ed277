#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "cluster/file_form.h"
#include "cluster/hide_text.h"
#include "cluster/public_words.h"
#include "cluster/schedulable.h"
#include "cluster/testing/random_snapshot.h"

namespace tangram::cluster {
namespace {

constexpr std::string_view kKey = "a key of our own";

Snapshot RandomFor(int seed) {
  return RandomSnapshot(static_cast<std::uint64_t>(seed),
                        {.text = seed % 2 == 0 ? RandomText::kUsual : RandomText::kAnyCharacter});
}

std::set<std::string> ValuesOf(const Selector& selector) {
  std::set<std::string> values;
  for (const auto& [key, value] : selector.match_labels) values.insert(value);
  for (const SelectorTerm& term : selector.match_expressions) {
    values.insert(term.values.begin(), term.values.end());
  }
  return values;
}

std::set<std::string> NamesOfPods(const Snapshot& snapshot) {
  std::set<std::string> names;
  for (const Pod& pod : snapshot.pods) {
    names.insert({pod.ns, pod.name, pod.uid, pod.owner.name, pod.priority_class, pod.pod_group});
    names.insert(pod.claims.begin(), pod.claims.end());
    for (const auto& [key, value] : pod.labels) names.insert(value);
    for (const auto& [key, value] : pod.annotations) names.insert(value);
    for (const Toleration& toleration : pod.tolerations) names.insert(toleration.value);
    for (const PodTerm& term : pod.affinity.anti_pods) {
      names.insert(term.namespaces.begin(), term.namespaces.end());
      if (term.selector) names.merge(ValuesOf(*term.selector));
    }
    for (const NodeTerm& term : pod.affinity.nodes) {
      for (const SelectorTerm& field : term.fields) {
        names.insert(field.values.begin(), field.values.end());
      }
    }
  }
  return names;
}

// Of claims and slices.
std::set<std::string> NamesOfDevices(const Snapshot& snapshot) {
  std::set<std::string> names;
  for (const Claim& claim : snapshot.claims) {
    names.insert({claim.ns, claim.name, claim.uid, "SecretCard", "req-main"});
  }
  for (const ResourceSlice& slice : snapshot.slices) {
    names.insert({slice.name, slice.driver, slice.pool, slice.reach.node});
    for (const Device& device : slice.devices) {
      names.insert({"secret-rack", "rackUnit", "secret-pool-counters"});
      for (const Taint& taint : device.taints) names.insert(taint.value);
    }
  }
  return names;
}

// Every text in `snapshot` that a person or the site's machines gave.
std::set<std::string> NamesOf(const Snapshot& snapshot) {
  std::set<std::string> names = {snapshot.cluster};
  for (const Node& node : snapshot.nodes) {
    names.insert({node.name, node.pool});
    for (const Gpu& gpu : node.gpus) names.insert(gpu.uuid);
    for (const Taint& taint : node.taints) names.insert(taint.value);
    for (const auto& [key, value] : node.labels) {
      if (!HasPublicValues(key)) names.insert(value);
    }
  }
  names.merge(NamesOfPods(snapshot));
  names.merge(NamesOfDevices(snapshot));
  names.erase("gpu.nvidia.com");
  for (const Namespace& space : snapshot.namespaces) {
    names.insert(space.name);
    for (const auto& [key, value] : space.labels) names.insert(value);
  }
  for (const DisruptionBudget& budget : snapshot.budgets) {
    names.insert({budget.ns, budget.name});
    for (const SelectorTerm& term : budget.match_expressions) {
      names.insert(term.values.begin(), term.values.end());
    }
  }
  for (const GangOwner& owner : snapshot.gang_owners) {
    names.insert(owner.ns);
    for (const GangSize& size : owner.gangs) names.insert(size.gang);
  }
  for (const Quota& quota : snapshot.quotas) names.insert({quota.ns, quota.name});
  for (const Queue& queue : snapshot.queues) names.insert({queue.name, queue.cohort});
  for (const LocalQueue& queue : snapshot.local_queues) names.insert({queue.name, queue.queue});
  for (const PriorityClass& priority : snapshot.priority_classes) names.insert(priority.name);
  if (snapshot.usage) {
    for (const DeviceUsage& row : snapshot.usage->devices) names.insert({row.pod, row.container});
  }
  for (const Demand& row : snapshot.demand) names.insert(row.pool);
  for (const std::string_view site : {"viewer-bob", "example.com", "monitoring.internal",
                                      "secret-bucket", "cc-4711", "carol", "alice"}) {
    names.emplace(site);
  }
  for (const std::string_view open : {"", "true", "false"}) names.erase(std::string(open));
  return names;
}

// As it would stand in the file.
std::string InJson(const std::string& name) {
  Snapshot holder;
  holder.cluster = name;
  const std::string text = WriteSnapshot(holder);
  const auto start = text.find("\"cluster\":\"") + 11;
  return text.substr(start, text.rfind('"') - start);
}

TEST(HashNames, LetsNoNameThrough) {
  for (int seed = 0; seed < 20; ++seed) {
    const Snapshot snapshot = RandomFor(seed);
    const std::string text = WriteSnapshot(HashNames(snapshot, kKey));
    for (const std::string& name : NamesOf(snapshot)) {
      ASSERT_EQ(text.find(InJson(name)), std::string::npos) << seed << ": " << name << "\n" << text;
    }
  }
}

TEST(HashNames, SelectorsSelectWhatTheyDid) {
  Snapshot snapshot;
  Pod& pod = snapshot.pods.emplace_back();
  pod.ns = "team-a";
  pod.name = "chat-0";
  pod.labels = {{"acme.com/tier", "gold"}};
  PodTerm& term = pod.affinity.anti_pods.emplace_back();
  term.topology_key = "acme.com/rack";
  term.selector = {{{"acme.com/tier", "gold"}}, {{"acme.com/tier", "In", {"gold", "silver"}}}};
  Node& node = snapshot.nodes.emplace_back();
  node.name = "host-7";
  node.labels = {{"acme.com/rack", "r1"}};
  pod.affinity.nodes = {{{{"acme.com/rack", "In", {"r1"}}}, {{"metadata.name", "In", {"host-7"}}}}};
  const Snapshot hidden = HashNames(snapshot, kKey);
  const Pod& there = hidden.pods[0];
  EXPECT_NE(there.labels, pod.labels);
  EXPECT_TRUE(Matches(*there.affinity.anti_pods[0].selector, there.labels));
  EXPECT_EQ(there.affinity.anti_pods[0].topology_key, hidden.nodes[0].labels[0].first);
  EXPECT_TRUE(MeetsAffinity(hidden.nodes[0], there));
}

TEST(HashNames, SelectorsChooseTheDevicesTheyDid) {
  Snapshot snapshot;
  ResourceSlice& slice = snapshot.slices.emplace_back();
  slice.name = "host-7-cards";
  slice.driver = "cards.acme.example";
  slice.pool = "host-7";
  Device& device = slice.devices.emplace_back();
  device.name = "card-a";
  device.attributes = {{"rack", AttributeType::kString, "r17"},
                       {"uuid", AttributeType::kString, "GPU-0"}};
  Claim& claim = snapshot.claims.emplace_back();
  claim.name = "mine";
  claim.requests = {{"r", "cards", {"device.attributes[\"cards.acme.example\"].rack == \"r17\""}}};
  claim.constraints = {{{"r"}, "cards.acme.example/rack", ""}};
  claim.devices = {{"r", "cards.acme.example", "host-7", "card-a"}};
  snapshot.nodes.emplace_back().gpus.emplace_back().uuid = "GPU-0";
  const Snapshot hidden = HashNames(snapshot, kKey);
  const ResourceSlice& there = hidden.slices[0];
  const auto& [rack, uuid] =
      std::tie(there.devices[0].attributes[0], there.devices[0].attributes[1]);
  EXPECT_EQ(
      hidden.claims[0].requests[0].selectors[0],
      "device.attributes[\"" + there.driver + "\"]." + rack.name + " == \"" + rack.value + "\"");
  EXPECT_EQ(hidden.claims[0].constraints[0].match_attribute, there.driver + "/" + rack.name);
  EXPECT_EQ(hidden.claims[0].devices[0].device, there.devices[0].name);
  EXPECT_EQ(hidden.claims[0].devices[0].pool, there.pool);
  EXPECT_EQ(uuid.value, hidden.nodes[0].gpus[0].uuid);
}

TEST(HashNames, TheFormCanBeReadAgain) {
  for (int seed = 0; seed < 20; ++seed) {
    const Snapshot hidden = HashNames(RandomFor(seed), kKey);
    const auto read = ReadSnapshot(WriteSnapshot(hidden));
    ASSERT_TRUE(read) << seed << ": " << read.error().message;
    ASSERT_EQ(*read, hidden) << seed;
  }
}

using Pairs = std::multiset<std::pair<std::int64_t, std::int64_t>>;

// How pods, nodes, usage and claims hang together, without the names: joined by name, told by what
// no hashing changes.
Pairs JoinsOf(const Snapshot& snapshot) {
  std::map<std::string, std::int64_t> nodes;
  std::map<std::string, std::int64_t> cards;
  std::map<std::string, std::int64_t> pods;
  std::map<std::string, std::int64_t> uids;
  for (const Node& node : snapshot.nodes) {
    nodes[node.name] = node.memory.value();
    for (const Gpu& gpu : node.gpus) {
      if (!gpu.uuid.empty()) cards[gpu.uuid] = node.memory.value() * 64 + gpu.index;
    }
  }
  Pairs joins;
  for (const Pod& pod : snapshot.pods) {
    pods[pod.ns + "/" + pod.name] = pod.memory.value();
    uids[pod.uid] = pod.memory.value();
    if (!pod.node.empty()) joins.emplace(pod.memory.value(), nodes.at(pod.node));
  }
  for (const Claim& claim : snapshot.claims) {
    for (const std::string& uid : claim.reserved_for) {
      joins.emplace(claim.requests.front().count, uids.at(uid));
    }
    for (const AllocatedDevice& device : claim.devices) {
      joins.emplace(device.request == claim.requests.front().name, nodes.at(device.pool));
    }
  }
  if (!snapshot.usage) return joins;
  for (const DeviceUsage& row : snapshot.usage->devices) {
    if (!row.pod.empty()) joins.emplace(row.samples, pods.at(row.ns + "/" + row.pod));
    if (!row.uuid.empty()) joins.emplace(row.samples, cards.at(row.uuid));
    joins.emplace(row.samples, nodes.at(row.node));
  }
  return joins;
}

TEST(HashNames, KeepsHowThingsHangTogether) {
  for (int seed = 0; seed < 20; ++seed) {
    const Snapshot snapshot = RandomFor(seed);
    const Snapshot hidden = HashNames(snapshot, kKey);
    ASSERT_EQ(JoinsOf(hidden), JoinsOf(snapshot)) << seed;
    ASSERT_EQ(hidden.queues.size(), snapshot.queues.size());
    for (const LocalQueue& local : hidden.local_queues) {
      const auto leads_to = [&](const Queue& queue) { return queue.name == local.queue; };
      ASSERT_TRUE(std::any_of(hidden.queues.begin(), hidden.queues.end(), leads_to)) << seed;
    }
  }
}

TEST(HashNames, SelectorsSelectTheSamePods) {
  const auto selected = [](const Snapshot& snapshot) {
    std::multiset<std::pair<std::int64_t, std::int64_t>> pairs;
    for (const DisruptionBudget& budget : snapshot.budgets) {
      for (const Pod& pod : snapshot.pods) {
        if (!Selects(budget, pod.ns, pod.labels)) continue;
        pairs.emplace(budget.disruptions_allowed, pod.memory.value());
      }
    }
    return pairs;
  };
  for (int seed = 0; seed < 20; ++seed) {
    const Snapshot snapshot = RandomFor(seed);
    ASSERT_EQ(selected(HashNames(snapshot, kKey)), selected(snapshot)) << seed;
  }
}

TEST(HashNames, DependsOnTheKeyAndNothingElse) {
  const Snapshot snapshot = RandomFor(2);
  EXPECT_EQ(HashNames(snapshot, kKey), HashNames(snapshot, kKey));
  const Snapshot other = HashNames(snapshot, "another key");
  EXPECT_NE(HashNames(snapshot, kKey).nodes[0].name, other.nodes[0].name);
  EXPECT_EQ(other.nodes[0].name.size(), std::string_view("node-0123456789ab").size());
}

TEST(HashNames, KeepsWhatTheReportNeeds) {
  Snapshot snapshot;
  Node& node = snapshot.nodes.emplace_back();
  node.name = "a";
  node.labels = {{"acme.example/rack", "r17"},
                 {"karpenter.sh/capacity-type", "spot"},
                 {"nvidia.com/gpu.count", "8"},
                 {"nvidia.com/gpu.product", "NVIDIA-A100-SXM4-40GB"},
                 {"topology.kubernetes.io/zone", "eu-central-1a"}};
  node.devices = {{"acme.example/fpga", 2}, {"nvidia.com/gpu", 8}};
  node.taints = {{"nvidia.com/gpu", "present", "NoSchedule"}};
  const Node hidden = HashNames(snapshot, kKey).nodes[0];
  EXPECT_EQ(Find(hidden.labels, "karpenter.sh/capacity-type"), "spot");
  EXPECT_EQ(Find(hidden.labels, "nvidia.com/gpu.count"), "8");
  EXPECT_EQ(Find(hidden.labels, "nvidia.com/gpu.product"), "NVIDIA-A100-SXM4-40GB");
  EXPECT_EQ(Find(hidden.labels, "topology.kubernetes.io/zone"), "eu-central-1a");
  EXPECT_EQ(hidden.labels.size(), 5U);
  EXPECT_EQ(CountOf(hidden.devices, "nvidia.com/gpu"), 8);
  EXPECT_EQ(hidden.taints, node.taints);
}

// What pods ask for goes on standing for the class, whose own name is hidden.
TEST(HashNames, AResourceOfADeviceClassStaysThatOfTheClass) {
  Snapshot snapshot;
  snapshot.device_classes = {{"acme-gpu", {}, "acme.example/gpu"}, {"gpu.nvidia.com", {}, {}}};
  Pod& pod = snapshot.pods.emplace_back();
  pod.name = "p";
  pod.devices = {{"acme.example/gpu", 1},
                 {"deviceclass.resource.kubernetes.io/acme-gpu", 2},
                 {"deviceclass.resource.kubernetes.io/gpu.nvidia.com", 3}};
  const Snapshot hidden = HashNames(snapshot, kKey);
  const DeviceClass& own = hidden.device_classes[0].extended_resource.empty()
                               ? hidden.device_classes[1]
                               : hidden.device_classes[0];
  EXPECT_EQ(own.name.find("acme"), std::string::npos);
  const auto& devices = hidden.pods[0].devices;
  EXPECT_EQ(CountOf(devices, own.extended_resource), 1);
  EXPECT_EQ(CountOf(devices, "deviceclass.resource.kubernetes.io/" + own.name), 2);
  EXPECT_EQ(CountOf(devices, "deviceclass.resource.kubernetes.io/gpu.nvidia.com"), 3);
}

struct TextCase {
  std::string name;
  std::string text;
  std::string want;  // a digest's digits are written as #
};

// "node-3fa2…" -> "node-#".
std::string WithoutDigits(std::string text) {
  std::string plain;
  while (!text.empty()) {
    const auto dash = text.find('-');
    const std::string digits = dash == std::string::npos ? "" : text.substr(dash + 1, 12);
    if (digits.size() < 12 || digits.find_first_not_of("0123456789abcdef") != std::string::npos) {
      const auto keep = dash == std::string::npos ? text.size() : dash + 1;
      plain += text.substr(0, keep);
      text.erase(0, keep);
      continue;
    }
    plain += text.substr(0, dash + 1) + "#";
    text.erase(0, dash + 13);
  }
  return plain;
}

const TextCase kSentences[] = {
    {"Scheduler",
     "0/6 nodes are available: 3 Insufficient nvidia.com/gpu, 2 node(s) had untolerated taint "
     "{acme/dedicated: vision}.",
     "0/6 nodes are available: 3 Insufficient nvidia.com/gpu, 2 node(s) had untolerated taint "
     "{word-#: word-#}."},
    {"NodeName", "node gpu-a100-1: its last change of MIG layout failed",
     "node node-#: its last change of MIG layout failed"},
    {"Quoted", "forbidden for User \"system:serviceaccount:acme\"",
     "forbidden for User \"word-#\""},
    {"Address", "prometheus at http://10.1.2.3:9090", "prometheus at word-#"},
    {"NumbersAndPunctuation", "- 7 of 80Gi (5%) ...", "- 7 of 80Gi (5%) ..."},
    {"Empty", "", ""},
};

class HideNamesTest : public ::testing::TestWithParam<TextCase> {};
TEST_P(HideNamesTest, KeepsPlainWordsOnly) {
  NameHasher hasher(kKey);
  EXPECT_EQ(WithoutDigits(HideNames(GetParam().text, {"gpu-a100-1"}, hasher)), GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(Table, HideNamesTest, ::testing::ValuesIn(kSentences),
                         [](const auto& test) { return test.param.name; });

const TextCase kExpressions[] = {
    {"Memory", "device.capacity['gpu.nvidia.com'].memory.compareTo(quantity('40Gi')) >= 0",
     "device.capacity['gpu.nvidia.com'].memory.compareTo(quantity('40Gi')) >= 0"},
    {"Product", "device.attributes['gpu.nvidia.com'].productName == 'NVIDIA A100-SXM4-40GB'",
     "device.attributes['gpu.nvidia.com'].productName == 'NVIDIA A100-SXM4-40GB'"},
    {"SiteDomain", "device.attributes[\"acme.example\"].rack == \"r17\"",
     "device.attributes[\"text-#\"].name-# == \"text-#\""},
    {"EscapedQuote", R"(device.driver == 'a\'secret' && secret2)",
     "device.driver == 'text-#' && name-#"},
    {"Comment", "true // for carol's team", "true // name-# name-#'text-#'"},
    {"NotClosed", "device.driver == 'secret", "device.driver == 'text-#'"},
};

class HideCelTest : public ::testing::TestWithParam<TextCase> {};
TEST_P(HideCelTest, KeepsHardwareOnly) {
  NameHasher hasher(kKey);
  EXPECT_EQ(WithoutDigits(HideCel(GetParam().text, hasher)), GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(Table, HideCelTest, ::testing::ValuesIn(kExpressions),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace tangram::cluster
