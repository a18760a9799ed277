#include "adapter/live/leave_alone.h"

#include <algorithm>
#include <string_view>

#include "cluster/gate.h"

namespace tangram::adapter {
namespace {

constexpr std::string_view kPinned = "karpenter.sh/do-not-disrupt";  // as src/plan reads it

}  // namespace

void LeaveAlone(cluster::Pod& pod) {
  if (!pod.gates.empty()) pod.gates.push_back("excluded namespace");
  std::erase_if(pod.annotations, [](const auto& entry) {
    return entry.first == cluster::kNodesAnnotation || entry.first == kPinned;
  });
  pod.annotations.emplace_back(kPinned, "true");
  std::sort(pod.annotations.begin(), pod.annotations.end());
}

}  // namespace tangram::adapter
