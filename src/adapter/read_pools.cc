#include "adapter/read_pools.h"

#include <algorithm>
#include <utility>

#include "adapter/json.h"
#include "adapter/live/our_objects.h"
#include "kube/client.h"
#include "objects/object.h"
#include "objects/read_pools.h"

namespace tangram::adapter {
base::Result<std::vector<plan::Pool>> ReadPools(const kube::ConfigSources& cluster,
                                                const plan::NodePolicy& defaults) {
  const auto config = kube::LoadConfig(cluster);
  if (!config) return tl::unexpected(config.error());
  const auto client = kube::Client::Open(*config);
  if (!client) return tl::unexpected(client.error());
  // Asked first: who may not read GpuPools is told so (403) where there are none either.
  const auto served = (*client)->Serves(kPools);
  if (!served) return tl::unexpected(served.error());
  if (!*served) return std::vector<plan::Pool>();
  auto pools = kube::ListAll<plan::Pool>(
      **client, kPools, {}, [&](simdjson::ondemand::object& item) -> base::Result<plan::Pool> {
        const auto text = TextOf(item);
        if (!text) return tl::unexpected(text.error());
        auto read = objects::ReadPools(*text, defaults);
        if (!read) return tl::unexpected(read.error());
        return std::move(read->front());
      });
  if (!pools) return pools;
  std::sort(pools->begin(), pools->end(),
            [](const plan::Pool& a, const plan::Pool& b) { return a.name < b.name; });
  return pools;
}

}  // namespace tangram::adapter
