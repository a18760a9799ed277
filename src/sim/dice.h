// Random draws that depend on their seed alone: the standard distributions differ between
// libraries.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

#include "base/clock.h"

namespace tangram::sim {

// SplitMix64.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  // A stream of its own for each `stream`.
  Dice(std::uint64_t seed, std::uint64_t stream) : state_(Mixed(seed + kStep) ^ Mixed(stream)) {}

  std::uint64_t Next() { return Mixed(state_ += kStep); }
  // From 0, below 1.
  double Share() { return static_cast<double>(Next() >> 11U) * 0x1p-53; }

  // At least a millisecond.
  base::Milliseconds Exponential(base::Milliseconds mean) {
    return Rounded(-std::log1p(-Share()) * static_cast<double>(mean.count()));
  }
  base::Milliseconds LogNormal(base::Milliseconds median, double sigma) {
    const double radius = std::sqrt(-2 * std::log1p(-Share()));
    const double normal = radius * std::cos(2 * std::numbers::pi * Share());
    return Rounded(std::exp(sigma * normal) * static_cast<double>(median.count()));
  }

 private:
  static constexpr std::uint64_t kStep = 0x9E3779B97F4A7C15U;
  static constexpr double kMost = 1e15;  // 30,000 years
  static std::uint64_t Mixed(std::uint64_t z) {
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
  }
  static base::Milliseconds Rounded(double ms) {
    return base::Milliseconds(std::llround(std::fmin(std::fmax(ms, 1), kMost)));
  }

  std::uint64_t state_;
};

}  // namespace tangram::sim
