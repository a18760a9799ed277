// What to start a model server with, so that it keeps to its part of a GPU's memory.
//
// Servers take a fraction of the memory that the process *sees*: of a MIG instance only the
// instance; of a time-sliced card, or under MPS, the whole card (NVIDIA/k8s-device-plugin#764: the
// limit of MPS shows in no property of the device). So, in MiB and rounded down to a hundredth:
//
//   fraction = (share - 512) / seen          512: the CUDA context of the process, 300-500 MiB
//
//   vLLM    --gpu-memory-utilization         of all that is seen; start fails where less is free;
//                                            0.92 at most, its default (vllm/config/cache.py)
//   TGI     --cuda-memory-fraction           of all that is seen (its launcher's help)
//   Triton  --backend-config=tensorflow,gpu-memory-fraction   likewise (tensorflow_backend README)
//   SGLang  --mem-fraction-static            of what is free when it starts, for weights and cache
//                                            alone; activations and graphs come on top
//                                            (profile_max_num_token). 0.85 of the above: our
//                                            estimate, not a published figure
//
// Pure, and shared with whoever sets these flags at admission.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"

namespace tangram::plan {

// The part of a GPU's memory that one pod has.
struct MemoryShare {
  base::MiB seen{};       // by the process: the card, or the instance
  base::MiB share{};      // of it
  bool enforced = false;  // by MIG or MPS; else the others' restraint
  friend auto operator<=>(const MemoryShare&, const MemoryShare&) = default;
};

struct ServingFlag {
  std::string_view server;  // "vLLM"
  std::string_view name;    // "--gpu-memory-utilization"
  std::string value;        // "0.23"
  bool operator==(const ServingFlag&) const = default;
};

// In the order above. Empty: the share is too small for a server.
std::vector<ServingFlag> ServingFlags(const MemoryShare& share);

}  // namespace tangram::plan
