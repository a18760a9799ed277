#include "adapter/find_prometheus.h"

#include <optional>
#include <utility>
#include <vector>

#include "adapter/list_kind.h"
#include "adapter/printable.h"
#include "adapter/service_proxy.h"

namespace tangram::adapter {
namespace {

constexpr std::size_t kMostCandidates = 12;
constexpr std::chrono::milliseconds kTrialTimeout{10'000};

std::string Name(const ServicePort& port) {
  return "service " + Printable(port.ns) + "/" + Printable(port.service) + ":" + port.port;
}

enum class Trial { kHasDcgm, kAnswers };

base::Result<Trial> Try(const telemetry::Prometheus& prometheus, const telemetry::Fetch& fetch,
                        base::Time now) {
  const auto build = telemetry::LooksLikePrometheus(fetch);
  if (!build) return tl::unexpected<base::Error>(build.error());
  const std::string query =
      "count(DCGM_FI_DEV_FB_USED) or count(DCGM_FI_PROF_GR_ENGINE_ACTIVE) or "
      "count(DCGM_FI_DEV_GPU_UTIL) or count(DCGM_FI_DEV_FB_USED offset 1h)";
  const auto answer = prometheus.Query(query, now, kTrialTimeout);
  if (!answer) return tl::unexpected<base::Error>(answer.error());
  return answer->series.empty() ? Trial::kAnswers : Trial::kHasDcgm;
}

base::Result<std::vector<ServiceFacts>> ListServices(kube::Client& client) {
  const Kind kind{{kube::Resource{"", "v1", "services", "Service"}}, Presence::kAlways};
  Listed<ServiceFacts> listed =
      ListKind<ServiceFacts>(client, kind, {}, DecodeService, [](std::size_t) {});
  if (listed.failed) return tl::unexpected<base::Error>(*listed.failed);
  return std::move(listed.items);
}

constexpr const char* kRemedy =
    "name one with --prometheus URL, or let dcgm-exporter be scraped by the cluster's Prometheus";

}  // namespace

std::string HostOf(std::string url) {
  if (const auto at = url.find("://"); at != std::string::npos) url.erase(0, at + 3);
  if (const auto at = url.find('/'); at != std::string::npos) url.resize(at);
  if (const auto at = url.rfind('@'); at != std::string::npos) url.erase(0, at + 1);
  return url;
}

base::Result<FoundPrometheus> FindPrometheus(kube::Client& client, base::Time now) {
  const auto services = ListServices(client);
  if (!services) return base::Wrap(services.error(), "looking for Prometheus");
  std::vector<ServicePort> candidates = PrometheusCandidates(*services);
  std::string tried;
  std::optional<FoundPrometheus> without_dcgm;
  if (candidates.size() > kMostCandidates) candidates.resize(kMostCandidates);
  for (const ServicePort& candidate : candidates) {
    const telemetry::Fetch fetch = FetchThrough(client, candidate);
    FoundPrometheus found{telemetry::Prometheus(fetch), Name(candidate)};
    const auto trial = Try(found.prometheus, fetch, now);
    if (trial && *trial == Trial::kHasDcgm) return found;
    if (trial && !without_dcgm) without_dcgm = std::move(found);
    if (!trial) tried += "; " + Name(candidate) + ": " + trial.error().message;
  }
  if (without_dcgm) return std::move(*without_dcgm);
  return base::Fail(base::ErrorCode::kNotFound,
                    "none of " + std::to_string(services->size()) +
                        " services is a Prometheus that answers (by the names and labels of "
                        "Prometheus, Thanos, VictoriaMetrics and Mimir)" +
                        tried + "; " + kRemedy);
}

base::Result<FoundPrometheus> ReachPrometheus(const UsageSource& source, kube::Client& client,
                                              base::Time now) {
  const auto* where = std::get_if<telemetry::PrometheusUrl>(&source);
  if (where == nullptr) return FindPrometheus(client, now);
  auto prometheus = telemetry::Prometheus::Open(*where);
  if (!prometheus) return tl::unexpected<base::Error>(prometheus.error());
  return FoundPrometheus{std::move(*prometheus), HostOf(where->url)};
}

}  // namespace tangram::adapter
