#include "adapter/read_cluster.h"

#include <future>
#include <iterator>
#include <map>
#include <string_view>
#include <utility>

#include "adapter/decode_dra.h"
#include "adapter/decode_gang.h"
#include "adapter/decode_kueue.h"
#include "adapter/decode_node.h"
#include "adapter/decode_pod.h"
#include "adapter/decode_policy.h"
#include "adapter/kinds.h"
#include "adapter/list_kind.h"
#include "adapter/node_gpus.h"
#include "adapter/reported_gpus.h"
#include "base/mutex.h"
#include "cluster/gang.h"

namespace tangram::adapter {
namespace {

using cluster::Snapshot;
// Hands the caller's progress function to many threads, one call at a time.
class Reporter {
 public:
  explicit Reporter(const std::function<void(const Progress&)>& progress) : progress_(progress) {}
  void Say(const std::string& doing, std::size_t count) {
    if (!progress_) return;
    const base::MutexLock lock(mutex_);
    progress_({doing, count});
  }

 private:
  const std::function<void(const Progress&)>& progress_;
  base::Mutex mutex_;
};

class Reader {
 public:
  Reader(kube::Client& client, const ReadOptions& options)
      : client_(client), page_size_(options.page_size), reporter_(options.progress) {}

  // Starts the list; the future waits for it when it goes.
  template <class T, class Decode>
  std::future<Listed<T>> Start(Kind kind, Decode decode) {
    auto task = [this, kind = std::move(kind), decode]() -> Listed<T> {
      const std::string name = kind.versions.front().Name();
      kube::ListOptions options;
      options.page_size = page_size_;
      return ListKind<T>(client_, kind, options, decode,
                         [&](std::size_t count) { reporter_.Say(name, count); });
    };
    // Without a thread to be had it runs when its answer is asked for.
    return std::async(std::launch::async | std::launch::deferred, std::move(task));
  }

 private:
  kube::Client& client_;
  int page_size_;
  Reporter reporter_;
};

// The items; gaps go to the snapshot.
template <class T>
std::vector<T> Take(Listed<T> listed, Snapshot& snapshot) {
  std::move(listed.gaps.begin(), listed.gaps.end(), std::back_inserter(snapshot.gaps));
  return std::move(listed.items);
}

// Who says how large gangs are: one list of several kinds.
class GangReading {
 public:
  explicit GangReading(Reader& reader) {
    Start(reader, cluster::kJobs, kinds::Jobs(), DecodeJob);
    Start(reader, cluster::kJobSets, kinds::JobSets(), DecodeJobSet);
    Start(reader, cluster::kPodGroups, kinds::PodGroups(), DecodePodGroup);
    Start(reader, cluster::kVolcanoPodGroups, kinds::VolcanoPodGroups(), DecodeVolcanoPodGroup);
    Start(reader, cluster::kKaiPodGroups, kinds::KaiPodGroups(), DecodeKaiPodGroup);
    Start(reader, cluster::kCoschedulingPodGroups, kinds::CoschedulingPodGroups(),
          DecodeCoschedulingPodGroup);
  }

  void Take(Snapshot& snapshot) && {
    for (auto& [kind, list] : lists_) {
      Listed<cluster::GangOwner> listed = list.get();
      if (listed.served && !listed.failed) snapshot.gang_kinds.emplace_back(kind);
      std::move(listed.items.begin(), listed.items.end(), std::back_inserter(snapshot.gang_owners));
      std::move(listed.gaps.begin(), listed.gaps.end(), std::back_inserter(snapshot.gaps));
    }
  }

 private:
  template <class Decode>
  void Start(Reader& reader, std::string_view name, Kind kind, Decode decode) {
    lists_.emplace_back(name, reader.Start<cluster::GangOwner>(std::move(kind), decode));
  }
  std::vector<std::pair<std::string_view, std::future<Listed<cluster::GangOwner>>>> lists_;
};

void SetGpus(Snapshot& snapshot, const std::vector<cluster::GpuNode>& reports) {
  std::map<std::string_view, const cluster::GpuNode*> by_node;
  for (const cluster::GpuNode& report : reports) by_node.emplace(report.name, &report);
  const DraPools pools = ReadPools(snapshot.slices, snapshot.claims);
  snapshot.gaps.insert(snapshot.gaps.end(), pools.gaps.begin(), pools.gaps.end());
  for (cluster::Node& node : snapshot.nodes) {
    const auto found = pools.by_node.find(node.name);
    NodeGpus read = GpusOf(node, found == pools.by_node.end() ? nullptr : &found->second);
    const auto report = by_node.find(node.name);
    if (report != by_node.end()) AddReport(node, *report->second, read);
    node.mig_strategy = read.strategy;
    node.gpus = std::move(read.gpus);
    std::move(read.gaps.begin(), read.gaps.end(), std::back_inserter(snapshot.gaps));
  }
}

base::Error NothingSeen(const base::Error& nodes, const base::Error& pods) {
  const bool denied =
      nodes.code == base::ErrorCode::kDenied && pods.code == base::ErrorCode::kDenied;
  return {denied ? base::ErrorCode::kDenied : nodes.code,
          "neither nodes nor pods can be listed: " + nodes.message + "; " + pods.message};
}

}  // namespace

base::Result<Snapshot> ReadCluster(kube::Client& client, const base::Clock& clock,
                                   const ReadOptions& options) {
  Snapshot snapshot;
  snapshot.taken_at = clock.Now();
  Reader reader(client, options);
  auto nodes = reader.Start<cluster::Node>(kinds::Nodes(), DecodeNode);
  auto pods = reader.Start<cluster::Pod>(kinds::Pods(), DecodePod);
  auto claims = reader.Start<cluster::Claim>(kinds::Claims(), DecodeClaim);
  auto slices = reader.Start<cluster::ResourceSlice>(kinds::Slices(), DecodeSlice);
  auto device_classes =
      reader.Start<cluster::DeviceClass>(kinds::DeviceClasses(), DecodeDeviceClass);
  auto namespaces = reader.Start<cluster::Namespace>(kinds::Namespaces(), DecodeNamespace);
  auto quotas = reader.Start<cluster::Quota>(kinds::Quotas(), DecodeQuota);
  auto budgets = reader.Start<cluster::DisruptionBudget>(kinds::Budgets(), DecodeDisruptionBudget);
  auto priorities =
      reader.Start<cluster::PriorityClass>(kinds::PriorityClasses(), DecodePriorityClass);
  auto queues = reader.Start<cluster::Queue>(kinds::ClusterQueues(), DecodeClusterQueue);
  auto local_queues = reader.Start<cluster::LocalQueue>(kinds::LocalQueues(), DecodeLocalQueue);
  auto reports = reader.Start<cluster::GpuNode>(kinds::GpuNodes(), DecodeGpuNode);
  GangReading gangs(reader);

  Listed<cluster::Node> listed_nodes = nodes.get();
  Listed<cluster::Pod> listed_pods = pods.get();
  if (listed_nodes.failed && listed_pods.failed) {
    return tl::unexpected(NothingSeen(*listed_nodes.failed, *listed_pods.failed));
  }
  snapshot.nodes = Take(std::move(listed_nodes), snapshot);
  snapshot.pods = Take(std::move(listed_pods), snapshot);
  snapshot.claims = Take(claims.get(), snapshot);
  snapshot.namespaces = Take(namespaces.get(), snapshot);
  snapshot.quotas = Take(quotas.get(), snapshot);
  snapshot.budgets = Take(budgets.get(), snapshot);
  snapshot.priority_classes = Take(priorities.get(), snapshot);
  snapshot.queues = Take(queues.get(), snapshot);
  snapshot.local_queues = Take(local_queues.get(), snapshot);
  snapshot.slices = Take(slices.get(), snapshot);
  snapshot.device_classes = Take(device_classes.get(), snapshot);
  std::move(gangs).Take(snapshot);
  SetGpus(snapshot, Take(reports.get(), snapshot));
  cluster::Normalize(snapshot);
  return snapshot;
}

}  // namespace tangram::adapter
