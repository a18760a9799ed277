// One page of metrics that is written whole, of what was sampled: series come and go with what
// they are about, which a Registry's do not.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "metrics/metrics.h"

namespace tangram::metrics {

// Not thread-safe. The text exposition format, as Registry::Text: sorted by name and labels.
class Page {
 public:
  // A name always means one kind and one help text: those of the first call. The same labels
  // twice: the last value counts.
  void Gauge(const Metric& metric, const Labels& labels, double value);
  void Counter(const Metric& metric, const Labels& labels, double value);

  std::string Text() const;

 private:
  struct Family {
    const char* kind;
    std::string help;
    std::map<Labels, double> series;
  };
  void Set(const char* kind, const Metric& metric, const Labels& labels, double value);

  std::map<std::string, Family> families_;
};

}  // namespace tangram::metrics
