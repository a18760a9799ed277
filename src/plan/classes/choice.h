// What a pod with a class gets: what to ask for in its name, where it may run, and why.
//
// Plain values; adapter/admission.h writes them into the pod. A pod's resources, claims,
// environment and priority cannot be changed after admission (facts of the API server: only node
// selection, labels and annotations can while it is gated), so they are all chosen here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "cluster/pod.h"
#include "cluster/selector.h"
#include "plan/classes/need.h"

namespace tangram::plan::classes {

// Devices of a device plugin, or of an extended resource that a DeviceClass backs. Requests and
// limits are the same.
struct DeviceAsk {
  std::string resource;
  std::int64_t count = 1;
  bool operator==(const DeviceAsk&) const = default;
};

// One way in which a claim can be met.
struct Alternative {
  std::string name;                    // "mig-2g-20gb": a DNS label, unique in its claim
  std::string device_class;            // "mig.nvidia.com"
  std::vector<std::string> selectors;  // CEL; all of them have to hold
  std::int64_t count = 1;
  cluster::Labels capacity{};  // quantities to take of it, where several hold it
  bool operator==(const Alternative&) const = default;
};

// A DRA claim, best alternative first: at least 1, at most 8 (the API's limit). It is made from a
// ResourceClaimTemplate of this name in the pod's namespace; equal claims have equal names.
struct ClaimAsk {
  std::string template_name;
  std::vector<Alternative> alternatives;
  bool operator==(const ClaimAsk&) const = default;
};

struct EnvVar {
  std::string name;
  std::string value;
  bool operator==(const EnvVar&) const = default;
};

enum class Fit {
  kNow,    // there is room on a node that the pod may use
  kWaits,  // there is such a device, or one could be made, or a new node may have one; not now
};

struct Choice {
  std::string class_name;  // the class, or the fallback that is taken
  Fit fit = Fit::kNow;
  std::variant<DeviceAsk, ClaimAsk> ask{};
  Isolation isolation = Isolation::kShared;  // of what is asked for

  // For every term of the required node affinity, beside what stands there.
  std::vector<cluster::SelectorTerm> node_terms{};
  std::vector<cluster::Toleration> tolerations{};  // that the pod does not have yet
  cluster::Labels labels{};                        // to set; sorted
  cluster::Labels annotations{};                   // to set; sorted
  std::string priority_class{};                    // to set; empty: as it is
  std::vector<EnvVar> env{};                       // of the container that gets the device
  std::vector<std::string> warnings{};

  std::string why{};  // one line: what was chosen and why, with the numbers

  // What is given out, for who counts it until a snapshot shows the pod: an offer of the index that
  // decided, and devices. Absent: nothing that is there now.
  struct Taken {
    std::size_t offer = 0;
    std::int64_t devices = 0;
    bool operator==(const Taken&) const = default;
  };
  std::optional<Taken> taken{};
  bool operator==(const Choice&) const = default;
};

// The pod's class can never be met, or there is none of that name.
struct Refusal {
  std::string message;  // names the nearest that can
  bool operator==(const Refusal&) const = default;
};

using Decision = std::variant<Choice, Refusal>;

}  // namespace tangram::plan::classes
