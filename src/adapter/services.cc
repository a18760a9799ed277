#include "adapter/services.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "adapter/decode_meta.h"

namespace tangram::adapter {
namespace {

// What a service is called, and how PromQL is reached in it. The likeliest first.
struct Brand {
  std::string_view word;  // in its name, or in one of its labels
  std::string_view prefix;
};
constexpr std::array<Brand, 9> kBrands = {{{"prometheus-operated", ""},
                                           {"kube-prometheus", ""},
                                           {"prometheus", ""},
                                           {"thanos-query", ""},
                                           {"vmsingle", ""},
                                           {"victoria-metrics-single", ""},
                                           {"vmselect", "/select/0/prometheus"},
                                           {"mimir", "/prometheus"},
                                           {"thanos", ""}}};

// Parts of the same stacks that answer no PromQL.
constexpr std::array<std::string_view, 18> kOthers = {
    "alertmanager", "operator",    "node-exporter", "pushgateway", "adapter", "kube-state",
    "grafana",      "blackbox",    "sidecar",       "store",       "compact", "webhook",
    "ingester",     "distributor", "discovery",     "dcgm",        "kubelet", "coredns"};

constexpr std::array<std::string_view, 7> kPortNames = {
    "web", "http-web", "http-query", "http", "http-metrics", "server", "prometheus"};
constexpr std::array<std::int64_t, 8> kPortNumbers = {9090,  8429,  8428, 8481,
                                                      10902, 10903, 8080, 80};

constexpr std::array<std::string_view, 5> kNameLabels = {"app.kubernetes.io/name",
                                                         "app.kubernetes.io/component", "app",
                                                         "operated-prometheus", "k8s-app"};

bool Holds(std::string_view text, std::string_view word) {
  return text.find(word) != std::string_view::npos;
}

// The index in kBrands; its size where it is none of them.
std::size_t BrandOf(const ServiceFacts& service) {
  const auto named = [&](std::string_view word) {
    if (Holds(service.name, word)) return true;
    return std::any_of(kNameLabels.begin(), kNameLabels.end(), [&](std::string_view key) {
      return Holds(cluster::Find(service.labels, key), word);
    });
  };
  // prometheus-operated has the operator's word in its own name.
  const bool operated = service.name == kBrands[0].word ||
                        cluster::Find(service.labels, "operated-prometheus") == "true";
  if (operated) return 0;
  const bool other = std::any_of(kOthers.begin(), kOthers.end(), [&](std::string_view word) {
    return Holds(service.name, word) ||
           Holds(cluster::Find(service.labels, "app.kubernetes.io/name"), word);
  });
  if (other) return kBrands.size();
  for (std::size_t i = 1; i < kBrands.size(); ++i) {
    if (named(kBrands[i].word)) return i;
  }
  return kBrands.size();
}

std::optional<ServicePort> PortOf(const ServiceFacts& service, const Brand& brand) {
  ServicePort chosen{service.ns, service.name, "", "", std::string(brand.prefix)};
  const auto take = [&](const ServiceFacts::Port& port) {
    chosen.port = std::to_string(port.number);
    const bool tls = port.name == "https" || port.number == 443 || port.number == 9091;
    if (tls) chosen.scheme = "https";
    return chosen;
  };
  for (const std::int64_t number : kPortNumbers) {
    for (const auto& port : service.ports) {
      if (port.number == number) return take(port);
    }
  }
  for (const std::string_view name : kPortNames) {
    for (const auto& port : service.ports) {
      if (port.name == name) return take(port);
    }
  }
  if (service.ports.size() == 1) return take(service.ports.front());
  return std::nullopt;
}

ServiceFacts::Port ReadPort(Json item) {
  ServiceFacts::Port port;
  item.Fields([&](std::string_view name, Json value) {
    if (name == "name") port.name = value.Text();
    if (name == "port") port.number = value.Integer().value_or(0);
  });
  return port;
}

}  // namespace

base::Result<ServiceFacts> DecodeService(simdjson::ondemand::object object) {
  Fault fault;
  ServiceFacts service;
  Walk(object, fault, [&](std::string_view key, Json field) {
    if (key == "metadata") {
      Meta meta = ReadMeta(field);
      service.ns = std::move(meta.ns);
      service.name = std::move(meta.name);
      service.labels = std::move(meta.labels);
    }
    if (key != "spec") return;
    field.Fields([&](std::string_view inner, Json list) {
      if (inner != "ports") return;
      service.ports.clear();
      list.Items([&](Json item) { service.ports.push_back(ReadPort(item)); });
    });
  });
  if (service.name.empty()) fault.Set("metadata.name is missing");
  if (fault.Found()) return tl::unexpected(ErrorOf(fault, "Service", service.ns, service.name));
  return service;
}

std::vector<ServicePort> PrometheusCandidates(const std::vector<ServiceFacts>& services) {
  struct Ranked {
    std::size_t brand;
    ServicePort port;
  };
  std::vector<Ranked> ranked;
  for (const ServiceFacts& service : services) {
    const std::size_t brand = BrandOf(service);
    if (brand == kBrands.size()) continue;
    if (auto port = PortOf(service, kBrands[brand])) ranked.push_back({brand, std::move(*port)});
  }
  std::sort(ranked.begin(), ranked.end(), [](const Ranked& a, const Ranked& b) {
    return std::tie(a.brand, a.port.ns, a.port.service) <
           std::tie(b.brand, b.port.ns, b.port.service);
  });
  std::vector<ServicePort> ports;
  ports.reserve(ranked.size());
  for (Ranked& candidate : ranked) ports.push_back(std::move(candidate.port));
  return ports;
}

}  // namespace tangram::adapter
