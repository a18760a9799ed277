#include "metrics/metrics.h"

#include <gtest/gtest.h>

#include <thread>

namespace tangram::metrics {
namespace {

TEST(Registry, WritesSortedText) {
  Registry registry;
  registry.GaugeOf({"tangram_b_bytes", "Size of b."}).Set(4096);
  registry.CounterOf({"tangram_a_total", "What a did."}, {{"verb", "list"}}).Increment(3);
  registry.CounterOf({"tangram_a_total", "What a did."}, {{"verb", "get"}}).Increment();
  registry.HistogramOf({"tangram_c_seconds", "How long c took."}, {}, {0.5, 1}).Observe(0.75);
  EXPECT_EQ(registry.Text(),
            "# HELP tangram_a_total What a did.\n"
            "# TYPE tangram_a_total counter\n"
            "tangram_a_total{verb=\"get\"} 1\n"
            "tangram_a_total{verb=\"list\"} 3\n"
            "# HELP tangram_b_bytes Size of b.\n"
            "# TYPE tangram_b_bytes gauge\n"
            "tangram_b_bytes 4096\n"
            "# HELP tangram_c_seconds How long c took.\n"
            "# TYPE tangram_c_seconds histogram\n"
            "tangram_c_seconds_count 1\n"
            "tangram_c_seconds_sum 0.75\n"
            "tangram_c_seconds_bucket{le=\"0.5\"} 0\n"
            "tangram_c_seconds_bucket{le=\"1\"} 1\n"
            "tangram_c_seconds_bucket{le=\"+Inf\"} 1\n");
}

TEST(Registry, SameNameAndLabelsAreTheSameObject) {
  Registry registry;
  const Metric metric{"tangram_x_total", "x"};
  EXPECT_EQ(&registry.CounterOf(metric, {{"a", "1"}}), &registry.CounterOf(metric, {{"a", "1"}}));
  EXPECT_NE(&registry.CounterOf(metric, {{"a", "1"}}), &registry.CounterOf(metric, {{"a", "2"}}));
  const Metric span{"tangram_x_seconds", "x"};
  EXPECT_EQ(&registry.HistogramOf(span, {}, RequestSeconds()),
            &registry.HistogramOf(span, {}, RequestSeconds()));
}

TEST(Registry, WhatIsRemovedIsNotShown) {
  Registry registry;
  const Metric metric{"tangram_x", "x"};
  registry.GaugeOf(metric, {{"a", "1"}}).Set(1);
  registry.GaugeOf(metric, {{"a", "2"}}).Set(2);
  registry.RemoveGauge(metric, {{"a", "1"}});
  registry.RemoveGauge(metric, {{"a", "3"}});
  EXPECT_EQ(registry.Text(), "# HELP tangram_x x\n# TYPE tangram_x gauge\ntangram_x{a=\"2\"} 2\n");
}

TEST(Registry, LabelValuesAreEscaped) {
  Registry registry;
  registry.CounterOf({"tangram_x_total", "x"}, {{"a", "q\"\\\n"}}).Increment();
  EXPECT_NE(registry.Text().find(R"({a="q\"\\\n"} 1)"), std::string::npos) << registry.Text();
}

TEST(Registry, CountsFromManyThreads) {
  Registry registry;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 1000; ++round) {
        registry.CounterOf({"tangram_x_total", "x"}, {{"a", std::to_string(round % 3)}})
            .Increment();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  double sum = 0;
  for (const char* value : {"0", "1", "2"}) {
    sum += registry.CounterOf({"tangram_x_total", "x"}, {{"a", value}}).Value();
  }
  EXPECT_EQ(sum, 4000);
}

}  // namespace
}  // namespace tangram::metrics
