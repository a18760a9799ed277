#include "plan/place/topology.h"

#include <algorithm>
#include <array>
#include <map>

namespace tangram::plan {
namespace {

struct Level {
  std::string_view word;
  std::array<std::string_view, 2> keys;  // the first that the node has
};
// Nearest first.
constexpr std::array<Level, 5> kLevels = {
    {{"Host", {"kubernetes.io/hostname", ""}},
     {"NVLink", {"nvidia.com/gpu.clique", ""}},
     {"Rack", {"cloud.google.com/gce-topology-subblock", "topology.k8s.aws/network-node-layer-3"}},
     {"Block", {"cloud.google.com/gce-topology-block", "topology.k8s.aws/network-node-layer-2"}},
     {"Zone", {"topology.kubernetes.io/zone", ""}}}};

bool Is(const Level& level, std::string_view name) {
  return level.word == name || level.keys[0] == name || level.keys[1] == name;
}

// What is farther than every level: a label key of the site.
std::size_t RankOf(std::string_view name) {
  const auto level = std::find_if(kLevels.begin(), kLevels.end(),
                                  [&](const Level& known) { return Is(known, name); });
  return static_cast<std::size_t>(level - kLevels.begin());
}

std::string_view FirstOf(std::string_view own, std::string_view kueue) {
  return own.empty() ? kueue : own;
}

}  // namespace

TopologyWishes WishesOf(const cluster::Pod& pod) {
  const auto label = [&](std::string_view key) { return cluster::Find(pod.labels, key); };
  const auto kueue = [&](std::string_view key) { return cluster::Find(pod.annotations, key); };
  return {FirstOf(label("tangram.dev/topology"), kueue("kueue.x-k8s.io/podset-required-topology")),
          FirstOf(label("tangram.dev/topology-preferred"),
                  kueue("kueue.x-k8s.io/podset-preferred-topology"))};
}

std::string DomainOf(const cluster::Node& node, std::string_view level) {
  const std::size_t rank = RankOf(level);
  if (rank == kLevels.size()) return std::string(cluster::Find(node.labels, level));
  if (rank == 0) return node.name;
  for (const std::string_view key : kLevels[rank].keys) {
    const std::string_view value = key.empty() ? "" : cluster::Find(node.labels, key);
    if (!value.empty()) return std::string(value);
  }
  return kLevels[rank].word == "NVLink" ? node.name : "";
}

std::string DomainOfNew(const cluster::Node& like, std::string_view name, std::string_view level) {
  const std::size_t rank = RankOf(level);
  if (rank == 0) return std::string(name);
  const bool is_zone = rank < kLevels.size() && kLevels[rank].word == "Zone";
  return is_zone ? DomainOf(like, level) : "";
}

std::vector<std::vector<Domain>> DomainsFor(std::span<const cluster::Node* const> nodes,
                                            std::span<const TopologyWishes> wishes) {
  std::vector<std::string_view> required;
  std::size_t widest = 0;
  std::vector<std::string_view> levels;
  for (const Level& level : kLevels) levels.push_back(level.word);
  for (const TopologyWishes& wish : wishes) {
    if (!wish.required.empty()) required.push_back(wish.required);
    for (const std::string_view name : {wish.required, wish.preferred}) {
      if (name.empty()) continue;
      const std::size_t rank = RankOf(name);
      if (rank == kLevels.size()) levels.push_back(name);
      widest = std::max(widest, rank == kLevels.size() ? levels.size() - 1 : rank);
    }
  }
  std::vector<std::vector<Domain>> groups;
  for (std::size_t l = 0; l <= widest; ++l) {
    std::map<std::string, Domain> by_name;
    for (std::size_t n = 0; n < nodes.size(); ++n) {
      std::string name = DomainOf(*nodes[n], levels[l]);
      bool known = !name.empty();
      for (const std::string_view wish : required) {
        const std::string domain = DomainOf(*nodes[n], wish);
        known = known && !domain.empty();
        name += '/' + domain;
      }
      if (!known) continue;
      Domain& domain = by_name[name];
      domain.name = std::move(name);
      domain.nodes.push_back(n);
    }
    std::vector<Domain>& group = groups.emplace_back();
    for (auto& [name, domain] : by_name) group.push_back(std::move(domain));
  }
  return groups;
}

}  // namespace tangram::plan
