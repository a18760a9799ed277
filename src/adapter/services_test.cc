#include "adapter/services.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapter/decode_testing.h"
#include "adapter/service_proxy.h"

namespace tangram::adapter {
namespace {

using testing::ElementsAre;

ServiceFacts Service(const std::string& name, cluster::Labels labels,
                     std::vector<ServiceFacts::Port> ports) {
  return {"monitoring", name, std::move(labels), std::move(ports)};
}

struct CandidateCase {
  std::string name;
  ServiceFacts service;
  std::string want;  // the proxy's path; empty: no candidate
};
const CandidateCase kCandidates[] = {
    {"OperatorsHeadlessService",
     Service("prometheus-operated", {{"operated-prometheus", "true"}}, {{"web", 9090}}),
     "/api/v1/namespaces/monitoring/services/prometheus-operated:9090/proxy"},
    {"KubePrometheusStack",
     Service("kps-kube-prometheus-stack-prometheus", {{"app", "kube-prometheus-stack-prometheus"}},
             {{"http-web", 9090}, {"reloader-web", 8080}}),
     "/api/v1/namespaces/monitoring/services/kps-kube-prometheus-stack-prometheus:9090/proxy"},
    {"PrometheusChart",
     Service("prometheus-server",
             {{"app.kubernetes.io/name", "prometheus"}, {"app.kubernetes.io/component", "server"}},
             {{"http", 80}}),
     "/api/v1/namespaces/monitoring/services/prometheus-server:80/proxy"},
    {"ByLabelAlone", Service("metrics", {{"app", "prometheus"}}, {{"web", 9999}}),
     "/api/v1/namespaces/monitoring/services/metrics:9999/proxy"},
    {"Thanos", Service("thanos-query-frontend", {}, {{"http", 10902}, {"grpc", 10901}}),
     "/api/v1/namespaces/monitoring/services/thanos-query-frontend:10902/proxy"},
    {"VictoriaMetricsSelect", Service("vmselect-main", {}, {{"http", 8481}}),
     "/api/v1/namespaces/monitoring/services/vmselect-main:8481/proxy/select/0/prometheus"},
    {"OpenShift", Service("prometheus-k8s", {}, {{"https", 9091}}),
     "/api/v1/namespaces/monitoring/services/https:prometheus-k8s:9091/proxy"},
    {"Alertmanager", Service("kube-prometheus-alertmanager", {}, {{"web", 9093}}), ""},
    {"Operator", Service("prometheus-operator", {}, {{"https", 443}}), ""},
    {"NodeExporter",
     Service("prometheus-node-exporter", {{"app.kubernetes.io/name", "prometheus-node-exporter"}},
             {{"metrics", 9100}}),
     ""},
    {"SomethingElse", Service("web", {{"app", "shop"}}, {{"http", 80}}), ""},
    {"NoPorts", Service("prometheus", {}, {}), ""},
};
class CandidateTest : public testing::TestWithParam<CandidateCase> {};
TEST_P(CandidateTest, Reached) {
  const auto candidates = PrometheusCandidates({GetParam().service});
  ASSERT_EQ(candidates.size(), GetParam().want.empty() ? 0U : 1U);
  if (candidates.empty()) return;
  EXPECT_EQ(ProxyPath(candidates.front()), GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(Table, CandidateTest, testing::ValuesIn(kCandidates),
                         [](const auto& test) { return test.param.name; });

TEST(PrometheusCandidates, TheLikeliestFirst) {
  std::vector<std::string> names;
  for (const ServicePort& port :
       PrometheusCandidates({Service("thanos-query", {}, {{"http", 9090}}),
                             Service("b-prometheus", {}, {{"web", 9090}}),
                             Service("a-prometheus", {}, {{"web", 9090}}),
                             Service("prometheus-operated", {}, {{"web", 9090}})})) {
    names.push_back(port.service);
  }
  EXPECT_THAT(names,
              ElementsAre("prometheus-operated", "a-prometheus", "b-prometheus", "thanos-query"));
}

TEST(ProxyPath, NamesAreEncoded) {
  EXPECT_EQ(ProxyPath({"a/b", "c?d", "80", "", ""}),
            "/api/v1/namespaces/a%2Fb/services/c%3Fd:80/proxy");
}

TEST(DecodeService, Reads) {
  const auto service = DecodeText(DecodeService, R"({"metadata": {"name": "prom",
    "namespace": "m", "labels": {"app": "prometheus"}}, "spec": {"clusterIP": "10.0.0.1",
    "ports": [{"name": "web", "port": 9090, "protocol": "TCP", "targetPort": "web"},
              {"port": 8080, "targetPort": 8080}]}})");
  ASSERT_TRUE(service) << service.error().message;
  EXPECT_EQ(service->ns, "m");
  ASSERT_EQ(service->ports.size(), 2U);
  EXPECT_EQ(service->ports[0].name, "web");
  EXPECT_EQ(service->ports[1].number, 8080);
}

}  // namespace
}  // namespace tangram::adapter
