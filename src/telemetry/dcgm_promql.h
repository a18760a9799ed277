// The PromQL that DCGM's series are asked with. Pure text.
//
// Plain statistics (count, sum, min, max) are range functions over raw samples: exact and cheap.
// "How many samples were above 5 %" has no range function, so it is a subquery, and a subquery sees
// *steps*, not samples: it repeats a sample over a gap for five minutes, and skips samples closer
// than its step. The guard `time() - timestamp(m) < step` lets each sample through at exactly one
// step, so that the count is one of samples again. That costs one more operand and no more data.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "telemetry/dcgm_labels.h"

namespace tangram::telemetry {

// (from, to]: the sample at `from` belongs to the part before.
struct Part {
  base::Time from;
  base::Time to;
};

// Whether a range holds the sample at its left end. Prometheus 2 does, 3 does not; a Part never
// does, so with kClosed ranges are written one millisecond shorter.
enum class LeftEnd { kClosed, kOpen };

// "a string" as PromQL writes it.
std::string Quoted(std::string_view text);
// An alternation of literals for =~, unquoted: "a|b\\.c".
std::string AnyOf(const std::vector<std::string>& literals);

// One series selector without the braces: METRIC and its matchers.
class Selector {
 public:
  Selector(std::string metric, const std::vector<std::pair<std::string, std::string>>& matchers);
  // With one more matcher, such as `pod!=""`.
  Selector With(const std::string& matcher) const;
  std::string Text() const;  // METRIC{a="b"}

 private:
  std::string metric_;
  std::vector<std::string> matchers_;
};

// A unit that samples must lie in, both ends included.
struct Bounds {
  double low = 0;
  double high = 1;
};

class Promql {
 public:
  Promql(LeftEnd left_end, std::chrono::milliseconds step) : left_end_(left_end), step_(step) {}
  std::chrono::milliseconds step() const { return step_; }

  // "[86399999ms]"
  std::string Range(const Part& part) const;
  // FUNCTION(selector[part])
  std::string Over(std::string_view function, const Selector& selector, const Part& part) const;
  // FUNCTION((expression)[part:step])
  std::string OverSteps(std::string_view function, const std::string& expression,
                        const Part& part) const;

  // The samples of `selector`, each at one step.
  std::string Fresh(const Selector& selector) const;
  // Those of them that `filter` keeps, such as "> 0.05".
  std::string Fresh(const Selector& selector, const std::string& filter) const;
  // The times (seconds) of the newest samples, where `filter` keeps their values.
  static std::string Times(const Selector& selector, const std::string& filter);
  static std::string Within(const Bounds& bounds);  // ">= 0 <= 1"

 private:
  LeftEnd left_end_;
  std::chrono::milliseconds step_;
};

// "by (A, B)"
std::string By(const std::vector<std::string>& labels);

}  // namespace tangram::telemetry
