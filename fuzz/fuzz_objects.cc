// Bytes as each kind of Kubernetes object that is read, and as a node's labels. The first byte
// picks the decoder; the rest is the JSON.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "adapter/decode_dra.h"
#include "adapter/decode_gang.h"
#include "adapter/decode_kueue.h"
#include "adapter/decode_node.h"
#include "adapter/decode_pod.h"
#include "adapter/decode_policy.h"
#include "adapter/decode_testing.h"
#include "adapter/dra_pools.h"
#include "adapter/node_gpus.h"
#include "adapter/services.h"

namespace {

using namespace tangram::adapter;

// An error is for a terminal: no control byte may get into it.
template <class Decode>
auto Run(const Decode& decode, std::string_view json) {
  auto result = DecodeText(decode, json);
  if (!result) {
    for (const char c : result.error().message) {
      if (c < ' ' || c > '~') std::abort();
    }
  }
  return result;
}

void RunNode(std::string_view json) {
  const auto node = Run(DecodeNode, json);
  if (node) GpusOf(*node, nullptr);
}

void RunSlice(std::string_view json) {
  const auto slice = Run(DecodeSlice, json);
  if (!slice) return;
  const DraPools pools = ReadPools({*slice}, {});
  for (const auto& [name, devices] : pools.by_node) GpusOfDevices(name, devices);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view json(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 'p':
      Run(DecodePod, json);
      break;
    case 'n':
      RunNode(json);
      break;
    case 's':
      RunSlice(json);
      break;
    case 'd':
      Run(DecodeDeviceClass, json);
      break;
    case 'c':
      Run(DecodeClaim, json);
      break;
    case 'q':
      Run(DecodeQuota, json);
      break;
    case 'b':
      Run(DecodeDisruptionBudget, json);
      break;
    case 'k':
      Run(DecodeClusterQueue, json);
      break;
    case 'l':
      Run(DecodeLocalQueue, json);
      break;
    case 'j':
      Run(DecodeJob, json);
      break;
    case 'J':
      Run(DecodeJobSet, json);
      break;
    case 'g':
      Run(DecodePodGroup, json);
      Run(DecodeVolcanoPodGroup, json);
      break;
    case 'v':
      Run(DecodeService, json);
      break;
    default:
      Run(DecodeNamespace, json);
      Run(DecodePriorityClass, json);
  }
  return 0;
}
