// The port through which the agent learns whose a process is.
#pragma once

#include <cstdint>
#include <optional>

#include "agent/pod_resources.h"

namespace tangram::agent {

enum class OwnerKind {
  kPod,         // `pod` says which
  kUnknownPod,  // in a pod, of which nobody told the name
  kHost,        // in no pod
  kGone,        // it ended
};

struct Owner {
  OwnerKind kind = OwnerKind::kGone;
  PodRef pod;
  bool operator==(const Owner&) const = default;
};

class Owners {
 public:
  virtual ~Owners() = default;
  // What was looked up before may have changed.
  virtual void Refresh() = 0;
  virtual Owner Of(std::int64_t pid) = 0;
};

}  // namespace tangram::agent
