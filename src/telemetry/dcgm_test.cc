#include "telemetry/dcgm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "base/sanitized_testing.h"
#include "telemetry/testing/promql_fake.h"

namespace tangram::telemetry {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;

using Pairs = std::vector<std::pair<std::string, std::string>>;
using fake::FakePrometheus;
using fake::RawSeries;
using fake::Samples;

constexpr base::Time kFrom{milliseconds(1'760'000'400'000)};
constexpr base::Time kTo = kFrom + hours(4);
constexpr fake::Cadence kAll{kFrom + seconds(7), kTo};
constexpr int kCount = 480;

Pairs With(Pairs labels, const Pairs& more) {
  labels.insert(labels.end(), more.begin(), more.end());
  return labels;
}

Pairs Gpu(const std::string& uuid, const Pairs& more = {}) {
  return With({{"UUID", uuid},
               {"gpu", "3"},
               {"Hostname", "node-a"},
               {"modelName", "NVIDIA L4"},
               {"job", "dcgm"},
               {"instance", "10.0.0.5:9400"}},
              more);
}

Pairs Held(const std::string& pod) {
  return {{"namespace", "ml"}, {"pod", pod}, {"container", "main"}};
}

double Wave(int i) { return i % 4 == 0 ? 512.0 / 1024 : 16.0 / 1024; }

DcgmOptions Window() {
  DcgmOptions options;
  options.from = kFrom;
  options.to = kTo;
  return options;
}

DcgmUsage Read(FakePrometheus& server, const DcgmOptions& options = Window()) {
  auto usage = ReadDcgm(Prometheus(server.AsFetch()), options);
  EXPECT_TRUE(usage) << usage.error().message;
  return usage ? *usage : DcgmUsage();
}

DcgmUsage Read(const std::vector<RawSeries>& series, const DcgmOptions& options = Window()) {
  FakePrometheus server(series);
  return Read(server, options);
}

const DcgmRecord& Only(const DcgmUsage& usage) {
  static const DcgmRecord kNone;
  EXPECT_EQ(usage.records.size(), 1U);
  return usage.records.size() == 1 ? usage.records[0] : kNone;
}

TEST(ReadDcgm, CountsMeansAndTimes) {
  const DcgmUsage usage = Read({{kEngineActive, Gpu("GPU-1", Held("train")), Samples(kAll, Wave)}});
  const DcgmRecord& record = Only(usage);
  EXPECT_EQ(usage.interval, seconds(30));
  EXPECT_EQ(record.pod, "train");
  EXPECT_EQ(record.node, "node-a");
  EXPECT_EQ(record.gpu_index, 3);
  EXPECT_EQ(record.model, "NVIDIA L4");
  EXPECT_EQ(record.metric, DcgmMetric::kEngine);
  EXPECT_EQ(record.samples, kCount);
  EXPECT_EQ(record.rejected, 0);
  EXPECT_EQ(record.active_mean.value(), 136'719);
  EXPECT_EQ(record.active_max.value(), 500'000);
  EXPECT_EQ(record.busy_share.value(), 250'000);
  EXPECT_EQ(record.last_active, kAll.first + seconds(30) * 476);
  EXPECT_EQ(record.device_coverage, base::kWhole);
}

TEST(ReadDcgm, BothKindsOfRangeCountEachSampleOnce) {
  // Samples lie exactly on the borders of the parts, where the two kinds differ.
  const std::vector<RawSeries> series = {
      {kEngineActive, Gpu("GPU-1", Held("train")),
       Samples({kFrom + seconds(30), kTo + milliseconds(1)}, Wave)}};
  for (const LeftEnd left_end : {LeftEnd::kClosed, LeftEnd::kOpen}) {
    FakePrometheus server(series, left_end);
    DcgmOptions options = Window();
    options.part = hours(1);
    const DcgmRecord record = Only(Read(server, options));
    EXPECT_EQ(record.samples, kCount);
    EXPECT_EQ(record.busy_share.value(), 250'000);
  }
}

TEST(ReadDcgm, AGapIsNotFilledAndLowersCoverage) {
  std::vector<Sample> samples = Samples(kAll, [](int) { return 0.5; });
  samples.erase(samples.begin() + 100, samples.begin() + 220);
  const DcgmRecord record = Only(Read({{kEngineActive, Gpu("GPU-1", Held("train")), samples}}));
  EXPECT_EQ(record.samples, kCount - 120);
  EXPECT_EQ(record.busy_share, base::kWhole);
  EXPECT_EQ(record.device_coverage.value(), 750'000);
}

struct BadCase {
  std::string name;
  double bad;
  std::int64_t want_rejected;
};
const BadCase kBad[] = {
    {"NaN", std::nan(""), 2},
    {"Infinite", std::numeric_limits<double>::infinity(), 2},
    {"MinusInfinite", -std::numeric_limits<double>::infinity(), 2},
    {"Negative", -0.25, 2},
    {"AStrayReadingAbove", 1.5, 2},
    {"Enormous", 1e300, 2},
    {"ExactlyOneIsGood", 1.0, 0},
};

class BadTest : public ::testing::TestWithParam<BadCase> {};

TEST_P(BadTest, IsRejectedAndCounted) {
  const auto value = [](int i) { return i == 50 || i == 300 ? GetParam().bad : Wave(i); };
  const DcgmUsage usage =
      Read({{kEngineActive, Gpu("GPU-1", Held("train")), Samples(kAll, value)}});
  const DcgmRecord& record = Only(usage);
  EXPECT_EQ(record.rejected, GetParam().want_rejected);
  EXPECT_EQ(record.samples, kCount - GetParam().want_rejected);
  EXPECT_LE(record.active_max, base::kWhole);
  EXPECT_GT(record.active_mean.value(), 100'000);
  EXPECT_EQ(record.unit, DcgmRecord::Unit::kAsNamed);
}
INSTANTIATE_TEST_SUITE_P(Table, BadTest, ::testing::ValuesIn(kBad),
                         [](const auto& test) { return test.param.name; });

TEST(ReadDcgm, PercentInAShareIsSaidAndNotDivided) {
  const auto percent = [](int i) { return i % 10 == 0 ? 80.0 : 0.0; };  // mostly idle
  const DcgmUsage usage =
      Read({{kEngineActive, Gpu("GPU-1", Held("train")), Samples(kAll, percent)}});
  const DcgmRecord& record = Only(usage);
  EXPECT_EQ(record.unit, DcgmRecord::Unit::kWrong);
  EXPECT_EQ(record.samples, 0);
  EXPECT_EQ(record.rejected, kCount);
  ASSERT_EQ(usage.warnings.size(), 1U);
  EXPECT_THAT(usage.warnings[0], HasSubstr("looks like percent"));
  EXPECT_THAT(usage.warnings[0], HasSubstr("GPU-1"));
}

TEST(ReadDcgm, AShareInAPercentSeriesIsSaid) {
  const DcgmUsage usage = Read({{kGpuUtil, Gpu("GPU-1", Held("train")),
                                 Samples(kAll, [](int i) { return i % 2 ? 0.75 : 0; })}});
  EXPECT_EQ(Only(usage).unit, DcgmRecord::Unit::kWrong);
  EXPECT_EQ(usage.warnings.size(), 1U);
}

TEST(ReadDcgm, UtilizationWhereTheEngineIsNotMeasured) {
  const DcgmUsage usage =
      Read({{kEngineActive, Gpu("GPU-1", Held("a")), Samples(kAll, Wave)},
            {kGpuUtil, Gpu("GPU-1", Held("a")), Samples(kAll, [](int) { return 100; })},
            {kGpuUtil, Gpu("GPU-2", Held("b")), Samples(kAll, [](int i) { return i % 2 * 40; })}});
  ASSERT_EQ(usage.records.size(), 2U);
  EXPECT_EQ(usage.records[0].metric, DcgmMetric::kEngine);
  EXPECT_EQ(usage.records[0].active_mean.value(), 136'719);
  EXPECT_EQ(usage.records[1].metric, DcgmMetric::kUtilization);
  EXPECT_EQ(usage.records[1].active_mean.value(), 200'000);
  EXPECT_EQ(usage.records[1].busy_share.value(), 500'000);
}

TEST(ReadDcgm, UtilizationIsNeverBelievedOnMig) {
  const Pairs mig = {{"GPU_I_ID", "9"}, {"GPU_I_PROFILE", "1g.5gb"}};
  const DcgmUsage usage = Read(
      {{kGpuUtil, Gpu("GPU-1"), Samples(kAll, [](int) { return 0; })},
       {kGpuUtil, Gpu("GPU-1", With(Held("nb"), mig)), Samples(kAll, [](int) { return 0; })},
       {kFbUsed, Gpu("GPU-1", With(Held("nb"), mig)), Samples(kAll, [](int) { return 900; })}});
  const DcgmRecord& record = Only(usage);
  EXPECT_EQ(record.instance_id, "9");
  EXPECT_EQ(record.metric, DcgmMetric::kNone);
  EXPECT_EQ(record.samples, 0);
  EXPECT_EQ(record.memory_mean, base::MiB(900));
  ASSERT_EQ(usage.warnings.size(), 1U);
  EXPECT_THAT(usage.warnings[0], HasSubstr("MIG instance"));
}

TEST(ReadDcgm, ReplicasAreMergedNotAdded) {
  std::vector<Sample> gappy = Samples({kFrom + seconds(12), kTo}, Wave);
  gappy.erase(gappy.begin() + 100, gappy.begin() + 220);
  std::vector<Sample> other = Samples(kAll, Wave);
  other.erase(other.begin() + 300, other.begin() + 310);
  const DcgmUsage usage =
      Read({{kEngineActive, Gpu("GPU-1", With(Held("a"), {{"prometheus_replica", "0"}})), gappy},
            {kEngineActive, Gpu("GPU-1", With(Held("a"), {{"prometheus_replica", "1"}})), other}});
  const DcgmRecord& record = Only(usage);
  EXPECT_EQ(record.samples, kCount);  // each fills the other's gap
  EXPECT_EQ(record.active_mean.value(), 136'719);
  EXPECT_EQ(record.busy_share.value(), 250'000);
}

TEST(ReadDcgm, TwoExportersOfOneNodeAreMerged) {
  Pairs second = {
      {"UUID", "GPU-1"}, {"Hostname", "node-a"}, {"job", "dcgm"}, {"instance", "10.0.0.5:9401"}};
  const DcgmUsage usage = Read({{kEngineActive, Gpu("GPU-1", Held("a")), Samples(kAll, Wave)},
                                {kEngineActive, With(second, Held("a")), Samples(kAll, Wave)}});
  EXPECT_EQ(Only(usage).samples, kCount);
}

TEST(ReadDcgm, ARestartedExporterAddsUp) {
  const base::Time half = kFrom + hours(2);
  const DcgmUsage usage = Read({{kEngineActive, Gpu("GPU-1", With(Held("a"), {{"pod_uid", "1"}})),
                                 Samples({kAll.first, half}, Wave)},
                                {kEngineActive, Gpu("GPU-1", With(Held("a"), {{"pod_uid", "2"}})),
                                 Samples({half + seconds(7), kTo}, Wave)}});
  EXPECT_EQ(Only(usage).samples, kCount);
  EXPECT_EQ(Only(usage).busy_share.value(), 250'000);
}

TEST(ReadDcgm, APodThatComesAndGoesGivesARecordEach) {
  const base::Time one = kFrom + hours(1), two = kFrom + hours(2);
  const auto busy = [](int) { return 0.75; };
  const auto idle = [](int) { return 0.0; };
  const DcgmUsage usage =
      Read({{kEngineActive, Gpu("GPU-1", Held("a")), Samples({kAll.first, one}, busy)},
            {kEngineActive, Gpu("GPU-1"), Samples({one + seconds(7), two}, idle)},
            {kEngineActive, Gpu("GPU-1", Held("b")), Samples({two + seconds(7), kTo}, busy)}});
  ASSERT_EQ(usage.records.size(), 3U);
  const DcgmRecord &nobody = usage.records[0], &a = usage.records[1], &b = usage.records[2];
  EXPECT_EQ(nobody.pod, "");
  EXPECT_EQ(nobody.samples, 120);
  EXPECT_EQ(nobody.last_active, std::nullopt);
  EXPECT_EQ(a.samples, 120);
  EXPECT_EQ(a.last_active, kAll.first + seconds(30) * 119);
  EXPECT_EQ(b.samples, 240);
  EXPECT_EQ(b.active_mean.value(), 750'000);
  for (const DcgmRecord& record : usage.records) {
    EXPECT_EQ(record.device_row, DcgmRecord::DeviceRow::kOnlyOne);
    EXPECT_EQ(record.device_coverage, base::kWhole);
  }
}

TEST(ReadDcgm, VirtualGpusDoNotCountTheDeviceTwice) {
  std::vector<RawSeries> series = {{kEngineActive, Gpu("GPU-1"), Samples(kAll, Wave)},
                                   {kFbUsed, Gpu("GPU-1"), Samples(kAll, [](int) { return 700; })},
                                   {kFbFree, Gpu("GPU-1"), Samples(kAll, [](int) { return 300; })}};
  const base::Time half = kFrom + hours(2);
  for (const char* pod : {"a", "b"}) {
    const Pairs labels = Gpu("GPU-1", With(Held(pod), {{"vgpu", pod}}));
    series.push_back({kEngineActive, labels, Samples({kAll.first, half}, Wave)});
    series.push_back({kFbUsed, labels, Samples({kAll.first, half}, [](int) { return 350; })});
    series.push_back({kFbFree, labels, Samples({kAll.first, half}, [](int) { return 300; })});
  }
  const DcgmUsage usage = Read(series);
  ASSERT_EQ(usage.records.size(), 3U);
  EXPECT_EQ(usage.records[0].pod, "");
  EXPECT_EQ(usage.records[0].samples, kCount / 2);  // only while no pod held it
  EXPECT_EQ(usage.records[0].memory_mean, std::nullopt);
  for (const DcgmRecord& record : usage.records) {
    EXPECT_EQ(record.samples, kCount / 2);
    EXPECT_EQ(record.device_row, DcgmRecord::DeviceRow::kDuplicated);
    EXPECT_EQ(record.memory_total, base::MiB(1000));
  }
  EXPECT_EQ(usage.records[1].memory_mean, base::MiB(350));
}

TEST(ReadDcgm, NodesAreFiltered) {
  Pairs other = {{"UUID", "GPU-2"}, {"hostname", "node-b"}, {"job", "dcgm"}, {"instance", "x:1"}};
  DcgmOptions options = Window();
  options.nodes = {"node-b"};
  const DcgmUsage usage = Read({{kEngineActive, Gpu("GPU-1"), Samples(kAll, Wave)},
                                {kEngineActive, other, Samples(kAll, Wave)}},
                               options);
  EXPECT_EQ(Only(usage).uuid, "GPU-2");
}

TEST(ReadDcgm, AnEmptyPrometheusSaysWhatWasLookedFor) {
  FakePrometheus server({});
  const DcgmUsage usage = Read(server);
  EXPECT_TRUE(usage.records.empty());
  EXPECT_THAT(usage.nothing_found, HasSubstr(kEngineActive));
  EXPECT_THAT(usage.nothing_found, HasSubstr(kGpuUtil));
  EXPECT_THAT(usage.nothing_found, HasSubstr("Install dcgm-exporter"));
  EXPECT_TRUE(server.queries().empty());
}

struct CadenceCase {
  std::string name;
  milliseconds every;
  milliseconds length;
  milliseconds want;
};
const CadenceCase kCadences[] = {
    {"Ten", seconds(10), hours(4), seconds(10)},
    {"Fifteen", seconds(15), hours(4), seconds(15)},
    {"Minute", seconds(60), hours(4), seconds(60)},
    {"Unusual", seconds(40), hours(4), seconds(40)},
    {"TwentyMinutesOfData", seconds(15), minutes(20), seconds(15)},
    {"TooLittleDataTakesTheHint", seconds(15), minutes(8), seconds(20)},
};

class CadenceTest : public ::testing::TestWithParam<CadenceCase> {};

TEST_P(CadenceTest, IsLearned) {
  DcgmOptions options = Window();
  options.interval_hint = seconds(20);
  const fake::Cadence when{kFrom + seconds(7), kFrom + GetParam().length, GetParam().every};
  const DcgmUsage usage = Read(
      {{kEngineActive, Gpu("GPU-1", Held("a")), Samples(when, [](int) { return 0.5; })}}, options);
  EXPECT_EQ(usage.interval, GetParam().want);
  EXPECT_EQ(Only(usage).samples, GetParam().length / GetParam().every);
  EXPECT_EQ(Only(usage).busy_share, base::kWhole);
}
INSTANTIATE_TEST_SUITE_P(Table, CadenceTest, ::testing::ValuesIn(kCadences),
                         [](const auto& test) { return test.param.name; });

// Four days at 30 s are more steps than are asked for: shares are sampled, the rest is exact.
TEST(ReadDcgm, ALongWindowIsSampledAndItsCountsAreExact) {
  const base::Time to = kFrom + hours(96);
  const fake::Cadence all{kFrom + seconds(7), to};
  DcgmOptions options = Window();
  options.to = to;
  const DcgmUsage usage =
      Read({{kEngineActive, Gpu("GPU-1", Held("train")), Samples(all, Wave)}}, options);
  const DcgmRecord& record = Only(usage);
  EXPECT_EQ(record.samples, 11'520);
  EXPECT_EQ(record.active_mean.value(), 136'719);
  EXPECT_EQ(record.active_max.value(), 500'000);
  EXPECT_NEAR(static_cast<double>(record.busy_share.value()), 250'000, 10'000);
  ASSERT_TRUE(record.last_active);
  EXPECT_LE(to - *record.last_active, minutes(8));
}

TEST(ReadDcgm, SampledMergesKeepCountsMeansAndMaxima) {
  const base::Time to = kFrom + hours(96);
  const fake::Cadence first{kFrom + seconds(7), kFrom + hours(48)};
  const fake::Cadence second{kFrom + hours(48) + seconds(7), to};
  DcgmOptions options = Window();
  options.to = to;
  const DcgmUsage usage = Read({{kEngineActive, Gpu("GPU-1"), Samples(first, Wave)},
                                {kEngineActive, Gpu("GPU-1", Held("p")), Samples(second, Wave)}},
                               options);
  ASSERT_EQ(usage.records.size(), 2U);
  for (const DcgmRecord& record : usage.records) {
    EXPECT_NEAR(static_cast<double>(record.samples), 5'760, 12);
    EXPECT_NEAR(static_cast<double>(record.active_mean.value()), 136'719, 3'000);
    EXPECT_EQ(record.active_max.value(), 500'000);
    EXPECT_NEAR(static_cast<double>(record.busy_share.value()), 250'000, 10'000);
  }
}

TEST(ReadDcgm, JitterAcrossStepsLosesNoSample) {
  // Around each multiple of 30 s, now before it, now after it: a step of 30 s would miss some.
  std::vector<Sample> samples = Samples({kFrom + seconds(30), kTo}, [](int) { return 0.5; });
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i].at += milliseconds(i % 3 == 0 ? -40 : 40);
  }
  const DcgmRecord record = Only(Read({{kEngineActive, Gpu("GPU-1", Held("a")), samples}}));
  EXPECT_EQ(record.samples, static_cast<std::int64_t>(samples.size()));
  EXPECT_EQ(record.busy_share, base::kWhole);
}

class SmallerPartsTest : public ::testing::TestWithParam<FakePrometheus::Refusal> {};

TEST_P(SmallerPartsTest, MakesPartsSmaller) {
  FakePrometheus server({{kEngineActive, Gpu("GPU-1", Held("train")), Samples(kAll, Wave)}});
  const DcgmUsage whole = Read(server);
  server.Refuse(GetParam(), minutes(70));
  std::vector<base::PartsPerMillion> progress;
  DcgmOptions options = Window();
  options.progress = [&progress](const DcgmProgress& now) { progress.push_back(now.done); };
  const DcgmUsage cut = Read(server, options);
  EXPECT_EQ(cut.records, whole.records);
  EXPECT_GE(progress.size(), 4U);
  EXPECT_TRUE(std::is_sorted(progress.begin(), progress.end()));
  EXPECT_EQ(progress.back(), base::kWhole);
}
INSTANTIATE_TEST_SUITE_P(Both, SmallerPartsTest,
                         ::testing::Values(FakePrometheus::Refusal::kTooManySamples,
                                           FakePrometheus::Refusal::kTimeout));

TEST(ReadDcgm, AServerThatRefusesEverythingIsAnErrorWithItsWords) {
  FakePrometheus server({{kEngineActive, Gpu("GPU-1"), Samples(kAll, Wave)}});
  server.Refuse(FakePrometheus::Refusal::kTooManySamples, seconds(90));
  const auto usage = ReadDcgm(Prometheus(server.AsFetch()), Window());
  ASSERT_FALSE(usage);
  EXPECT_EQ(usage.error().code, base::ErrorCode::kUnavailable);
  EXPECT_THAT(usage.error().message, HasSubstr("too many samples"));
  EXPECT_LT(server.queries().size(), 20U);  // it gives up
}

TEST(ReadDcgm, RefusesImpossibleOptions) {
  const Prometheus nobody([](const std::string&, milliseconds) -> base::Result<net::Response> {
    return base::Fail(base::ErrorCode::kUnavailable, "no one should ask");
  });
  const auto code = [&nobody](auto change) {
    DcgmOptions options = Window();
    change(options);
    const auto usage = ReadDcgm(nobody, options);
    return usage ? base::ErrorCode::kNotFound : usage.error().code;
  };
  EXPECT_EQ(code([](DcgmOptions& o) { o.to = o.from; }), base::ErrorCode::kInvalid);
  EXPECT_EQ(code([](DcgmOptions& o) { o.part = hours(0); }), base::ErrorCode::kInvalid);
  EXPECT_EQ(code([](DcgmOptions& o) { o.interval_hint = milliseconds(-1); }),
            base::ErrorCode::kInvalid);
  EXPECT_EQ(code([](DcgmOptions& o) { o.matchers = {{"a\"}", "b"}}; }), base::ErrorCode::kInvalid);
}

constexpr base::Time kLawTo = kFrom + minutes(130);

// What a device's samples could be, at random: any mix of holders, replicas, gaps and bad values.
std::vector<RawSeries> RandomSeries(unsigned seed) {
  std::mt19937 random(seed);
  const auto below = [&random](int n) {
    return std::uniform_int_distribution<int>(0, n - 1)(random);
  };
  std::vector<RawSeries> all;
  for (const char* uuid : {"GPU-1", "GPU-2", "GPU-3"}) {
    for (int row = 0, rows = 1 + below(3); row < rows; ++row) {
      Pairs labels = Gpu(uuid, below(3) == 0 ? Pairs() : Held(below(2) == 0 ? "a" : "b"));
      labels.emplace_back("row", std::to_string(row));
      const bool bad = below(3) == 0;
      std::vector<Sample> samples = Samples({kFrom + seconds(1 + below(29)), kLawTo}, [&](int) {
        if (bad && below(50) == 0) return below(2) == 0 ? std::nan("") : 1.25;
        return below(2) == 0 ? 0.0 : below(1024) / 1024.0;
      });
      const auto cut = [&samples](std::size_t from, std::size_t length) {
        const auto first =
            samples.begin() + static_cast<std::ptrdiff_t>(std::min(from, samples.size()));
        samples.erase(first,
                      first + std::min(static_cast<std::ptrdiff_t>(length), samples.end() - first));
      };
      for (int gaps = below(3); gaps > 0; --gaps) {
        cut(static_cast<std::size_t>(below(250)), static_cast<std::size_t>(below(90)));
      }
      all.push_back({kEngineActive, labels, samples});
      all.push_back(
          {kFbUsed, labels, Samples({kAll.first, kLawTo}, [&](int) { return below(4096); })});
    }
  }
  return all;
}

TEST(ReadDcgmLaw, AnyCutGivesTheSameRecords) {
  for (unsigned seed = 0; seed < (base::kSanitized ? 2U : 6U); ++seed) {
    FakePrometheus server(RandomSeries(seed), seed % 2 ? LeftEnd::kOpen : LeftEnd::kClosed);
    DcgmOptions options = Window();
    options.to = kLawTo;
    const DcgmUsage whole = Read(server, options);
    ASSERT_FALSE(whole.records.empty());
    for (const milliseconds part : {milliseconds(minutes(31)), milliseconds(minutes(67))}) {
      options.part = part;
      EXPECT_EQ(Read(server, options).records, whole.records) << seed << " " << part.count();
    }
  }
}

}  // namespace
}  // namespace tangram::telemetry
