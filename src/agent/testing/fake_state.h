// TEST CODE. What the fake NVML keeps between calls.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "agent/nvml_abi.h"
#include "agent/testing/fake_machine.h"
#include "base/mutex.h"

// What the handles point to; they stay valid, as a caller of the real library may hope.
namespace tangram::agent::nvml {
struct DeviceTag {
  int card = 0;
  const agent::ComputeInstance* compute = nullptr;  // of a MIG device
};
struct ComputeInstanceTag {
  int card = 0;
  const agent::ComputeInstance* compute = nullptr;
  GpuInstance parent = nullptr;
  DeviceTag device;
};
// Samples of counters, and events that somebody waits for.
struct GpmSampleTag {
  int card = -1;
  int instance = -1;
  std::uint64_t microseconds = 0;
};
struct EventSetTag {
  std::map<Device, unsigned long long> types;
  std::set<std::size_t> told;
};
struct GpuInstanceTag {
  int card = 0;
  const agent::Instance* instance = nullptr;
  std::deque<ComputeInstanceTag> compute;
};
}  // namespace tangram::agent::nvml

namespace tangram::agent::testing {

// The CPU's clock.
std::uint64_t Microseconds();

// One machine as one description says it, and handles into it. Never changed once made.
class Played {
 public:
  explicit Played(FakeMachine machine, std::uint64_t born = Microseconds());

  const Inventory& inventory() const { return machine_.inventory; }
  const FakeMachine& described() const { return machine_; }
  const std::vector<Fault>& faults() const { return machine_.faults; }
  std::uint64_t born() const { return born_; }
  const Card* CardOf(int index) const;

  nvml::Device DeviceOf(int card) { return &devices_[static_cast<std::size_t>(card)]; }
  std::deque<nvml::GpuInstanceTag>& instances() { return instances_; }

 private:
  FakeMachine machine_;
  const std::uint64_t born_;
  std::deque<nvml::DeviceTag> devices_;
  std::deque<nvml::GpuInstanceTag> instances_;
};

// The library's one state. Safe from any thread.
class FakeState {
 public:
  static FakeState& One();

  // Reads the machine that TANGRAM_FAKE_NVML names: at the first of nested calls, or where it
  // names another one.
  nvml::Status Init();
  nvml::Status Shutdown();

  // What a fault says about this call: waits as long as it says, with no lock held.
  nvml::Status Suffer(const std::string& call, int card);

  // The fault of a call that changes a card; it is to be suffered by the caller.
  std::optional<Fault> FaultOf(const std::string& call, int card);
  static nvml::Status Suffer(const Fault& fault);
  // The machine as `change` makes it; what it answers is passed on. Nothing is changed but on
  // success. Kept beside the description, for the next Init.
  nvml::Status Change(const std::function<nvml::Status(FakeMachine&)>& change);

  // The machine; nullptr before Init. Old machines stay for those who still hold handles.
  std::shared_ptr<Played> Machine();

 private:
  base::Mutex mutex_;
  int initialised_ GUARDED_BY(mutex_) = 0;
  std::string path_ GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<Played>> machines_ GUARDED_BY(mutex_);
  // How often a fault's call was made, by description and place; a new Init does not forget it.
  std::map<std::pair<std::string, std::size_t>, int> calls_ GUARDED_BY(mutex_);
};

}  // namespace tangram::agent::testing
