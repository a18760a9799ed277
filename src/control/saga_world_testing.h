// A cluster of one node that mig-manager or our agent cuts, or whose device plugin shares
// otherwise, behind the Actuator port, in virtual time; whoever leads may be killed at each of its
// writes, and another goes on.
//
// It checks as it goes: nothing is done that the journal does not say first, and no pod is evicted
// that the plan did not name.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/time_text.h"
#include "control/agent_testing.h"
#include "control/controller.h"
#include "control/device_plugin_testing.h"
#include "control/mig_manager_testing.h"
#include "control/objects_testing.h"

namespace tangram::control::testing {

class NoPlanMaker final : public PlanMaker {
 public:
  void Start(PlanOrder) override {}
};

class SagaWorld final : public Actuator {
 public:
  enum class Kill { kBefore, kAfter };  // of a write that is done, or not

  static constexpr const char* kNode = "node-1";

  SagaWorld() {
    node = NodeWith(kNode, 2);
    node->labels = {{"nvidia.com/gpu.deploy.device-plugin", "true"},
                    {"nvidia.com/gpu.deploy.gpu-feature-discovery", "true"},
                    {"nvidia.com/mig.config", "all-3g"},
                    {"nvidia.com/mig.config.state", "success"},
                    {"nvidia.com/mig.strategy", "mixed"}};
    node->mig_strategy = cluster::MigStrategy::kMixed;
    mig.layouts["all-3g"] = {{0, {{"3g.20gb", 2}}}, {1, {{"3g.20gb", 2}}}};
    mig.layouts["all-disabled"] = {{0, {}}, {1, {}}};
    mig.cards = mig.layouts["all-3g"];
    mig.Believe("all-3g");
    mig.Show(*node);
    plan = ApprovedPlan();
    policy.pools = {{.name = "pool", .selector = {}, .policy = {}}};
    policy.pools[0].policy.mode = plan::Mode::kRecommend;
    policy.pools[0].policy.mig = plan::MigBackend::kMigManager;
    Lead();
  }

  // Card 0 is cut in sevenths; card 1 stays as it is.
  static plan::Proposal ApprovedPlan() {
    plan::Repartition cut;
    cut.node = kNode;
    cut.from = {{"3g.20gb", std::nullopt}, {"3g.20gb", std::nullopt}};
    for (int i = 0; i < 7; ++i) cut.to.push_back({"1g.5gb", i});
    plan::Proposal made;
    made.name = "pool-plan";
    made.uid = "uid-plan";
    made.pool = "pool";
    made.approved = true;
    made.ours = true;
    made.plan.actions = {{.id = 0,
                          .pass = plan::Pass::kPartition,
                          .change = std::move(cut),
                          .reason = "seven pods wait for a seventh",
                          .disturbs = {{"ns", "named"}}}};
    return made;
  }

  // In place of the above: two whole cards in `from` shares each are to have `to`.
  void ShareInstead(int from, int to) {
    MigManager::SetLabel(*node, std::string(kMigConfig), "");
    MigManager::SetLabel(*node, "nvidia.com/gpu.product", "NVIDIA-A100-SXM4-40GB");
    if (from > 1) MigManager::SetLabel(*node, std::string(kPluginConfig), "theirs");
    for (cluster::Gpu& gpu : node->gpus) {
      gpu.instances.clear();
      gpu.layout = cluster::LayoutSource::kNone;
    }
    for (auto& [gpu, profiles] : mig.cards) profiles.clear();
    mig.Believe("");
    plugin.configs = {{"", {}}, {"theirs", {.replicas = from}}, {"by hand", {.replicas = 3}}};
    plugin.Begin(*node);
    plan::Reshare change{kNode, cluster::Sharing::kTimeSlicing, from, to, ""};
    plan->plan.actions[0].change = std::move(change);
    plan->plan.actions[0].pass = plan::Pass::kShare;
    resource = from > 1 ? "nvidia.com/gpu.shared" : "nvidia.com/gpu";
    Lead();
  }

  // In place of the above: the agent cuts. Card 0 has a 3g.20gb at 4 that stays, and one at 0 that
  // becomes four sevenths; where `held`, that one is in use by the pod "named" until it goes.
  void CutByAgent(bool held) {
    node->labels = {{"nvidia.com/gpu.deploy.device-plugin", "true"},
                    {"nvidia.com/mig.strategy", "mixed"}};
    agent.emplace();
    agent->cards = {{0, {{"3g.20gb", 0}, {"3g.20gb", 4}}}, {1, {}}};
    if (held) agent->in_use = {{"3g.20gb", 0}};
    agent->Begin(kNode, now);
    agent->Show(*node);
    plan::Repartition cut;
    cut.node = kNode;
    cut.from = {{"3g.20gb", 0}, {"3g.20gb", 4}};
    cut.to = {{"1g.5gb", 0}, {"1g.5gb", 1}, {"1g.5gb", 2}, {"1g.5gb", 3}, {"3g.20gb", 4}};
    plan->plan.actions[0].change = std::move(cut);
    policy.pools[0].policy.mig = plan::MigBackend::kAgent;
    Lead();
  }

  void AddPod(const std::string& name) {
    cluster::Pod pod = PodWith(name);
    pod.devices = {{resource, 1}};
    pod.phase = cluster::PodPhase::kRunning;
    pod.node = kNode;
    pods[name] = pod;
    controller->model().SetPod(pod, "1", "");
  }

  void Start(Id id, Write write) override { open_.emplace_back(id, std::move(write)); }

  // Runs until the plan is over and nothing is left to do, or for so long.
  void Run(base::Milliseconds span) {
    const base::Time end = now + span;
    while (now < end && !IsOver()) {
      Tick();
      now += base::Milliseconds(1'000);
    }
    for (int i = 0; i < 90; ++i, now += base::Milliseconds(1'000)) Tick();
  }

  bool IsOver() const {
    for (const auto& [name, operation] : operations) {
      if (!plan::IsOver(operation)) return false;
    }
    return !plan || plan::IsOver(*plan);
  }
  // The last one; nullptr: there is none.
  const plan::NodeOperation* Operation() const {
    const plan::NodeOperation* last = nullptr;
    for (const auto& [name, operation] : operations) {
      if (last == nullptr || operation.created_at > last->created_at) last = &operation;
    }
    return last;
  }
  bool IsTainted() const {
    return node && std::any_of(node->taints.begin(), node->taints.end(),
                               [](const auto& t) { return t.key == kRepartitionTaint; });
  }
  void ShowNode() {
    if (node) {
      controller->model().Set(*node);
      if (agent) controller->SetGpuNode(agent->object);
    } else {
      controller->model().Remove<cluster::Node>({.name = kNode});
      controller->RemoveGpuNode(kNode);
    }
  }
  void RemoveNode() {
    node.reset();
    pods.clear();
    Lead();
  }
  void SetLabel(const std::string& key, const std::string& value) {
    MigManager::SetLabel(*node, key, value);
    ShowNode();
  }
  // Another plan in place of the one that is over.
  void Propose(plan::Proposal proposal) {
    if (plan) controller->RemovePlan(plan->name);
    plan = std::move(proposal);
    controller->SetPlan(*plan);
  }
  void RemovePlan() {
    if (plan) controller->RemovePlan(plan->name);
    plan.reset();
  }
  void SetPolicy(plan::PlanPolicy to) {
    policy = std::move(to);
    controller->SetPolicy(policy);
  }

  // Another leads, and knows what the API server has.
  void Lead() {
    open_.clear();
    controller = std::make_unique<Controller>(*this, maker_, Options());
    controller->SetPolicy(policy);
    if (node) controller->model().Set(*node);
    for (const auto& [name, pod] : pods) controller->model().SetPod(pod, "1", "");
    if (plan) controller->SetPlan(*plan);
    for (const auto& [name, operation] : operations) controller->SetOperation(operation);
    if (agent && node) controller->SetGpuNode(agent->object);
    controller->SetSynced(true);
    controller->SetLeading(true);
  }

  std::optional<cluster::Node> node{};
  std::map<std::string, cluster::Pod> pods{};
  std::optional<plan::Proposal> plan{};
  std::map<std::string, plan::NodeOperation> operations{};
  plan::PlanPolicy policy{};
  MigManager mig{};
  DevicePlugin plugin{};
  std::optional<FakeAgent> agent{};
  std::string resource = "nvidia.com/mig-3g.20gb";  // that pods ask for
  base::Time now = *base::ParseTime("2026-11-22T12:00:00Z");

  int writes = 0;  // so far
  std::optional<std::pair<int, Kill>> kill{};
  std::function<base::Result<void>(const Write&)> outcome{};  // success where it is empty
  std::function<void(SagaWorld&)> on_tick{};
  std::vector<std::string> faults{};  // what was done that may not be
  std::set<std::string> evicted{};
  std::unique_ptr<Controller> controller{};

 private:
  static ControllerOptions Options() {
    ControllerOptions options;
    using Ms = base::Milliseconds;
    options.operations.mig_manager = true;
    options.operations.agent = true;
    options.operations.shares = true;
    options.operations.limits = {.reserve = Ms(20'000),
                                 .evict = Ms(60'000),
                                 .apply = Ms(90'000),
                                 .reboot = Ms(120'000),
                                 .verify = Ms(40'000),
                                 .settle = Ms(10'000),
                                 .hold = Ms(20'000),
                                 .bring = Ms(15'000)};
    return options;
  }

  void Tick() {
    if (on_tick) on_tick(*this);
    if (agent) {
      if (node && agent->Run(*node, now)) ShowNode();
    } else if (node) {
      if (mig.Run(*node, now)) ShowNode();
      if (plugin.Run(*node, now)) ShowNode();
    }
    for (int i = 0; i < 3; ++i) {
      controller->Run(now + base::Milliseconds(10 * i));
      Deliver();
    }
  }

  void Deliver() {
    for (auto& [id, write] : std::exchange(open_, {})) {
      const bool dies = kill && ++writes == kill->first;
      if (!kill) ++writes;
      if (dies && kill->second == Kill::kBefore) return Lead();
      auto result = outcome ? outcome(write) : base::Result<void>();
      if (result) result = Do(write);
      if (dies) return Lead();
      controller->Finish(id, result, now);
    }
  }

  base::Result<void> Do(const Write& write) {
    return std::visit(
        [&](const auto& one) -> base::Result<void> {
          if constexpr (requires { DoOne(one); }) {
            return DoOne(one);
          } else {
            return {};
          }
        },
        write);
  }

  base::Result<void> DoOne(const WritePlanStatus& write) {
    if (!plan) return base::Fail(base::ErrorCode::kNotFound, "gone");
    plan->records = write.plan.records;
    plan->conditions = write.plan.conditions;
    controller->SetPlan(*plan);
    return {};
  }
  base::Result<void> DoOne(const CreateOperation& write) {
    const auto [made, is_new] = operations.emplace(write.operation.name, write.operation);
    if (!is_new) return base::Fail(base::ErrorCode::kConflict, "it exists");
    if (made->second.reshare) made->second.reshare->config_after = "tangram-1";
    const auto under_way = std::count_if(operations.begin(), operations.end(),
                                         [](const auto& one) { return !plan::IsOver(one.second); });
    if (under_way > 1) faults.emplace_back("two operations on one node");
    made->second.uid = "uid-" + made->first;
    made->second.version = std::to_string(++version_);
    made->second.created_at = now;
    controller->SetOperation(made->second);
    return {};
  }
  base::Result<void> DoOne(const WriteOperationStatus& write) {
    plan::NodeOperation& stored = operations.at(write.operation.name);
    const std::string& of = write.operation.version;
    if (!of.empty() && of != stored.version) return base::Fail(base::ErrorCode::kConflict, "old");
    stored.step = write.operation.step;
    stored.steps = write.operation.steps;
    stored.conditions = write.operation.conditions;
    stored.version = std::to_string(++version_);
    controller->SetOperation(stored);
    return {};
  }
  base::Result<void> DoOne(const DeleteOperation& write) {
    operations.erase(write.operation.name);
    controller->RemoveOperation(write.operation.name);
    return {};
  }
  base::Result<void> DoOne(const Evict& write) {
    const auto pod = pods.find(write.pod.name);
    if (pod == pods.end()) return base::Fail(base::ErrorCode::kNotFound, "gone");
    MustBeAt("evict", {plan::OperationStep::kEvict});
    evicted.insert(write.pod.name);
    if (agent) agent->in_use.clear();
    controller->model().RemovePod({write.pod.ns, write.pod.name});
    pods.erase(pod);
    return {};
  }
  base::Result<void> DoOne(const WriteLayouts& write) {
    using enum plan::OperationStep;
    MustBeAt("layouts", {kApply, kRollBack});
    for (const plan::MigLayout& layout : write.layouts) mig.layouts[layout.name] = layout.cards;
    return {};
  }
  base::Result<void> DoOne(const WriteSharing& write) {
    MustBeAt("configuration", {plan::OperationStep::kApply});
    plugin.configs[write.reshare.config_after] = {.replicas = write.reshare.change.after};
    return {};
  }
  base::Result<void> DoOne(const OrderCut& write) {
    using enum plan::OperationStep;
    MustBeAt("an order", {kApply, kRollBack});
    if (!node) return base::Fail(base::ErrorCode::kNotFound, "gone");
    if (write.version != agent->object.version) {
      return base::Fail(base::ErrorCode::kConflict, "the object has changed");
    }
    agent->Order(write.order);
    ShowNode();
    return {};
  }
  base::Result<void> DoOne(const ChangeNode& write) {
    using enum plan::OperationStep;
    if (!node) return base::Fail(base::ErrorCode::kNotFound, "gone");
    for (const LabelChange& label : write.labels) {
      const bool is_config = label.key == kMigConfig || label.key == kPluginConfig;
      MustBeAt(label.key,
               is_config ? std::set{kApply, kRollBack} : std::set{kRestart, kRestartPlugin});
      const std::string_view has = cluster::Find(node->labels, label.key);
      if (has != label.from && has != label.to) {
        return base::Fail(base::ErrorCode::kConflict, "somebody changed " + label.key);
      }
    }
    for (const LabelChange& label : write.labels) {
      MigManager::SetLabel(*node, label.key, label.to);
      const bool is_daemon = label.key != kMigConfig && label.key != kPluginConfig;
      if (is_daemon && agent && PausedOn(*node).empty()) agent->Show(*node);
      if (is_daemon && !agent) mig.DaemonsRun(*node);
    }
    if (write.taint != ChangeNode::Taint::kLeave) SetTaint(write);
    ShowNode();
    return {};
  }
  void SetTaint(const ChangeNode& write) {
    const bool add = write.taint == ChangeNode::Taint::kAdd;
    if (add) MustBeAt("taint", {plan::OperationStep::kReserve});
    std::erase_if(node->taints, [](const auto& taint) { return taint.key == kRepartitionTaint; });
    if (add) {
      node->taints.push_back({std::string(kRepartitionTaint), write.operation, "NoSchedule"});
    }
  }
  void MustBeAt(std::string_view what, const std::set<plan::OperationStep>& steps) {
    const plan::NodeOperation* operation = Operation();
    if (operation != nullptr && operation->step && steps.contains(*operation->step)) return;
    faults.push_back(fmt::format("{} was written, and the journal does not say so", what));
  }

  NoPlanMaker maker_;
  std::vector<std::pair<Id, Write>> open_;
  int version_ = 0;
};

}  // namespace tangram::control::testing
