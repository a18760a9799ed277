// Our own metrics, for Prometheus to read from /metrics.
//
// Names are tangram_<part>_<what>_<unit>[_total] in base units (seconds, bytes), as Prometheus'
// naming rules ask; a label has few values (a verb, a code); of names, only those of
// our own pools.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <map>
#include <string>
#include <vector>

namespace tangram::metrics {

using Counter = prometheus::Counter;      // Increment(by = 1): only up
using Gauge = prometheus::Gauge;          // Set, Increment, Decrement
using Histogram = prometheus::Histogram;  // Observe(value)
using Labels = std::map<std::string, std::string>;

struct Metric {
  std::string name;
  std::string help;
};

// Upper bounds in seconds for spans from 1 ms to 10 s, as requests to an API server take.
std::vector<double> RequestSeconds();
// The same for what takes from 50 us to 100 ms, as an admission review does.
std::vector<double> FastSeconds();

// Thread-safe. What it hands out lives as long as the registry, may be used from any thread, and is
// the same object for the same name and labels. A name always means one kind of metric, one help
// text and (of a histogram) one list of bounds: those of the first call.
class Registry {
 public:
  Counter& CounterOf(const Metric& metric, const Labels& labels = {});
  Gauge& GaugeOf(const Metric& metric, const Labels& labels = {});
  // Not shown any more: what it told of is gone. Nobody may hold it.
  void RemoveGauge(const Metric& metric, const Labels& labels);
  // `bounds` ascend; the last bucket, +Inf, is added.
  Histogram& HistogramOf(const Metric& metric, const Labels& labels,
                         const std::vector<double>& bounds);

  // The text exposition format (kContentType), sorted by name and labels.
  std::string Text() const;

  static constexpr const char* kContentType = "text/plain; version=0.0.4; charset=utf-8";

 private:
  prometheus::Registry registry_{prometheus::Registry::InsertBehavior::Merge};
};

}  // namespace tangram::metrics
