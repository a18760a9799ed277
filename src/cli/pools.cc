// The GpuPools under which a command plans: those of a file, or of the cluster.
#include "adapter/read_pools.h"
#include "cli/command.h"
#include "objects/read_pools.h"

namespace tangram::cli {
namespace {

std::string SourceNameOf(const std::string& path) { return path == "-" ? "standard input" : path; }

base::Result<std::vector<plan::Pool>> FromFile(const std::string& path, const Context& context,
                                               const plan::NodePolicy& defaults) {
  const auto text = ReadText(path, context.streams.in);
  if (!text) return tl::unexpected(text.error());
  auto pools = objects::ReadPools(*text, defaults);
  if (!pools) return base::Wrap(pools.error(), SourceNameOf(path));
  return pools;
}

base::Result<std::vector<plan::Pool>> FromCluster(const SourceOptions& source,
                                                  const Context& context,
                                                  const plan::NodePolicy& defaults) {
  kube::ConfigSources cluster;
  cluster.kubeconfig = source.kubeconfig;
  cluster.context = source.kube_context;
  auto pools = adapter::ReadPools(cluster, defaults);
  if (pools || pools.error().code != base::ErrorCode::kDenied) return pools;
  Say("the cluster's GpuPools are not read, and the plan goes by none: " + pools.error().message,
      context.streams);
  return std::vector<plan::Pool>();
}

base::Result<std::vector<plan::Pool>> PoolsOf(const PoolSource& from, const Context& context,
                                              const plan::NodePolicy& defaults) {
  if (from.policy.empty()) {
    if (!from.source.snapshot.empty()) return std::vector<plan::Pool>();
    return FromCluster(from.source, context, defaults);
  }
  if (from.policy == "-" && from.source.snapshot == "-") {
    return base::Fail(base::ErrorCode::kInvalid,
                      "--policy and --snapshot cannot both be standard input; name a file for one");
  }
  return FromFile(from.policy, context, defaults);
}

base::Result<PooledSnapshot> AtHand(PooledSnapshot seen, const plan::PlanPolicy& policy) {
  seen.policy.most_new_nodes = policy.most_new_nodes;
  seen.policy.on = policy.on;
  if (const auto checked = plan::CheckPools(seen.policy, seen.snapshot); !checked) {
    return tl::unexpected(checked.error());
  }
  return seen;
}

}  // namespace

base::Result<PooledSnapshot> LoadWithPools(const PoolSource& from, plan::PlanPolicy policy,
                                           const Context& context) {
  if (context.at_hand != nullptr) return AtHand(*context.at_hand, policy);
  auto pools = PoolsOf(from, context, policy.defaults);
  if (!pools) return tl::unexpected(pools.error());
  policy.pools = *std::move(pools);
  auto snapshot = LoadSnapshot(from.source, context);
  if (!snapshot) return tl::unexpected(snapshot.error());
  if (const auto checked = plan::CheckPools(policy, *snapshot); !checked) {
    if (from.policy.empty()) return tl::unexpected(checked.error());
    return base::Wrap(checked.error(), SourceNameOf(from.policy));
  }
  return PooledSnapshot{std::move(policy), *std::move(snapshot)};
}

}  // namespace tangram::cli
