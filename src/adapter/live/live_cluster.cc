#include "adapter/live/live_cluster.h"

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "adapter/decode_dra.h"
#include "adapter/decode_gang.h"
#include "adapter/decode_kueue.h"
#include "adapter/decode_node.h"
#include "adapter/decode_pod.h"
#include "adapter/decode_policy.h"
#include "adapter/kinds.h"
#include "adapter/live/change_sink.h"
#include "adapter/live/gang_keeper.h"
#include "adapter/live/leave_alone.h"
#include "adapter/live/node_keeper.h"
#include "adapter/reported_gpus.h"
#include "cluster/gang.h"

namespace tangram::adapter {
namespace {

using kube::Resource;

// Slices and claims come in bursts, and each means a pass over all of them.
constexpr std::chrono::milliseconds kGather{20};

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

}  // namespace

class LiveCluster::Impl {
 public:
  Impl(kube::Client& client, Mailbox& mailbox, Options options)
      : client_(client), mailbox_(mailbox), options_(std::move(options)), scope_(client.http()) {}

  void Start() {
    FollowNodes();
    FollowPods();
    FollowDra();
    FollowReports();
    Follow<cluster::DeviceClass>(kinds::DeviceClasses(), DecodeDeviceClass);
    Follow<cluster::Namespace>(kinds::Namespaces(), DecodeNamespace);
    Follow<std::optional<cluster::Quota>>(kinds::Quotas(), DecodeQuota);
    Follow<std::optional<cluster::DisruptionBudget>>(kinds::Budgets(), DecodeDisruptionBudget);
    Follow<cluster::PriorityClass>(kinds::PriorityClasses(), DecodePriorityClass);
    Follow<cluster::Queue>(kinds::ClusterQueues(), DecodeClusterQueue);
    Follow<cluster::LocalQueue>(kinds::LocalQueues(), DecodeLocalQueue);
    FollowGangs(cluster::kJobs, kinds::Jobs(), DecodeJob);
    FollowGangs(cluster::kJobSets, kinds::JobSets(), DecodeJobSet);
    FollowGangs(cluster::kPodGroups, kinds::PodGroups(), DecodePodGroup);
    FollowGangs(cluster::kVolcanoPodGroups, kinds::VolcanoPodGroups(), DecodeVolcanoPodGroup);
    FollowGangs(cluster::kKaiPodGroups, kinds::KaiPodGroups(), DecodeKaiPodGroup);
    FollowGangs(cluster::kCoschedulingPodGroups, kinds::CoschedulingPodGroups(),
                DecodeCoschedulingPodGroup);
    for (const auto& followed : followed_) followed->reflector->Start();
  }

  LiveStatus Read() const {
    LiveStatus status{.synced = !followed_.empty()};
    for (const auto& followed : followed_) {
      const kube::Reflector::Status now = followed->reflector->Read();
      LiveStatus::Kind kind{.name = followed->reflector->resource().Name(), .synced = now.synced};
      const bool denied = now.error && now.error->code == base::ErrorCode::kDenied;
      if (now.error) kind.error = now.error->message;
      // What may not be read is a gap; without nodes and pods there is nothing to decide on.
      const bool done = now.synced || (denied && followed->presence == Presence::kIfServed);
      status.synced = status.synced && done;
      status.kinds.push_back(std::move(kind));
    }
    return status;
  }

 private:
  struct Followed {
    std::unique_ptr<kube::ObjectSink> sink;
    std::unique_ptr<kube::Reflector> reflector;
    Presence presence = Presence::kAlways;
    std::vector<cluster::Gap> gaps{};  // objects that cannot be read
  };

  template <class T>
  void Add(const Kind& kind, typename ChangeSink<T>::Handler handler) {
    const auto chosen = ChooseVersion(client_, kind);
    Resource resource = chosen && chosen->has_value() ? **chosen : kind.versions.front();
    followed_.push_back(std::make_unique<Followed>());
    Followed& followed = *followed_.back();
    followed.presence = kind.presence;
    handler.on_bad = [this, &followed, name = resource.Name()](const auto& bad) {
      followed.gaps.clear();
      for (const auto& [key, why] : bad) followed.gaps.push_back({name, why, kLeftOut});
      TellGaps();
    };
    followed.sink = std::make_unique<ChangeSink<T>>(std::move(handler));
    followed.reflector = std::make_unique<kube::Reflector>(
        client_, std::move(resource), kube::ReflectorOptions{}, *followed.sink);
  }

  // Called once.
  void Post(std::function<void(control::Model&)> change) {
    mailbox_.Post([change = std::move(change)](control::Controller& to) { change(to.model()); });
  }

  template <class T>
  void Set(T value) {
    Post([value = std::move(value)](auto& model) mutable { model.Set(std::move(value)); });
  }

  // Kinds whose objects go into the model as they are.
  template <class T, class Decode>
  void Follow(const Kind& kind, Decode decode) {
    typename ChangeSink<T>::Handler handler;
    handler.decode = [decode](simdjson::ondemand::object& object) { return decode(object); };
    if constexpr (IsOptional<T>::value) {
      using Value = typename T::value_type;
      handler.on_set = [this](T value, const kube::ObjectMeta& meta) {
        if (value) return Set(*std::move(value));
        const control::Key key{meta.ns, meta.name};
        Post([key](auto& model) { model.template Remove<Value>(key); });
      };
      SetRemoval<Value>(handler);
    } else {
      handler.on_set = [this](T value, const kube::ObjectMeta&) { Set(std::move(value)); };
      SetRemoval<T>(handler);
    }
    Add<T>(kind, std::move(handler));
  }

  template <class Value, class Handler>
  void SetRemoval(Handler& handler) {
    handler.on_gone = [this](const control::Key& key) {
      Post([key](auto& model) { model.template Remove<Value>(key); });
    };
    handler.on_listed = [this](std::vector<control::Key> keys) {
      Post([keys = std::move(keys)](auto& model) { model.template KeepOnly<Value>(keys); });
    };
  }

  void FollowPods() {
    ChangeSink<LivePod>::Handler handler;
    handler.decode = [](simdjson::ondemand::object& object) { return DecodeLivePod(object); };
    handler.on_set = [this](LivePod live, const kube::ObjectMeta& meta) {
      if (options_.excluded_namespaces.contains(meta.ns)) LeaveAlone(live.pod);
      Post([live = std::move(live), version = meta.resource_version](auto& model) mutable {
        model.SetPod(std::move(live.pod), std::move(version), std::move(live.node_affinity));
      });
    };
    handler.on_gone = [this](const control::Key& key) {
      Post([key](auto& model) { model.RemovePod(key); });
    };
    handler.on_listed = [this](std::vector<control::Key> keys) {
      Post([keys = std::move(keys)](auto& model) { model.KeepOnlyPods(keys); });
    };
    Add<LivePod>(kinds::Pods(), std::move(handler));
  }

  void FollowNodes() {
    ChangeSink<cluster::Node>::Handler handler;
    handler.decode = [](simdjson::ondemand::object& object) { return DecodeNode(object); };
    handler.on_set = [this](cluster::Node node, const kube::ObjectMeta&) {
      if (options_.price) options_.price(node);
      nodes_.Set(std::move(node));
      FlushSoon();
    };
    handler.on_gone = [this](const control::Key& key) {
      nodes_.Remove(key.name);
      FlushSoon();
    };
    handler.on_listed = [this](const std::vector<control::Key>& keys) {
      nodes_.KeepOnly(keys);
      Flush();
    };
    Add<cluster::Node>(kinds::Nodes(), std::move(handler));
  }

  void FollowDra() {
    ChangeSink<cluster::ResourceSlice>::Handler slices;
    slices.decode = [](simdjson::ondemand::object& object) { return DecodeSlice(object); };
    slices.on_set = [this](cluster::ResourceSlice slice, const kube::ObjectMeta&) {
      const cluster::Shared<cluster::ResourceSlice> shared(std::move(slice));
      Set(shared);
      nodes_.SetSlice(shared);
      FlushSoon();
    };
    slices.on_gone = [this](const control::Key& key) {
      Post([key](auto& model) { model.template Remove<cluster::ResourceSlice>(key); });
      nodes_.RemoveSlice(key.name);
      FlushSoon();
    };
    slices.on_listed = [this](const std::vector<control::Key>& keys) {
      Post([keys](auto& model) { model.template KeepOnly<cluster::ResourceSlice>(keys); });
      nodes_.KeepOnlySlices(keys);
      Flush();
    };
    Add<cluster::ResourceSlice>(kinds::Slices(), std::move(slices));

    ChangeSink<cluster::Claim>::Handler claims;
    claims.decode = [](simdjson::ondemand::object& object) { return DecodeClaim(object); };
    claims.on_set = [this](cluster::Claim claim, const kube::ObjectMeta&) {
      const cluster::Shared<cluster::Claim> shared(std::move(claim));
      Set(shared);
      nodes_.SetClaim(shared);
      FlushSoon();
    };
    claims.on_gone = [this](const control::Key& key) {
      Post([key](auto& model) { model.template Remove<cluster::Claim>(key); });
      nodes_.RemoveClaim(key);
      FlushSoon();
    };
    claims.on_listed = [this](const std::vector<control::Key>& keys) {
      Post([keys](auto& model) { model.template KeepOnly<cluster::Claim>(keys); });
      nodes_.KeepOnlyClaims(keys);
      Flush();
    };
    Add<cluster::Claim>(kinds::Claims(), std::move(claims));
  }

  // What our agents report: of cards, for the picture of nodes, and of orders, for operations.
  void FollowReports() {
    ChangeSink<cluster::GpuNode>::Handler handler;
    handler.decode = [](simdjson::ondemand::object& object) { return DecodeGpuNode(object); };
    handler.on_set = [this](cluster::GpuNode report, const kube::ObjectMeta&) {
      nodes_.SetReport(report);
      if (nodes_.has_changes()) FlushSoon();
      mailbox_.Post([report = std::move(report)](control::Controller& to) mutable {
        to.SetGpuNode(std::move(report));
      });
    };
    handler.on_gone = [this](const control::Key& key) {
      nodes_.RemoveReport(key.name);
      if (nodes_.has_changes()) FlushSoon();
      mailbox_.Post([name = key.name](control::Controller& to) { to.RemoveGpuNode(name); });
    };
    handler.on_listed = [this](const std::vector<control::Key>& keys) {
      nodes_.KeepOnlyReports(keys);
      Flush();
      std::set<std::string> names;
      for (const control::Key& key : keys) names.insert(key.name);
      mailbox_.Post(
          [names = std::move(names)](control::Controller& to) { to.KeepGpuNodes(names); });
    };
    Add<cluster::GpuNode>(kinds::GpuNodes(), std::move(handler));
  }

  // One of the kinds that say how large gangs are. Most Jobs say nothing, and those that do change
  // often without changing that: only what is news is posted.
  template <class Decode>
  void FollowGangs(std::string_view name, const Kind& kind, Decode decode) {
    using Owner = std::optional<cluster::GangOwner>;
    gangs_.push_back(std::make_unique<GangKeeper>(name));
    GangKeeper& keeper = *gangs_.back();
    ChangeSink<Owner>::Handler handler;
    handler.decode = [decode](simdjson::ondemand::object& object) { return decode(object); };
    handler.on_set = [this, &keeper](Owner owner, const kube::ObjectMeta& meta) {
      PostGangs(keeper.Set({meta.ns, meta.name}, std::move(owner)));
    };
    handler.on_gone = [this, &keeper](const control::Key& key) {
      PostGangs(keeper.Set(key, std::nullopt));
    };
    handler.on_listed = [this, &keeper, kind = std::string(name)](const auto& keys) {
      PostGangs(keeper.KeepOnly(keys));
      Post([kind](auto& model) { model.SetGangKind(kind, control::GangKind::kRead); });
    };
    handler.on_absent = [this, &keeper, kind = std::string(name)] {
      PostGangs(keeper.KeepOnly({}));
      Post([kind](auto& model) { model.SetGangKind(kind, control::GangKind::kNotServed); });
    };
    Add<Owner>(kind, std::move(handler));
  }

  void PostGangs(std::vector<GangKeeper::Change> changes) {
    for (GangKeeper::Change& change : changes) {
      Post([change = std::move(change)](auto& model) {
        if (change.owner) return model.Set(*change.owner);
        model.template Remove<cluster::GangOwner>(change.key);
      });
    }
  }

  void FlushSoon() {
    if (std::exchange(flush_is_due_, true)) return;
    client_.http().RunAfter(kGather, [this] { Flush(); }, scope_.id());
  }

  void Flush() {
    flush_is_due_ = false;
    if (!nodes_.has_changes()) return;
    NodeKeeper::Changes changes = nodes_.Flush();
    if (node_gaps_ != changes.gaps) {
      node_gaps_ = std::move(changes.gaps);
      TellGaps();
    }
    for (auto& node : changes.nodes.items()) {
      Set(std::move(node));
    }
    for (const std::string& name : changes.gone) {
      Post([name](auto& model) { model.template Remove<cluster::Node>({{}, name}); });
    }
  }

  void TellGaps() {
    std::vector<cluster::Gap> gaps = node_gaps_;
    for (const auto& followed : followed_) {
      gaps.insert(gaps.end(), followed->gaps.begin(), followed->gaps.end());
    }
    Post([gaps = std::move(gaps)](auto& model) { model.SetGaps(gaps); });
  }

  kube::Client& client_;
  Mailbox& mailbox_;
  const Options options_;
  // The client's thread alone, once started.
  NodeKeeper nodes_;
  std::vector<std::unique_ptr<GangKeeper>> gangs_;
  std::vector<cluster::Gap> node_gaps_;
  bool flush_is_due_ = false;
  std::vector<std::unique_ptr<Followed>> followed_;
  net::Scope scope_;  // last: ends the callbacks
};

LiveCluster::LiveCluster(kube::Client& client, Mailbox& mailbox, Options options)
    : impl_(std::make_unique<Impl>(client, mailbox, std::move(options))) {}
LiveCluster::~LiveCluster() = default;
void LiveCluster::Start() { impl_->Start(); }
LiveStatus LiveCluster::Read() const { return impl_->Read(); }

}  // namespace tangram::adapter
