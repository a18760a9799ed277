// mig-manager with the device plugin and feature discovery of one node, as the real ones act and
// fail, in the test's own time.
//
// From their sources and from what people reported (mig-parted v0.15): it acts only when the value
// of the label changes; pauses NVIDIA's daemons on the node, which then offers no GPU; wipes every
// card that differs; and it gives up half-way in the ways below.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cluster/node.h"
#include "control/node_layout.h"
#include "plan/operation.h"

namespace tangram::control::testing {

enum class MigFault {
  kNone,
  kHangs,        // pending for ever with the daemons paused (mig-parted#485)
  kFails,        // "all orderings failed": the cards are left cleared
  kBusy,         // "in use by another client": nothing was changed
  kReboots,      // the mode needs a reset: the node is away for a while
  kLies,         // success, and no instance is there (mig-parted#18)
  kIgnores,      // nobody acts on the label
  kStaysPaused,  // success, and the daemons are still paused
  kPluginBlind,  // the device plugin offers what was there before (k8s-device-plugin#992)
};

class MigManager {
 public:
  using Cards = std::map<int, std::map<std::string, int>>;

  // What befalls its first applications, one each; `rest` those after.
  std::vector<MigFault> faults{};
  MigFault rest = MigFault::kNone;
  Cards cards{};  // the hardware
  // What its ConfigMap holds.
  std::map<std::string, Cards> layouts{};

  // Looks at the node's label, and goes on with what it is at. Whether the node changed.
  bool Run(cluster::Node& node, base::Time now) {
    const cluster::Node before = node;
    const std::string wanted(cluster::Find(node.labels, kMigConfig));
    if (due_ && now >= *due_) Step(node, now);
    if (!due_ && wanted != seen_) PickUp(node, wanted, now);
    return node != before;
  }
  // What it applied before the story begins.
  void Believe(std::string label) { seen_ = std::move(label); }

  // What the node says of the hardware.
  void Show(cluster::Node& node) const {
    for (cluster::Gpu& gpu : node.gpus) {
      gpu.instances.clear();
      for (const auto& [profile, count] : cards.at(gpu.index)) {
        gpu.instances.resize(gpu.instances.size() + static_cast<std::size_t>(count),
                             {.profile = profile, .start = std::nullopt, .id = ""});
      }
      const bool cut = !gpu.instances.empty();
      gpu.layout = cut ? cluster::LayoutSource::kInferred : cluster::LayoutSource::kNone;
    }
    Offer(node);
  }

  static void SetLabel(cluster::Node& node, const std::string& key, const std::string& value) {
    std::erase_if(node.labels, [&](const auto& label) { return label.first == key; });
    if (!value.empty()) node.labels.emplace_back(key, value);
    std::sort(node.labels.begin(), node.labels.end());
  }

 private:
  enum class At { kIdle, kPausing, kApplying, kRebooting };

  void PickUp(cluster::Node& node, const std::string& wanted, base::Time now) {
    if (Fault() == MigFault::kIgnores) {
      seen_ = wanted;
      return Next();
    }
    seen_ = wanted;
    at_ = At::kPausing;
    due_ = now + base::Milliseconds(2'000);
    (void)node;
  }

  void Step(cluster::Node& node, base::Time now) {
    due_.reset();
    if (at_ == At::kPausing) return Pause(node, now);
    if (at_ == At::kApplying) return Apply(node, now);
    node.ready = true;  // it came back
    cards = layouts.at(seen_);
    End(node, "success");
  }

  void Pause(cluster::Node& node, base::Time now) {
    const auto layout = layouts.find(seen_);
    if (layout == layouts.end()) return End(node, "failed");  // no such entry
    if (layout->second == cards) return EndAsItIs(node);      // nothing to do
    SetState(node, "pending");
    for (const char* daemon : {"device-plugin", "gpu-feature-discovery"}) {
      SetLabel(node, std::string("nvidia.com/gpu.deploy.") + daemon, std::string(kPaused));
    }
    for (cluster::ResourceCount& device : node.devices) device.count = 0;
    if (Fault() == MigFault::kHangs) return Next();
    at_ = At::kApplying;
    due_ = now + base::Milliseconds(5'000);
  }

  void Apply(cluster::Node& node, base::Time now) {
    const Cards before = cards;
    switch (Fault()) {
      case MigFault::kFails:
        for (auto& [gpu, profiles] : cards) profiles.clear();
        return End(node, "failed");
      case MigFault::kBusy:
        return End(node, "failed");
      case MigFault::kLies:
        for (auto& [gpu, profiles] : cards) profiles.clear();
        return End(node, "success");
      case MigFault::kReboots:
        SetState(node, "rebooting");
        node.ready = false;
        at_ = At::kRebooting;
        due_ = now + base::Milliseconds(40'000);
        return Next();
      case MigFault::kStaysPaused:
        cards = layouts.at(seen_);
        SetState(node, "success");
        return Next();
      case MigFault::kPluginBlind: {
        cards = layouts.at(seen_);
        const std::vector<cluster::ResourceCount> stale = OfferOf(before);
        End(node, "success");
        node.devices = stale;
        return;
      }
      default:
        cards = layouts.at(seen_);
        return End(node, "success");
    }
  }

  void EndAsItIs(cluster::Node& node) {
    SetState(node, "success");
    at_ = At::kIdle;
  }

  void End(cluster::Node& node, const std::string& state) {
    SetState(node, state);
    for (const std::string& key : PausedOn(node)) SetLabel(node, key, "true");
    Show(node);
    at_ = At::kIdle;
    Next();
  }

  // The daemons run again, also where somebody else let them.
 public:
  void DaemonsRun(cluster::Node& node) const {
    if (PausedOn(node).empty()) Show(node);
  }

 private:
  static std::vector<cluster::ResourceCount> OfferOf(const Cards& cards) {
    std::map<std::string, std::int64_t> offers;
    for (const auto& [gpu, profiles] : cards) {
      if (profiles.empty()) ++offers["nvidia.com/gpu"];
      for (const auto& [profile, count] : profiles) offers["nvidia.com/mig-" + profile] += count;
    }
    std::vector<cluster::ResourceCount> devices;
    for (const auto& [name, count] : offers) devices.push_back({name, count});
    return devices;
  }
  void Offer(cluster::Node& node) const { node.devices = OfferOf(cards); }

  static void SetState(cluster::Node& node, const std::string& state) {
    SetLabel(node, "nvidia.com/mig.config.state", state);
  }
  MigFault Fault() const { return faults.empty() ? rest : faults.front(); }
  void Next() {
    if (!faults.empty()) faults.erase(faults.begin());
  }

  std::string seen_;
  At at_ = At::kIdle;
  std::optional<base::Time> due_{};
};

}  // namespace tangram::control::testing
