// Samples the node's GPUs again and again, and says whose use it is.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/node_state.h"
#include "agent/nvml.h"
#include "agent/owners.h"
#include "agent/pod_resources.h"
#include "agent/use_meter.h"
#include "base/clock.h"

namespace tangram::agent {

struct SamplerOptions {
  base::Milliseconds every{10'000};
  base::Milliseconds whole_every{300'000};  // what seldom changes: instances, links, new cards
  base::Milliseconds tick{1'000};           // processes' use and events, in between
  // Without a driver, after the first failure; doubles up to the most.
  base::Milliseconds first_retry{10'000};
  base::Milliseconds most_retry{300'000};
  // A card that hung, after the first time; doubles. After three times it is left alone.
  base::Milliseconds hung_pause{600'000};
  base::Milliseconds kubelet_memory{300'000};  // how long its last answer counts
};

// Waits for no one but the driver and the kubelet, who have their time-outs; the time is given.
// Not thread-safe.
class Sampler {
 public:
  struct Deps {
    Nvml& nvml;
    Owners& owners;
    PodResources* kubelet = nullptr;  // null: nobody is asked
    const base::Clock& clock;
    std::function<void(const std::string&)> log;
  };
  Sampler(Deps deps, SamplerOptions options);

  // Does what is due: a sample, or what is between two; then waits for events, for a tick at most.
  // How long to wait yet.
  base::Milliseconds Round();

  // Everything, in the next Round.
  void ReadSoon() {
    whole_at_ = base::Time{};
    next_ = base::Time{};
  }

  const NodeState& state() const { return state_; }
  // What is shown of limits, until told otherwise.
  void ShowMemoryLimits(std::map<std::pair<std::string, PodRef>, base::MiB> limits) {
    state_.memory_limits = std::move(limits);
  }
  // Which pod holds which device, as the kubelet said last.
  const PodDevices& devices() const { return devices_; }

 private:
  struct Hung {
    int times = 0;
    base::Time not_before{};
  };
  // Of one card, from one sample to the next.
  struct Followed {
    UseMeter meter;
    bool asked = false;  // whether the card tells its processes' use is known
    bool tells = false;
    base::Time since{};  // when its use was first asked for
  };

  void Sample(base::Time now);
  bool ReadDriver(base::Time now);
  void ReadCards(base::Time now, bool whole);
  void ReadCard(base::Time now, int index, bool whole, CardNow& card);
  base::Result<Reading> ReadOf(int index, bool whole, const Reading& before);
  void TakeFailure(base::Time now, int index, const base::Error& error, CardNow& card);
  void NoteState(const CardNow& card);
  bool LeftAlone(base::Time now, int index) const;

  void AskKubelet(base::Time now);
  void PollProcesses();
  void LookUp(std::int64_t pid);
  void Attribute(base::Time now);
  bool LookedAtAll(const Place& place) const;
  void TakeEvents(const std::vector<Event>& events);
  std::vector<int> WatchedCards(base::Time now) const;

  void GoIdle(base::Time now, const std::string& why);
  void Say(const std::string& line) const { deps_.log(line); }

  Deps deps_;
  SamplerOptions options_;
  NodeState state_;
  base::Time next_{};
  base::Time whole_at_{};
  base::Milliseconds retry_;
  bool events_hung_ = false;
  std::map<int, Hung> hung_;
  std::map<int, Followed> followed_;
  std::map<int, std::string> said_;  // of cards that are not well
  std::map<std::int64_t, Owner> owners_;
  PodDevices devices_;
};

}  // namespace tangram::agent
