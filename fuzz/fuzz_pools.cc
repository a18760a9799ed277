// Any text: pools that keep within their bounds, or an error that says where.
#include <algorithm>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "gpu/gpu.h"
#include "objects/read_pools.h"

namespace {

bool IsSound(const tangram::plan::Pool& pool) {
  const tangram::plan::NodePolicy& policy = pool.policy;
  const int most_nodes = pool.most_nodes.value_or(INT_MAX);
  const bool profiles =
      std::all_of(policy.profiles.begin(), policy.profiles.end(),
                  [](const auto& name) { return tangram::gpu::IsKnownProfile(name); });
  return !pool.name.empty() && profiles && policy.most_replicas >= 1 &&
         policy.most_replicas <= tangram::gpu::kMaxTimeSlicingReplicas && policy.keep_empty >= 0 &&
         policy.keep_empty <= most_nodes && pool.least_nodes >= 0 &&
         pool.least_nodes <= most_nodes &&
         std::is_sorted(pool.selector.begin(), pool.selector.end());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto pools = tangram::objects::ReadPools(text, {});
  if (!pools) {
    if (!pools.error().message.starts_with("line ")) std::abort();
    return 0;
  }
  const auto same = [](const auto& a, const auto& b) { return a.name == b.name; };
  if (pools->empty() || std::adjacent_find(pools->begin(), pools->end(), same) != pools->end()) {
    std::abort();
  }
  for (const tangram::plan::Pool& pool : *pools) {
    if (!IsSound(pool)) std::abort();
  }
  return 0;
}
