#include "adapter/live/node_keeper.h"

#include <algorithm>
#include <set>
#include <utility>

#include "adapter/dra_pools.h"
#include "adapter/node_gpus.h"
#include "adapter/reported_gpus.h"

namespace tangram::adapter {
namespace {

// Whether any of it was removed.
template <class Map, class KeyOf>
bool Erase(Map& map, const std::vector<control::Key>& keys, const KeyOf& key_of) {
  std::vector<control::Key> sorted = keys;
  std::sort(sorted.begin(), sorted.end());
  return std::erase_if(map, [&](const auto& entry) {
           return !std::binary_search(sorted.begin(), sorted.end(), key_of(entry.first));
         }) > 0;
}

// A node as it was before its GPUs were added.
cluster::Node AsRead(cluster::Node node) {
  node.gpus.clear();
  node.mig_strategy = {};
  return node;
}

}  // namespace

void NodeKeeper::Set(cluster::Node node) {
  std::string name = node.name;
  changed_.insert_or_assign(std::move(name), std::move(node));
}

void NodeKeeper::Remove(const std::string& name) {
  if (told_.contains(name) || changed_.contains(name)) changed_[name].reset();
}

void NodeKeeper::KeepOnly(const std::vector<control::Key>& keys) {
  const auto by_name = [](const std::string& name) { return control::Key{{}, name}; };
  Erase(changed_, keys, by_name);
  std::set<std::string> gone;
  for (const auto& [name, node] : told_) gone.insert(name);
  for (const control::Key& key : keys) gone.erase(key.name);
  for (const std::string& name : gone) changed_[name].reset();
}

void NodeKeeper::SetSlice(cluster::Shared<cluster::ResourceSlice> slice) {
  const auto known = slices_.find(slice->name);
  if (known != slices_.end() && known->second == slice) return;
  all_changed_ = true;
  std::string name = slice->name;
  slices_.insert_or_assign(std::move(name), std::move(slice));
}

void NodeKeeper::RemoveSlice(const std::string& name) {
  all_changed_ = slices_.erase(name) > 0 || all_changed_;
}

void NodeKeeper::KeepOnlySlices(const std::vector<control::Key>& keys) {
  const bool some =
      Erase(slices_, keys, [](const std::string& name) { return control::Key{{}, name}; });
  all_changed_ = all_changed_ || some;
}

void NodeKeeper::SetClaim(cluster::Shared<cluster::Claim> claim) {
  control::Key key{claim->ns, claim->name};
  const auto known = claims_.find(key);
  const bool same = known != claims_.end() && known->second->devices == claim->devices;
  all_changed_ = all_changed_ || (!same && !claim->devices.empty()) ||
                 (known != claims_.end() && !known->second->devices.empty() && !same);
  claims_.insert_or_assign(std::move(key), std::move(claim));
}

void NodeKeeper::RemoveClaim(const control::Key& key) {
  all_changed_ = claims_.erase(key) > 0 || all_changed_;
}

void NodeKeeper::KeepOnlyClaims(const std::vector<control::Key>& keys) {
  const bool some = Erase(claims_, keys, [](const control::Key& key) { return key; });
  all_changed_ = all_changed_ || some;
}

void NodeKeeper::SetReport(cluster::GpuNode report) {
  const std::string node = report.name;
  cluster::GpuNode& known = reports_[node];
  const bool same = known.cards == report.cards;
  known = std::move(report);
  if (!same) LookAgainAt(node);
}

void NodeKeeper::RemoveReport(const std::string& node) {
  if (reports_.erase(node) > 0) LookAgainAt(node);
}

void NodeKeeper::KeepOnlyReports(const std::vector<control::Key>& keys) {
  std::set<std::string> gone;
  for (const auto& [node, report] : reports_) gone.insert(node);
  for (const control::Key& key : keys) gone.erase(key.name);
  for (const std::string& node : gone) RemoveReport(node);
}

void NodeKeeper::LookAgainAt(const std::string& node) {
  const auto told = told_.find(node);
  if (told != told_.end()) changed_.try_emplace(node, AsRead(*told->second));
}

// Those to look at again: what is told of a node is what was read of it, and its GPUs.
NodeKeeper::Changed NodeKeeper::TakeChanged() {
  Changed changed = std::exchange(changed_, {});
  if (!std::exchange(all_changed_, false)) return changed;
  for (const auto& [name, told] : told_) {
    if (!changed.contains(name)) changed.emplace(name, AsRead(*told));
  }
  return changed;
}

NodeKeeper::Changes NodeKeeper::Flush() {
  cluster::List<cluster::ResourceSlice> slices;
  cluster::List<cluster::Claim> claims;
  for (const auto& [name, slice] : slices_) slices.items().push_back(slice);
  if (!slices.empty()) {
    for (const auto& [key, claim] : claims_) claims.items().push_back(claim);
  }
  DraPools pools = ReadPools(slices, claims);
  if (all_changed_) pool_gaps_ = std::move(pools.gaps);
  Changes changes;
  for (auto& [name, read] : TakeChanged()) {
    gaps_.erase(name);
    if (!read) {
      if (told_.erase(name) > 0) changes.gone.push_back(name);
      continue;
    }
    cluster::Node node = *std::move(read);
    const auto devices = pools.by_node.find(name);
    NodeGpus gpus = GpusOf(node, devices == pools.by_node.end() ? nullptr : &devices->second);
    const auto report = reports_.find(name);
    if (report != reports_.end()) AddReport(node, report->second, gpus);
    node.mig_strategy = gpus.strategy;
    node.gpus = std::move(gpus.gpus);
    if (!gpus.gaps.empty()) gaps_[name] = std::move(gpus.gaps);
    const auto told = told_.find(name);
    if (told != told_.end() && *told->second == node) continue;
    cluster::Shared<cluster::Node> shared(std::move(node));
    told_.insert_or_assign(name, shared);
    changes.nodes.items().push_back(std::move(shared));
  }
  changes.gaps = pool_gaps_;
  for (const auto& [name, gaps] : gaps_) {
    changes.gaps.insert(changes.gaps.end(), gaps.begin(), gaps.end());
  }
  return changes;
}

}  // namespace tangram::adapter
