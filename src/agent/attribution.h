// Who uses a card: devices that the kubelet handed out, and processes, put together. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/owners.h"
#include "agent/pod_resources.h"
#include "agent/reading.h"

namespace tangram::agent {

// A card, or one of its instances.
struct Place {
  int card = 0;  // Card::index
  std::optional<int> instance;
  auto operator<=>(const Place&) const = default;
};

// A device in a container's hands. A replica is one of several names of the same place.
struct Holding {
  Place place;
  PodRef pod;
  std::string resource;  // the device plugin's; empty: by a claim
  auto operator<=>(const Holding&) const = default;
};

struct Holdings {
  std::vector<Holding> held;  // sorted; a replica more is a line more
  int unknown = 0;            // devices that no card here has
};
// Which places the kubelet's names mean.
Holdings Resolve(const PodDevices& devices, const std::vector<Reading>& cards);

struct CardUse {
  const Reading* reading = nullptr;
  // By process; none: the card does not tell.
  std::optional<std::map<std::int64_t, double>> sm_seconds;
};

// What a pod's container has of a place.
struct PodUse {
  int devices = 0;  // held; 0: it has processes there that it holds no device for
  std::string resource;
  int processes = 0;
  base::MiB memory;                  // of processes that tell it
  bool memory_known = true;          // false: some do not
  std::optional<double> sm_seconds;  // in the time that was looked at
  bool operator==(const PodUse&) const = default;
};

struct OtherUse {
  int processes = 0;
  base::MiB memory;
  std::optional<double> sm_seconds;
  bool operator==(const OtherUse&) const = default;
};

struct Attribution {
  std::map<std::pair<Place, PodRef>, PodUse> pods;
  std::map<std::pair<Place, OwnerKind>, OtherUse> others;  // never kPod
};

// `window`: seconds that sm_seconds are of. Where a card tells no processes' use, an instance that
// one pod alone holds is that pod's, with all that its counters say.
Attribution Attribute(const std::vector<CardUse>& cards, const Holdings& holdings,
                      const std::map<std::int64_t, Owner>& owners, double window);

}  // namespace tangram::agent
