// Nodes with the GPUs that their labels, slices and claims say, kept up to date.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "adapter/decode_dra.h"
#include "cluster/gpu_node.h"
#include "cluster/node.h"
#include "cluster/pod.h"
#include "cluster/snapshot.h"
#include "control/keyed_list.h"

namespace tangram::adapter {

// Not thread-safe. Changes gather until Flush, which tells what is different of which node: one
// pass over slices and claims, however many of them changed.
class NodeKeeper {
 public:
  void Set(cluster::Node node);
  void Remove(const std::string& name);
  void KeepOnly(const std::vector<control::Key>& keys);
  void SetSlice(cluster::Shared<cluster::ResourceSlice> slice);
  void RemoveSlice(const std::string& name);
  void KeepOnlySlices(const std::vector<control::Key>& keys);
  void SetClaim(cluster::Shared<cluster::Claim> claim);
  void RemoveClaim(const control::Key& key);
  void KeepOnlyClaims(const std::vector<control::Key>& keys);
  // What our agents report.
  void SetReport(cluster::GpuNode report);
  void RemoveReport(const std::string& node);
  void KeepOnlyReports(const std::vector<control::Key>& keys);

  bool has_changes() const { return all_changed_ || !changed_.empty(); }

  struct Changes {
    cluster::List<cluster::Node> nodes{};  // new, or other than they were
    std::vector<std::string> gone{};       // names
    std::vector<cluster::Gap> gaps{};      // all there are now
  };
  Changes Flush();

 private:
  using Changed = std::map<std::string, std::optional<cluster::Node>>;

  void LookAgainAt(const std::string& node);
  Changed TakeChanged();

  std::map<std::string, cluster::Shared<cluster::Node>> told_;
  std::map<std::string, std::vector<cluster::Gap>> gaps_;  // by node
  std::vector<cluster::Gap> pool_gaps_;
  std::map<std::string, cluster::Shared<cluster::ResourceSlice>> slices_;
  std::map<control::Key, cluster::Shared<cluster::Claim>> claims_;
  std::map<std::string, cluster::GpuNode> reports_;  // by node
  Changed changed_;           // nodes as they were read since, without GPUs; nothing: it is gone
  bool all_changed_ = false;  // slices or claims
};

}  // namespace tangram::adapter
