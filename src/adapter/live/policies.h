// GpuPools and GpuClasses, followed.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cluster/gpu_class.h"
#include "control/statuses.h"
#include "kube/client.h"
#include "plan/policy.h"

namespace tangram::adapter {

struct Policies {
  std::vector<plan::Pool> pools{};
  std::vector<cluster::GpuClass> classes{};
  // What the status of each says, by name.
  control::Statuses::Conditions pool_conditions{};
  control::Statuses::Conditions class_conditions{};
};

// Tells, on the client's thread, all pools and classes whenever one of them changed. An object that
// cannot be used counts as not there, and is named to `log`; so is a cluster without our
// CustomResourceDefinitions, or with another version of them. They are looked for again.
class LivePolicies {
 public:
  struct Options {
    plan::NodePolicy defaults{};  // what a pool leaves out
    std::function<void(Policies)> on_change{};
    std::function<void(const std::string& line)> log{};
  };
  // Borrowed: the client must outlive it.
  LivePolicies(kube::Client& client, Options options);
  ~LivePolicies();
  LivePolicies(const LivePolicies&) = delete;
  LivePolicies& operator=(const LivePolicies&) = delete;

  void Start();
  bool Synced() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tangram::adapter
