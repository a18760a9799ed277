// ReadDcgm against a real Prometheus, whose data was written by promtool and is known.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <optional>

#include "telemetry/dcgm.h"
#include "telemetry/testing/raw_series.h"
#include "telemetry/testing/real_prometheus.h"

namespace tangram::telemetry {
namespace {

using std::chrono::milliseconds;

constexpr base::Time kFrom{milliseconds(1'760'000'400'000)};  // a multiple of 30 s
constexpr base::Time kTo = kFrom + std::chrono::hours(8);
constexpr int kCount = 8 * 120;

using Pairs = std::vector<std::pair<std::string, std::string>>;
using fake::RawSeries;
using fake::Samples;

Pairs DeviceLabels(const std::string& uuid, const Pairs& more) {
  Pairs labels = {{"UUID", uuid},         {"gpu", "0"},    {"modelName", "NVIDIA A100"},
                  {"Hostname", "node-a"}, {"job", "dcgm"}, {"instance", "10.0.0.5:9400"}};
  labels.insert(labels.end(), more.begin(), more.end());
  return labels;
}

// Multiples of 1/1024, so that sums are exact in any order.
double Wave(int i) { return i % 4 == 0 ? 512.0 / 1024 : 16.0 / 1024; }

// A truth that can be read off: see the expectations below.
std::vector<RawSeries> Scenario() {
  const fake::Cadence all{kFrom + milliseconds(7'000), kTo};
  const Pairs own = {{"namespace", "gpu-operator"}, {"pod", "exp-1"}, {"container", "exporter"}};
  const auto held = [&own](const std::string& pod) {
    Pairs labels = own;
    labels.insert(
        labels.end(),
        {{"exported_namespace", "ml"}, {"exported_pod", pod}, {"exported_container", "main"}});
    return labels;
  };
  std::vector<RawSeries> out;
  const auto add = [&out](const std::string& metric, const Pairs& labels, std::vector<Sample> s) {
    out.push_back({metric, labels, std::move(s)});
  };
  Pairs up = {{"job", "dcgm"}, {"instance", "10.0.0.5:9400"}};
  up.insert(up.end(), own.begin(), own.end());
  add("up", up, Samples(all, [](int) { return 1; }));
  const base::Time half = kFrom + std::chrono::hours(4);
  const fake::Cadence first{all.first, half};
  const fake::Cadence second{half + milliseconds(7'000), kTo};
  // GPU-1: held by train-0, then by nobody.
  add(kEngineActive, DeviceLabels("GPU-1", held("train-0")), Samples(first, Wave));
  add(kEngineActive, DeviceLabels("GPU-1", own), Samples(second, [](int) { return 0; }));
  // GPU-2: two replicas of Prometheus, one with an hour missing; NaN once in both.
  const auto nan_once = [](int i) { return i == 100 ? std::nan("") : Wave(i); };
  Pairs a = held("serve-0"), b = held("serve-0");
  a.emplace_back("prometheus_replica", "a");
  b.emplace_back("prometheus_replica", "b");
  add(kEngineActive, DeviceLabels("GPU-2", a), Samples(all, nan_once));
  std::vector<Sample> gappy = Samples(all, nan_once);
  gappy.erase(gappy.begin() + 400, gappy.begin() + 520);
  add(kEngineActive, DeviceLabels("GPU-2", b), gappy);
  // GPU-3: a MIG instance; its card's utilization is 0 and must not be believed.
  Pairs mig = held("nb-0");
  mig.insert(mig.end(), {{"GPU_I_ID", "7"}, {"GPU_I_PROFILE", "1g.10gb"}});
  add(kEngineActive, DeviceLabels("GPU-3", mig), Samples(all, [](int) { return 256.0 / 1024; }));
  add(kGpuUtil, DeviceLabels("GPU-3", own), Samples(all, [](int) { return 0; }));
  // GPU-4: an old card with utilization only; the exporter restarts, so a label changes.
  Pairs old = held("render-0"), restarted = held("render-0");
  old.emplace_back("DCGM_FI_DRIVER_VERSION", "535.1");
  restarted.emplace_back("DCGM_FI_DRIVER_VERSION", "550.2");
  add(kGpuUtil, DeviceLabels("GPU-4", old), Samples(first, [](int) { return 50; }));
  add(kGpuUtil, DeviceLabels("GPU-4", restarted), Samples(second, [](int) { return 100; }));
  // GPU-5: virtual GPUs: each pod has a copy of the device's row.
  for (const char* pod : {"", "shared-0", "shared-1"}) {
    Pairs labels = *pod == '\0' ? own : held(pod);
    if (*pod != '\0') labels.emplace_back("vgpu", "1");
    add(kEngineActive, DeviceLabels("GPU-5", labels), Samples(all, Wave));
    add(kFbUsed, DeviceLabels("GPU-5", labels), Samples(all, [](int) { return 1000; }));
    add(kFbFree, DeviceLabels("GPU-5", labels), Samples(all, [](int) { return 39000; }));
  }
  add(kXidErrors, DeviceLabels("GPU-1", held("train-0")), Samples(first, [](int i) {
        return i < 10 ? 0 : i < 200 ? 79 : 0;
      }));
  add(kFbUsed, DeviceLabels("GPU-1", held("train-0")),
      Samples(first, [](int i) { return i % 2 * 2048; }));
  add(kFbFree, DeviceLabels("GPU-1", held("train-0")),
      Samples(first, [](int i) { return 40960 - i % 2 * 2048; }));
  add(kPowerUsage, DeviceLabels("GPU-1", held("train-0")),
      Samples(first, [](int) { return 250.5; }));
  add(kSmClock, DeviceLabels("GPU-1", held("train-0")), Samples(first, [](int) { return 1410; }));
  return out;
}

class RealPrometheus : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!fake::RealPrometheus::IsInstalled()) return;
    server_ = fake::RealPrometheus::Start(Scenario(), {"--query.max-samples=9000"});
  }
  static void TearDownTestSuite() { server_.reset(); }

  void SetUp() override {
    if (!fake::RealPrometheus::IsInstalled()) GTEST_SKIP() << "prometheus is not installed";
    ASSERT_NE(server_, nullptr) << "see the log of promtool";
    prometheus_ = server_->Open();
  }

  DcgmUsage Read(milliseconds part) {
    DcgmOptions options;
    options.from = kFrom;
    options.to = kTo;
    options.part = part;
    auto usage = ReadDcgm(*prometheus_, options);
    EXPECT_TRUE(usage) << usage.error().message;
    return usage ? *usage : DcgmUsage();
  }

  static const DcgmRecord* Find(const DcgmUsage& usage, const std::string& uuid,
                                const std::string& pod) {
    for (const DcgmRecord& record : usage.records) {
      if (record.uuid == uuid && record.pod == pod) return &record;
    }
    ADD_FAILURE() << "no record for " << uuid << " " << pod;
    static const DcgmRecord kEmpty;
    return &kEmpty;
  }

  static inline std::unique_ptr<fake::RealPrometheus> server_;
  std::optional<Prometheus> prometheus_;
};

TEST_F(RealPrometheus, SaysWhatItIs) {
  const auto build = prometheus_->Build();
  ASSERT_TRUE(build);
  EXPECT_EQ(build->kind, BuildInfo::Kind::kPrometheus);
  EXPECT_FALSE(build->version.empty());
}

TEST_F(RealPrometheus, RecordsEqualTheTruth) {
  const DcgmUsage usage = Read(std::chrono::hours(8));
  EXPECT_EQ(usage.interval, milliseconds(30'000));
  EXPECT_EQ(usage.warnings, std::vector<std::string>());
  ASSERT_EQ(usage.records.size(), 7U);

  const DcgmRecord& train = *Find(usage, "GPU-1", "train-0");
  EXPECT_EQ(train.ns, "ml");
  EXPECT_EQ(train.node, "node-a");
  EXPECT_EQ(train.samples, kCount / 2);
  EXPECT_EQ(train.busy_share.value(), 250'000);
  EXPECT_EQ(train.active_mean.value(), 136'719);  // (512 + 3 * 16) / 4 / 1024
  EXPECT_EQ(train.active_max.value(), 500'000);
  EXPECT_EQ(train.last_active, kFrom + milliseconds(7'000 + 476 * 30'000));
  EXPECT_EQ(train.last_xid, 79);
  EXPECT_EQ(train.memory_mean, base::MiB(1024));
  EXPECT_EQ(train.memory_max, base::MiB(2048));
  EXPECT_EQ(train.memory_total, base::MiB(40960));
  EXPECT_EQ(train.power_milliwatts, 250'500);
  EXPECT_EQ(train.sm_clock_mhz, 1410);
  EXPECT_EQ(train.device_coverage, base::kWhole);
  const DcgmRecord& nobody = *Find(usage, "GPU-1", "");
  EXPECT_EQ(nobody.samples, kCount / 2);
  EXPECT_EQ(nobody.active_max.value(), 0);
  EXPECT_EQ(nobody.last_active, std::nullopt);
  EXPECT_EQ(nobody.device_row, DcgmRecord::DeviceRow::kOnlyOne);

  const DcgmRecord& serve = *Find(usage, "GPU-2", "serve-0");
  EXPECT_EQ(serve.samples, kCount - 1);
  EXPECT_EQ(serve.rejected, 1);

  const DcgmRecord& mig = *Find(usage, "GPU-3", "nb-0");
  EXPECT_EQ(mig.instance_id, "7");
  EXPECT_EQ(mig.metric, DcgmMetric::kEngine);
  EXPECT_EQ(mig.active_mean.value(), 250'000);

  const DcgmRecord& render = *Find(usage, "GPU-4", "render-0");
  EXPECT_EQ(render.metric, DcgmMetric::kUtilization);
  EXPECT_EQ(render.samples, kCount);
  EXPECT_EQ(render.active_mean.value(), 750'000);

  for (const char* pod : {"shared-0", "shared-1"}) {
    const DcgmRecord& shared = *Find(usage, "GPU-5", pod);
    EXPECT_EQ(shared.samples, kCount);
    EXPECT_EQ(shared.device_row, DcgmRecord::DeviceRow::kDuplicated);
    EXPECT_EQ(shared.memory_total, base::MiB(40'000));
  }
}

TEST_F(RealPrometheus, AnyCutGivesTheSameRecords) {
  const DcgmUsage whole = Read(std::chrono::hours(8));
  for (const auto part : {std::chrono::minutes(47), std::chrono::minutes(200)}) {
    EXPECT_EQ(Read(part).records, whole.records) << part.count() << " minutes";
  }
}

TEST_F(RealPrometheus, CutsWhatTheServerRefusesAsTooLarge) {
  DcgmOptions options;
  options.from = kFrom;
  options.to = kTo;
  int parts = 0;
  options.progress = [&parts](const DcgmProgress&) { ++parts; };
  const auto usage = ReadDcgm(*prometheus_, options);
  ASSERT_TRUE(usage) << usage.error().message;
  EXPECT_GT(parts, 2);  // two passes would take one part each
}

TEST_F(RealPrometheus, AWrongQueryIsNotRetried) {
  const auto answer = prometheus_->Query("sum(", kTo);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, base::ErrorCode::kInvalid);
}

TEST_F(RealPrometheus, TooManySamplesIsWorthASmallerWindow) {
  const auto answer = prometheus_->Query("count_over_time((DCGM_FI_DEV_FB_USED)[8h:1s])", kTo);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, base::ErrorCode::kUnavailable) << answer.error().message;
}

TEST_F(RealPrometheus, RangeQueriesAndLongFormsWork) {
  const auto range = prometheus_->QueryRange("vector(1)", {kFrom, kTo, std::chrono::hours(1)});
  ASSERT_TRUE(range) << range.error().message;
  ASSERT_EQ(range->series.size(), 1U);
  EXPECT_EQ(range->series[0].samples.size(), 9U);
  const std::string long_query = "count(up{job!=\"" + std::string(20'000, 'x') + "\"})";
  const auto answer = prometheus_->Query(long_query, kTo);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->series.at(0).samples.at(0).value, 1);
}

}  // namespace
}  // namespace tangram::telemetry
