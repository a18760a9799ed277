#include "plan/share/serving.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace tangram::plan {
namespace {

constexpr base::MiB kContext{512};
constexpr std::int64_t kVllmDefault = 92;  // hundredths
constexpr std::int64_t kStaticPart = 85;   // of a hundred

std::string Text(std::int64_t hundredths) {
  return fmt::format("{}.{:02}", hundredths / 100, hundredths % 100);
}

}  // namespace

std::vector<ServingFlag> ServingFlags(const MemoryShare& share) {
  const std::int64_t budget = (share.share - kContext).value();
  const std::int64_t seen = share.seen.value();
  if (budget <= 0 || seen <= 0) return {};
  const std::int64_t fraction = budget * 100 / seen;
  const std::int64_t pool = budget * kStaticPart / seen;
  if (pool < 1) return {};
  return {{"vLLM", "--gpu-memory-utilization", Text(std::min(fraction, kVllmDefault))},
          {"TGI", "--cuda-memory-fraction", Text(fraction)},
          {"Triton", "--backend-config=tensorflow,gpu-memory-fraction", Text(fraction)},
          {"SGLang", "--mem-fraction-static", Text(pool)}};
}

}  // namespace tangram::plan
