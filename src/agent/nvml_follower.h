// What is kept between two readings of a card: handles, counters, the events that are waited for.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/fields.h"
#include "agent/nvml_session.h"
#include "agent/reading.h"
#include "base/clock.h"

namespace tangram::agent {

// Borrows the session, and ends before it. On the session's thread.
class NvmlFollower {
 public:
  explicit NvmlFollower(NvmlSession& session);
  ~NvmlFollower();
  NvmlFollower(const NvmlFollower&) = delete;
  NvmlFollower& operator=(const NvmlFollower&) = delete;

  // As Nvml's.
  base::Result<Reading> ReadAgain(const Card& known);
  base::Result<ProcessSamples> ReadProcessSamples(int index);
  base::Result<Events> AwaitEvents(const std::vector<int>& cards, base::Milliseconds most);

 private:
  // Two samples of the counters, of which the older is filled anew each time.
  struct Pair {
    nvml::GpmSample before = nullptr;
    nvml::GpmSample now = nullptr;
    bool filled = false;  // `before`
  };
  using Place = std::pair<int, int>;  // card, instance; kWhole: the card
  static constexpr int kWhole = -1;

  base::Result<nvml::Device> DeviceOf(int index);
  bool HasCounters(Fields& fields, nvml::Device device, int card);
  std::optional<Counters> ReadCounters(Fields& fields, nvml::Device device, Place place);
  std::optional<Counters> Compare(Fields& fields, const Pair& pair);
  void ReadInstances(Fields& fields, nvml::Device device, Reading& reading);
  std::optional<Memory> MemoryOf(Fields& fields, const Instance& instance, bool& recut);

  bool Watch(const std::vector<int>& cards);
  void Forget();  // what is watched
  std::optional<Event> EventOf(const nvml::EventData& data) const;

  NvmlSession& session_;
  std::map<std::string, nvml::Device> mig_devices_;  // by UUID
  std::map<int, bool> has_counters_;                 // by card
  std::map<Place, Pair> pairs_;
  std::unique_ptr<nvml::GpmMetrics> metrics_;  // 40 kB
  std::map<int, std::uint64_t> last_seen_;     // of process samples, by card
  nvml::EventSet set_ = nullptr;
  std::vector<int> asked_;                             // cards that were to be watched
  std::vector<std::pair<nvml::Device, int>> watched_;  // those that are
  bool no_events_ = false;                             // the library has no such thing
};

}  // namespace tangram::agent
