// Lengths of time, drawn at random.
#pragma once

#include <cmath>
#include <numbers>

#include "base/clock.h"
#include "base/dice.h"

namespace tangram::sim {

// At least a millisecond, at most 30,000 years.
inline base::Milliseconds Rounded(double ms) {
  return base::Milliseconds(std::llround(std::fmin(std::fmax(ms, 1), 1e15)));
}

inline base::Milliseconds Exponential(base::Dice& dice, base::Milliseconds mean) {
  return Rounded(-std::log1p(-dice.Share()) * static_cast<double>(mean.count()));
}

inline base::Milliseconds LogNormal(base::Dice& dice, base::Milliseconds median, double sigma) {
  const double radius = std::sqrt(-2 * std::log1p(-dice.Share()));
  const double normal = radius * std::cos(2 * std::numbers::pi * dice.Share());
  return Rounded(std::exp(sigma * normal) * static_cast<double>(median.count()));
}

}  // namespace tangram::sim
