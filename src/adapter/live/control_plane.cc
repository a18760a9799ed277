#include "adapter/live/control_plane.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <random>
#include <thread>
#include <utility>

#include "adapter/live/cluster_policy.h"
#include "adapter/live/control_thread.h"
#include "adapter/live/kube_actuator.h"
#include "adapter/live/live_cluster.h"
#include "adapter/live/live_objects.h"
#include "adapter/live/plan_thread.h"
#include "adapter/live/policies.h"
#include "adapter/live/views.h"
#include "kube/client.h"
#include "kube/leader.h"
#include "kube/write.h"
#include "metrics/metrics.h"
#include "net/server.h"
#include "objects/read_operations.h"
#include "objects/read_plans.h"
#include "telemetry/wanted.h"

namespace tangram::adapter {
namespace {

using namespace std::chrono_literals;
using net::Plain;
using net::Serve;

constexpr std::chrono::minutes kRenewEvery{5};
constexpr base::Milliseconds kPolicyEvery{30'000};
constexpr base::Milliseconds kIndexEvery{100};
constexpr base::Milliseconds kIndexOfPodsEvery{500};  // where only pods came and went

constexpr LiveObjects<plan::Proposal>::Kind kPlansFollowed = {
    kPlans, objects::ReadPlans, &control::Controller::SetPlan, &control::Controller::RemovePlan,
    &control::Controller::KeepPlans};
constexpr LiveObjects<plan::NodeOperation>::Kind kOperationsFollowed = {
    kOperations, objects::ReadOperations, &control::Controller::SetOperation,
    &control::Controller::RemoveOperation, &control::Controller::KeepOperations};

// Unique among replicas, and a person sees which one it is.
std::string NewIdentity() {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  std::random_device random;
  return fmt::format("{}_{:08x}{:08x}", host.data(), random(), random());
}

AsMeasured MeasuredBy(const LiveUsage& usage) {
  return [&usage](const cluster::Snapshot& snapshot) { return usage.AsMeasured(snapshot); };
}

// What `tangram controller` says of itself to Prometheus.
class Meters {
 public:
  explicit Meters(metrics::Registry& registry) : registry_(registry) {}

  void Show(const control::Controller& controller) {
    const control::Controller::Counts& now = controller.counts();
    Raise("tangram_placement_rounds_total", "Rounds of decisions.", now.rounds);
    Raise("tangram_placement_whole_rounds_total", "Rounds that looked at the whole cluster.",
          controller.placement().whole_rounds());
    Raise("tangram_placement_lifted_total", "Gates lifted with a node.", now.lifted);
    Raise("tangram_placement_released_total", "Gates lifted without a node.", now.released);
    Raise("tangram_placement_evicted_total", "Pods evicted.", now.evicted);
    Raise("tangram_placement_failed_total", "Writes that failed.", now.failed);
    const control::Proposals::Counts& plans = controller.proposals().counts();
    Raise("tangram_plans_made_total", "Plans made, of single pools.", plans.plans);
    Raise("tangram_plans_wrong_total",
          "Plans that contradicted the cluster, and were not proposed.", plans.wrong);
    Raise("tangram_plans_proposed_total", "GpuPlans created.", plans.proposed);
    Raise("tangram_plans_done_total", "GpuPlans carried out.", plans.done);
    Raise("tangram_plans_failed_total", "GpuPlans of which an action failed.", plans.failed);
    const control::Operations::Counts& operations = controller.operations().counts();
    Raise("tangram_operations_done_total", "NodeOperations that ended as they should.",
          operations.done);
    Raise("tangram_operations_rolled_back_total", "NodeOperations that were rolled back.",
          operations.rolled_back);
    Raise("tangram_operations_failed_total", "NodeOperations that wait for a person.",
          operations.failed);
    registry_.GaugeOf({"tangram_placement_waiting", "Pods behind the gate that wait."})
        .Set(static_cast<double>(controller.placement().waiting().size()));
    ShowWanted(controller.wanted());
  }

 private:
  void Raise(const std::string& name, const std::string& help, std::int64_t to) {
    metrics::Counter& counter = registry_.CounterOf({name, help});
    counter.Increment(static_cast<double>(to) - counter.Value());
  }
  // What is no more is not shown as if it were: forecasts are made of it (telemetry/wanted.h).
  void ShowWanted(const control::Controller::Wanted& wanted) {
    if (wanted == shown_) return;  // most rounds
    const metrics::Metric metric{telemetry::kWantedInstances,
                                 "MIG instances that pods of a GpuPool hold and wait for."};
    const auto labels = [](const plan::PoolProfile& of) {
      return metrics::Labels{{telemetry::kPoolLabel, of.pool},
                             {telemetry::kProfileLabel, of.profile}};
    };
    for (const auto& [of, count] : shown_) {
      if (!wanted.contains(of)) registry_.RemoveGauge(metric, labels(of));
    }
    for (const auto& [of, count] : wanted) {
      registry_.GaugeOf(metric, labels(of)).Set(static_cast<double>(count));
    }
    shown_ = wanted;
  }

  metrics::Registry& registry_;
  control::Controller::Wanted shown_;
};

}  // namespace

class ControlPlane::Impl {
 public:
  Impl(ControlPlaneOptions options, std::unique_ptr<metrics::Registry> registry,
       std::unique_ptr<kube::Client> client)
      : options_(std::move(options)),
        registry_(std::move(registry)),
        client_(std::move(client)),
        identity_(NewIdentity()),
        events_(*client_, {.instance = identity_}, registry_.get()),
        actuator_(
            *client_, mailbox_, events_, clock_, [this] { return Leads(); }, options_.mig_layouts,
            options_.sharing),
        usage_(*client_, wall_clock_, options_.usage,
               {.wanted = [this] { return ready_ && Leads(); },
                .on_read = [this](const plan::Measured& now) { Measured(now); },
                .log = options_.log}),
        plan_thread_(mailbox_, clock_, MeasuredBy(usage_)),
        controller_(actuator_, plan_thread_, options_.controller),
        cluster_(*client_, mailbox_,
                 {.price = options_.price, .excluded_namespaces = options_.excluded_namespaces}),
        policies_(*client_, {.defaults = options_.policy.defaults,
                             .on_change = [this](Policies all) { TakePolicies(std::move(all)); },
                             .log = options_.log}),
        plans_(*client_, mailbox_, kPlansFollowed, options_.log),
        views_({*client_, mailbox_, clock_},
               {.answer =
                    [this](const ViewQuestion& question, const cluster::Snapshot& snapshot,
                           const plan::PlanPolicy& policy) {
                      return options_.answer(question, usage_.AsMeasured(snapshot), policy);
                    },
                .policy = [this] { return policy_; },
                .leads = [this] { return ready_ ? Leads() : std::nullopt; },
                .log = options_.log}),
        operations_(*client_, mailbox_, kOperationsFollowed, options_.log),
        meters_(*registry_),
        thread_(controller_, mailbox_, clock_,
                {.synced = [this] { return Synced(); },
                 .after_round = [this](control::Controller& now) { AfterRound(now); }}),
        scope_(client_->http()) {}

  // The servers first: they answer from everything else.
  ~Impl() {
    metrics_.reset();
    health_.reset();
    webhook_.reset();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  base::Result<void> Listen() {
    auto metrics = Serve(options_.metrics, [this](const net::ServerRequest& request) {
      if (request.Path() != "/metrics") return Plain(404, "see /metrics\n");
      return net::Response{.status = 200,
                           .headers = {{"content-type", metrics::Registry::kContentType}},
                           .body = registry_->Text()};
    });
    if (!metrics) return base::Wrap(metrics.error(), "--metrics-address");
    metrics_ = *std::move(metrics);
    auto health = Serve(options_.health,
                        [this](const net::ServerRequest& request) { return Health(request); });
    if (!health) return base::Wrap(health.error(), "--health-address");
    health_ = *std::move(health);
    if (!options_.webhook) return {};
    auto webhook = Webhook::Open({*client_, *registry_, wall_clock_}, *options_.webhook);
    if (!webhook) return tl::unexpected(webhook.error());
    webhook_ = *std::move(webhook);
    return {};
  }

  base::Result<void> Run(const std::atomic<bool>& stop) {
    if (options_.election) Elect();
    policies_.Start();
    plans_.Start();
    operations_.Start();
    cluster_.Start();
    if (options_.answer) views_.Start();
    usage_.Start();
    LookAtClusterPolicies();
    if (!leader_) SetLeading(true);
    thread_.Start();
    base::Time renew_at = clock_.Now() + kRenewEvery;
    while (!stop) {
      std::this_thread::sleep_for(50ms);
      if (!webhook_ || clock_.Now() < renew_at) continue;
      renew_at = clock_.Now() + kRenewEvery;
      if (const auto renewed = webhook_->Renew(); !renewed) options_.log(renewed.error().message);
    }
    options_.log("stopping");
    stopping_ = true;
    thread_.Stop();
    webhook_.reset();
    if (leader_) {
      if (const auto released = leader_->Release(); !released) {
        options_.log("the Lease was not given up: " + released.error().message);
      }
    }
    return {};
  }

  std::unique_ptr<net::HttpServer> metrics_;
  std::unique_ptr<net::HttpServer> health_;
  std::unique_ptr<Webhook> webhook_;

 private:
  void Elect() {
    kube::LeaseOptions lease = *options_.election;
    lease.identity = identity_;
    kube::LeaderHandler handler;
    handler.on_elected = [this](const kube::Fence& fence) { TakeOver(fence); };
    handler.on_lost = [this](const std::string& why) {
      options_.log("no longer leading: " + why);
      SetLeading(false);
    };
    leader_ = std::make_unique<kube::Leader>(*client_, std::move(lease), std::move(handler));
    leader_->Start();
  }

  // From here on the API server refuses writes of those who led before.
  void TakeOver(const kube::Fence& fence) {
    const kube::ObjectRef ref{.resource = {"tangram.dev", "v1alpha1", "leaderships", "Leadership"},
                              .name = options_.election->name};
    const std::string object = fmt::format(
        R"({{"apiVersion":"tangram.dev/v1alpha1","kind":"Leadership","metadata":{{"name":"{}"}},)"
        R"("spec":{{"holderIdentity":"{}","leaseTransitions":{}}}}})",
        options_.election->name, fence.holder, fence.transitions);
    client_->Start(
        kube::Fenced(kube::ApplyCall(ref, object, kube::Ownership::kForce), fence,
                     [this] { return Leads(); }),
        [this, fence](const base::Result<net::Response>& written) {
          if (!StillLeads(fence)) return;  // the answer came too late
          if (!written && written.error().code == base::ErrorCode::kNotFound) {
            options_.log("there is no Leadership in this cluster: old leaders are not fenced off");
          } else if (!written) {
            return TakeOverAgain(fence, written.error());
          }
          options_.log("leading as " + fence.holder);
          SetLeading(true);
        },
        scope_.id());
  }

  void TakeOverAgain(const kube::Fence& fence, const base::Error& error) {
    if (std::exchange(takeover_error_, error.message) != error.message) {
      options_.log("the Lease is won, and nothing written yet: " + error.message);
    }
    const auto again = [this, fence] {
      if (StillLeads(fence)) TakeOver(fence);
    };
    client_->http().RunAfter(1s, again, scope_.id());
  }

  // Where there is no GPU Operator, or we may not look, nothing is said against it.
  void LookAtClusterPolicies() {
    if (options_.mig_layouts.name.empty() && options_.sharing.name.empty()) return;
    const kube::Resource kind{"nvidia.com", "v1", "clusterpolicies", "ClusterPolicy"};
    kube::Call read{.asked = {.verb = "list", .resource = kind, .ns = "", .name = ""}};
    read.path = kind.Path("", "");
    client_->Start(
        std::move(read),
        [this](const base::Result<net::Response>& answer) {
          mailbox_.Post([unseen = UnseenBy(answer ? answer->body : "", options_.mig_layouts,
                                           options_.sharing)](control::Controller& to) {
            to.SetUnseen(unseen);
          });
          client_->http().RunAfter(kPolicyEvery, [this] { LookAtClusterPolicies(); }, scope_.id());
        },
        scope_.id());
  }

  bool StillLeads(const kube::Fence& fence) const {
    const auto now = Leads();
    return now && now->transitions == fence.transitions;
  }

  std::optional<kube::Fence> Leads() const {
    if (leader_) return leader_->Leads();
    return options_.election ? std::nullopt : std::optional(kube::Fence{});
  }

  void SetLeading(bool leading) {
    mailbox_.Post([leading](control::Controller& to) { to.SetLeading(leading); });
  }

  void Measured(const plan::Measured& now) {
    mailbox_.Post([now](control::Controller& to) { to.Measured(now); });
  }

  bool Synced() const {
    return cluster_.Read().synced && policies_.Synced() && plans_.Synced() && operations_.Synced();
  }

  // What is written to a status comes back as a change of the object, and changes no policy.
  void TakePolicies(Policies all) {
    mailbox_.Post([this, all = std::move(all)](control::Controller& to) {
      to.FoundConditions(all.pool_conditions, all.class_conditions);
      if (indexed_ && all.pools == policy_.pools && all.classes == classes_) return;
      policy_ = options_.policy;
      policy_.pools = all.pools;
      classes_ = all.classes;
      indexed_.reset();
      to.SetPolicy(policy_);
    });
  }

  // What the webhook decides by; made again some time after something changed.
  void PublishIndex(control::Controller& controller) {
    const std::uint64_t changes = controller.model().changes();
    if (!webhook_ || !controller.synced() || indexed_ == changes) return;
    const base::Time now = clock_.Now();
    const std::uint64_t others = controller.model().other_changes();
    const bool only_pods = indexed_ && indexed_others_ == others;
    if (now < (only_pods ? pods_index_at_ : index_at_)) return;
    const cluster::Snapshot& snapshot = controller.model().Take(now);
    plan::classes::Index::Sources sources;
    sources.policy = policy_;
    sources.classes = classes_;
    sources.abilities = plan::classes::AbilitiesOf(snapshot);
    sources.abilities.nodes_may_come = options_.nodes_may_come;
    const auto index = plan::classes::Index::Build(snapshot, std::move(sources));
    webhook_->SetIndex(index);
    controller.SetIndex(index);
    indexed_ = changes;
    indexed_others_ = others;
    // A large cluster takes long to index: never more than a tenth of this thread's time.
    const base::Time done = clock_.Now();
    index_at_ = done + std::max<base::Milliseconds>(kIndexEvery, 10 * (done - now));
    pods_index_at_ = std::max(index_at_, done + kIndexOfPodsEvery);
  }

  void AfterRound(control::Controller& controller) {
    meters_.Show(controller);
    PublishIndex(controller);
    if (controller.proposals().fault() != fault_) {
      fault_ = controller.proposals().fault();
      options_.log(fault_);
    }
    if (!ready_ && Synced()) {
      ready_ = true;
      options_.log("everything is read");
    }
  }

  net::Response Health(const net::ServerRequest& request) {
    if (request.Path() == "/healthz") return Plain(200, "ok\n");
    if (request.Path() != "/readyz") return Plain(404, "see /healthz and /readyz\n");
    if (ready_ && !stopping_) return Plain(200, "ok\n");
    std::string waits = stopping_ ? "stopping\n" : "";
    for (const LiveStatus::Kind& kind : cluster_.Read().kinds) {
      if (kind.synced) continue;
      waits += fmt::format("{}: {}\n", kind.name, kind.error.empty() ? "being read" : kind.error);
    }
    return Plain(503, waits.empty() ? "starting\n" : waits);
  }

  const ControlPlaneOptions options_;
  const base::SteadyClock clock_;
  const base::SystemClock wall_clock_;
  std::unique_ptr<metrics::Registry> registry_;
  Mailbox mailbox_;
  std::atomic<bool> ready_ = false;
  std::atomic<bool> stopping_ = false;
  std::unique_ptr<kube::Client> client_;
  const std::string identity_;
  kube::EventRecorder events_;
  std::unique_ptr<kube::Leader> leader_;
  std::string takeover_error_;  // the client's thread alone
  KubeActuator actuator_;
  LiveUsage usage_;
  PlanThread plan_thread_;
  control::Controller controller_;
  LiveCluster cluster_;
  LivePolicies policies_;
  LiveObjects<plan::Proposal> plans_;
  LiveViews views_;
  LiveObjects<plan::NodeOperation> operations_;
  Meters meters_;
  // The control thread's.
  plan::PlanPolicy policy_;
  std::vector<cluster::GpuClass> classes_;
  std::optional<std::uint64_t> indexed_;  // changes of the model
  std::uint64_t indexed_others_ = 0;      // of these, other_changes
  base::Time index_at_{};                 // not before
  base::Time pods_index_at_{};            // where only pods came and went
  std::string fault_;                     // of plans, as it was logged
  ControlThread thread_;
  net::Scope scope_;  // last: ends the callbacks
};

base::Result<std::unique_ptr<ControlPlane>> ControlPlane::Open(ControlPlaneOptions options) {
  if (options.election) {
    kube::LeaseOptions lease = *options.election;
    lease.identity = "us";
    if (const auto good = kube::Check(lease); !good) return tl::unexpected(good.error());
  }
  const auto config = kube::LoadConfig(options.cluster);
  if (!config) return tl::unexpected(config.error());
  kube::ClientOptions client_options;
  client_options.user_agent = "tangram-controller";
  client_options.flow = kube::FlowLimits{.qps = options.qps, .burst = 2 * options.qps};
  auto registry = std::make_unique<metrics::Registry>();
  client_options.metrics = registry.get();
  client_options.on_write = options.on_write;
  auto client = kube::Client::Open(*config, client_options);
  if (!client) return tl::unexpected(client.error());
  if (!options.log) options.log = [](const std::string&) {};
  options.controller.proposals.awaits_usage =
      !std::holds_alternative<NoUsage>(options.usage.source);
  options.controller.operations.mig_manager = !options.mig_layouts.name.empty();
  options.controller.operations.agent = options.agents_cut;
  options.controller.operations.shares = !options.sharing.name.empty();
  auto impl = std::make_unique<Impl>(std::move(options), std::move(registry), *std::move(client));
  if (auto listening = impl->Listen(); !listening) return tl::unexpected(listening.error());
  return std::unique_ptr<ControlPlane>(new ControlPlane(std::move(impl)));
}

ControlPlane::ControlPlane(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ControlPlane::~ControlPlane() = default;
base::Result<void> ControlPlane::Run(const std::atomic<bool>& stop) { return impl_->Run(stop); }
std::uint16_t ControlPlane::metrics_port() const {
  return impl_->metrics_ ? impl_->metrics_->port() : std::uint16_t{0};
}
std::uint16_t ControlPlane::webhook_port() const {
  return impl_->webhook_ ? impl_->webhook_->port() : std::uint16_t{0};
}
std::uint16_t ControlPlane::health_port() const {
  return impl_->health_ ? impl_->health_->port() : std::uint16_t{0};
}

}  // namespace tangram::adapter
