// Bounds of numbers in the file form: far above what exists, and low enough that sums over a
// cluster do not overflow.
#pragma once

#include <cstdint>

namespace tangram::cluster {

inline constexpr std::int64_t kMostCount = 1'000'000'000'000;        // 10^12
inline constexpr std::int64_t kMostQuota = 100'000'000'000'000'000;  // 10^17: bytes too
inline constexpr std::int64_t kMostRate = 1'000'000'000'000;         // a million USD an hour
inline constexpr std::int64_t kMostIndex = 4095;                     // cards on one node
inline constexpr std::int64_t kMostReplicas = 1'000;  // 48 is what clouds allow (gpu.h)
inline constexpr std::int64_t kMostInterval = std::int64_t{30} * 24 * 3600 * 1000;  // 30 days
inline constexpr std::int64_t kLeastInt32 = -2'147'483'648;
inline constexpr std::int64_t kMostInt32 = 2'147'483'647;
inline constexpr std::int64_t kMostSmall = 1'000'000'000;

}  // namespace tangram::cluster
