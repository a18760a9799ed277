#include "adapter/gpu_plans.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "adapter/json.h"
#include "adapter/live/our_objects.h"
#include "kube/client.h"
#include "kube/write.h"
#include "objects/read_plans.h"

namespace tangram::adapter {
namespace {

base::Result<plan::Proposal> Read(std::string_view text) {
  auto plans = objects::ReadPlans(text);
  if (!plans) return tl::unexpected(plans.error());
  return std::move(plans->front());
}

}  // namespace

GpuPlans::GpuPlans(std::unique_ptr<kube::Client> client) : client_(std::move(client)) {}
GpuPlans::~GpuPlans() = default;
GpuPlans::GpuPlans(GpuPlans&&) noexcept = default;
GpuPlans& GpuPlans::operator=(GpuPlans&&) noexcept = default;

base::Result<GpuPlans> GpuPlans::Open(const kube::ConfigSources& cluster) {
  const auto config = kube::LoadConfig(cluster);
  if (!config) return tl::unexpected(config.error());
  auto client = kube::Client::Open(*config);
  if (!client) return tl::unexpected(client.error());
  const auto served = (*client)->Serves(kPlans);
  if (!served) return tl::unexpected(served.error());
  if (!*served) {
    return base::Fail(base::ErrorCode::kNotFound,
                      "the cluster has no GpuPlans; install Tangram in it (docs/installation.md)");
  }
  return GpuPlans(*std::move(client));
}

base::Result<std::vector<plan::Proposal>> GpuPlans::List() {
  auto plans = kube::ListAll<plan::Proposal>(
      *client_, kPlans, {}, [](simdjson::ondemand::object& item) -> base::Result<plan::Proposal> {
        const auto text = TextOf(item);
        if (!text) return tl::unexpected(text.error());
        return Read(*text);
      });
  if (!plans) return plans;
  std::sort(plans->begin(), plans->end(),
            [](const plan::Proposal& a, const plan::Proposal& b) { return a.name < b.name; });
  return plans;
}

base::Result<std::string> GpuPlans::Text(const std::string& name) {
  return client_->Get(kPlans, "", name);
}

base::Result<plan::Proposal> GpuPlans::Get(const std::string& name) {
  const auto text = Text(name);
  if (!text) return tl::unexpected(text.error());
  return Read(*text);
}

base::Result<void> GpuPlans::Approve(const plan::Proposal& plan) {
  const nlohmann::json patch = {
      {"metadata", {{"uid", plan.uid}, {"resourceVersion", plan.version}}},
      {"spec", {{"approved", true}}}};
  const auto answer = client_->Send(kube::PatchCall({.resource = kPlans, .name = plan.name},
                                                    kube::PatchType::kMerge, patch.dump()));
  if (!answer) return tl::unexpected(answer.error());
  return {};
}

}  // namespace tangram::adapter
