#include "metrics/metrics.h"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <tuple>

namespace tangram::metrics {
namespace {

bool ByLabels(const prometheus::ClientMetric& a, const prometheus::ClientMetric& b) {
  return std::lexicographical_compare(a.label.begin(), a.label.end(), b.label.begin(),
                                      b.label.end(), [](const auto& x, const auto& y) {
                                        return std::tie(x.name, x.value) <
                                               std::tie(y.name, y.value);
                                      });
}

}  // namespace

std::vector<double> RequestSeconds() {
  return {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
}

std::vector<double> FastSeconds() {
  return {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1};
}

Counter& Registry::CounterOf(const Metric& metric, const Labels& labels) {
  return prometheus::BuildCounter()
      .Name(metric.name)
      .Help(metric.help)
      .Register(registry_)
      .Add(labels);
}

Gauge& Registry::GaugeOf(const Metric& metric, const Labels& labels) {
  return prometheus::BuildGauge()
      .Name(metric.name)
      .Help(metric.help)
      .Register(registry_)
      .Add(labels);
}

void Registry::RemoveGauge(const Metric& metric, const Labels& labels) {
  auto& family = prometheus::BuildGauge().Name(metric.name).Help(metric.help).Register(registry_);
  family.Remove(&family.Add(labels));
}

Histogram& Registry::HistogramOf(const Metric& metric, const Labels& labels,
                                 const std::vector<double>& bounds) {
  return prometheus::BuildHistogram()
      .Name(metric.name)
      .Help(metric.help)
      .Register(registry_)
      .Add(labels, bounds);
}

std::string Registry::Text() const {
  auto families = registry_.Collect();
  std::sort(families.begin(), families.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  for (prometheus::MetricFamily& family : families) {
    std::sort(family.metric.begin(), family.metric.end(), ByLabels);
  }
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace tangram::metrics
