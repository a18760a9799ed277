// Cutting a window into parts that the server can answer.
#pragma once

#include <chrono>
#include <functional>

#include "base/result.h"
#include "telemetry/dcgm_promql.h"

namespace tangram::telemetry {

enum class Next { kGoOn, kStop };

// Walks a window from its newest part to its oldest. A part that fails as unavailable (too large,
// too slow, too busy) is halved and read again; later parts keep the smaller length, as do later
// walks. A slow part halves the next ones.
class Cutter {
 public:
  struct Limits {
    std::chrono::milliseconds longest;
    std::chrono::milliseconds smallest;
    std::chrono::milliseconds slow_after;
    std::chrono::milliseconds multiple_of;  // every inner border is this far from the end, times n
  };
  explicit Cutter(const Limits& limits);

  using Read = std::function<base::Result<Next>(const Part&)>;
  base::Result<void> Walk(const Part& window, const Read& read);

  void SetMultiple(std::chrono::milliseconds multiple_of);

 private:
  void Shorten(std::chrono::milliseconds from);

  Limits limits_;
  std::chrono::milliseconds length_;
};

}  // namespace tangram::telemetry
