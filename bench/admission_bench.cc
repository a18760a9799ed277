// Reviews a second of the webhook's logic, on one core and without HTTP, and how they depend on the
// size of the cluster:
//   build/bench/admission_bench [NODES...]
// Reviews carry a pod as the API server sends it (managed fields, volumes, probes), some 4 KiB.
// Each size: the index is built, then 30,000 reviews are timed one by one.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "adapter/admission.h"
#include "base/clock.h"
#include "base/text.h"
#include "big_snapshot.h"

namespace {

using namespace tangram;
using cluster::GpuClass;
using Clock = std::chrono::steady_clock;

constexpr int kReviews = 30'000;

std::vector<GpuClass> MakeClasses() {
  std::vector<GpuClass> classes;
  const auto add = [&](std::string name, std::int64_t gib, GpuClass::Isolation isolation) {
    GpuClass& of = classes.emplace_back();
    of.name = std::move(name);
    of.memory = base::MiB(1024) * gib;
    of.isolation = isolation;
  };
  add("notebook", 4, GpuClass::Isolation::kShared);
  add("small", 9, GpuClass::Isolation::kHardware);
  add("medium", 19, GpuClass::Isolation::kHardware);
  add("large", 60, GpuClass::Isolation::kExclusive);
  for (int i = 0; i < 16; ++i) {
    add(fmt::format("team-{:02}", i), 2 * i, GpuClass::Isolation::kHardware);
  }
  classes[3].fallbacks = {"medium", "small"};
  return classes;
}

std::string MakeReview(int i, const std::vector<GpuClass>& classes) {
  std::string filler;
  for (int j = 0; j < 12; ++j) {
    filler += fmt::format(
        R"({{"name":"VARIABLE_{0}","value":"a value that nobody reads, of some length {0}"}},)", j);
  }
  return fmt::format(
      R"({{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{{"uid":"705ab4f5-6393-11e8-b7cc-{0:012}","kind":{{"group":"","version":"v1","kind":"Pod"}},"resource":{{"group":"","version":"v1","resource":"pods"}},"namespace":"team-a","operation":"CREATE","userInfo":{{"username":"system:serviceaccount:kube-system:replicaset-controller","groups":["system:serviceaccounts","system:authenticated"]}},"object":{{"kind":"Pod","apiVersion":"v1","metadata":{{"generateName":"web-7d4b9c6f5d-","labels":{{"app":"web","pod-template-hash":"7d4b9c6f5d","tangram.dev/gpu-class":"{1}"}},"annotations":{{"prometheus.io/scrape":"true"}},"ownerReferences":[{{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web-7d4b9c6f5d","uid":"u","controller":true,"blockOwnerDeletion":true}}],"managedFields":[{{"manager":"kube-controller-manager","operation":"Update","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{{"f:metadata":{{"f:generateName":{{}},"f:labels":{{"f:app":{{}}}}}},"f:spec":{{"f:containers":{{"k:{{\"name\":\"main\"}}":{{"f:env":{{}},"f:image":{{}},"f:resources":{{}}}}}}}}}}}}]}},"spec":{{"volumes":[{{"name":"kube-api-access","projected":{{"sources":[{{"serviceAccountToken":{{"expirationSeconds":3607,"path":"token"}}}}]}}}}],"containers":[{{"name":"main","image":"registry.example.com/team/model-server:1.2.3","args":["--model","m"],"env":[{2}{{"name":"LAST","value":"x"}}],"resources":{{"requests":{{"cpu":"4","memory":"16Gi"}},"limits":{{"memory":"16Gi"}}}},"volumeMounts":[{{"name":"kube-api-access","readOnly":true,"mountPath":"/var/run/secrets"}}],"readinessProbe":{{"httpGet":{{"path":"/healthz","port":8080}},"periodSeconds":5}}}}],"restartPolicy":"Always","dnsPolicy":"ClusterFirst","serviceAccountName":"default","priority":0,"tolerations":[{{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}}],"preemptionPolicy":"PreemptLowerPriority"}}}}}}}})", i,
      classes[static_cast<std::size_t>(i) % classes.size()].name, filler);
}

double Millis(Clock::duration span) {
  return std::chrono::duration<double, std::milli>(span).count();
}

void Measure(int nodes) {
  tangram::bench::BigOptions options;
  options.nodes = nodes;
  options.pods = nodes * 10;
  auto snapshot = std::make_shared<cluster::Snapshot>(bench::MakeBigSnapshot(options));
  const std::vector<GpuClass> classes = MakeClasses();
  base::SystemClock clock;
  adapter::Admission admission({}, clock);
  const auto before = base::MonotonicNow();
  auto index = plan::classes::Index::Build(*snapshot, {.classes = classes});
  const double build = Millis(base::MonotonicNow() - before);
  const std::size_t offers = index->offers().size();
  admission.SetIndex(std::move(index));

  std::vector<std::string> reviews;
  for (int i = 0; i < 1000; ++i) reviews.push_back(MakeReview(i, classes));
  std::vector<double> micros;
  int patched = 0;
  const auto start = base::MonotonicNow();
  auto last = start;
  for (int i = 0; i < kReviews; ++i) {
    const adapter::Reviewed reviewed =
        admission.Review(reviews[static_cast<std::size_t>(i) % reviews.size()]);
    patched += reviewed.outcome == adapter::Outcome::kPatched ? 1 : 0;
    const auto now = base::MonotonicNow();
    micros.push_back(Millis(now - last) * 1000);
    last = now;
  }
  const double seconds = Millis(last - start) / 1000;
  std::sort(micros.begin(), micros.end());
  fmt::print(
      "{:6} nodes, {:4} offers: index {:.0f} ms; {:.0f} reviews/s, p50 {:.0f} us, p99 {:.0f} us "
      "({} bytes each, {} patched)\n",
      nodes, offers, build, kReviews / seconds, micros[kReviews / 2], micros[kReviews * 99 / 100],
      reviews.front().size(), patched);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<int> sizes;
  for (int i = 1; i < argc; ++i) {
    if (const auto nodes = base::ParseInteger(argv[i]); nodes && *nodes > 0 && *nodes <= 100'000) {
      sizes.push_back(static_cast<int>(*nodes));
    }
  }
  if (sizes.empty()) sizes = {100, 1'000, 10'000};
  for (const int nodes : sizes) Measure(nodes);
}
