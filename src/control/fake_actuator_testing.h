// An API server behind the Actuator port, in memory: it does what is asked, says what changed, and
// fails on demand.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "cluster/gate.h"
#include "control/controller.h"

namespace tangram::control::testing {

class FakeActuator final : public Actuator {
 public:
  // What becomes of a write; success where it is empty.
  std::function<base::Result<void>(const Write&)> outcome;
  std::vector<Write> writes;
  bool shows = true;  // else the watch never gets to it

  void Start(Id id, Write write) override {
    writes.push_back(write);
    open_.emplace_back(id, std::move(write));
  }

  // Carries out what was started: the watch shows it first, then the outcome comes. Whether there
  // was anything.
  bool Deliver(Controller& controller, base::Time now) {
    const bool any = !open_.empty();
    for (auto& [id, write] : std::exchange(open_, {})) {
      const base::Result<void> result = outcome ? outcome(write) : base::Result<void>();
      if (result && shows) Show(controller.model(), write);
      if (result && shows) ShowPlan(controller, write, now);
      controller.Finish(id, result, now);
    }
    return any;
  }
  // What was started never arrives.
  void Lose() { open_.clear(); }

  // A pod appears, or changes.
  void Set(Model& model, const cluster::Pod& pod) {
    pods_[{pod.ns, pod.name}] = pod;
    model.SetPod(pod, std::to_string(++version_), "");
  }
  // A pod goes.
  void Remove(Model& model, const Key& key) {
    pods_.erase(key);
    model.RemovePod(key);
  }
  // A plan appears, or a person changes it.
  void Set(Controller& controller, plan::Proposal plan) {
    ++plan.generation;
    Keep(controller, std::move(plan));
  }
  const std::map<std::string, plan::Proposal>& plans() const { return plans_; }
  const std::map<Key, cluster::Pod>& pods() const { return pods_; }
  const cluster::Pod& pod(const std::string& name) const { return pods_.at({"ns", name}); }
  bool Has(const std::string& name) const { return pods_.contains({"ns", name}); }

 private:
  void Keep(Controller& controller, plan::Proposal plan) {
    plan.version = std::to_string(++version_);
    plans_[plan.name] = plan;
    controller.SetPlan(std::move(plan));
  }
  void ShowPlan(Controller& controller, const Write& write, base::Time now) {
    if (const auto* create = std::get_if<CreatePlan>(&write)) {
      plan::Proposal plan = create->plan;
      plan.uid = "uid-" + std::to_string(++version_);
      plan.created_at = now;
      return Set(controller, std::move(plan));
    }
    if (const auto* approve = std::get_if<ApprovePlan>(&write)) {
      plan::Proposal plan = plans_.at(approve->plan.name);
      plan.approved = true;
      return Set(controller, std::move(plan));
    }
    if (const auto* status = std::get_if<WritePlanStatus>(&write)) {
      plan::Proposal plan = plans_.at(status->plan.name);
      plan.records = status->plan.records;
      plan.conditions = status->plan.conditions;
      return Keep(controller, std::move(plan));
    }
    if (const auto* gone = std::get_if<DeletePlan>(&write)) {
      plans_.erase(gone->plan.name);
      controller.RemovePlan(gone->plan.name);
    }
  }
  void Show(Model& model, const Write& write) {
    const PodRef* ref = PodOf(write);
    if (ref == nullptr) return;
    const auto pod = pods_.find({ref->ns, ref->name});
    if (pod == pods_.end()) return;
    if (const auto* lift = std::get_if<LiftGate>(&write)) {
      std::erase(pod->second.gates, cluster::kPlacementGate);
      std::string nodes;
      for (const std::string& node : lift->nodes) nodes += (nodes.empty() ? "" : ",") + node;
      if (!nodes.empty())
        pod->second.annotations = {{std::string(cluster::kNodesAnnotation), nodes}};
      Set(model, cluster::Pod(pod->second));
    }
    if (std::holds_alternative<Evict>(write)) {
      pods_.erase(pod);
      model.RemovePod({ref->ns, ref->name});
    }
  }

  std::map<Key, cluster::Pod> pods_;
  std::map<std::string, plan::Proposal> plans_;
  std::vector<std::pair<Id, Write>> open_;
  int version_ = 0;
};

}  // namespace tangram::control::testing
