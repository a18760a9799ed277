#include "kube/backoff.h"

#include <algorithm>
#include <memory>
#include <random>
#include <utility>

namespace tangram::kube {

Random SystemRandom() {
  auto engine = std::make_shared<std::mt19937_64>(std::random_device{}());
  return [engine] { return (*engine)(); };
}

std::chrono::milliseconds RandomUpTo(std::chrono::milliseconds bound, const Random& random) {
  const auto steps = static_cast<std::uint64_t>(bound.count()) + 1;
  return std::chrono::milliseconds(static_cast<std::int64_t>(random() % steps));
}

Backoff::Backoff(Limits limits, Random random)
    : limits_(limits), random_(std::move(random)), bound_(limits.first) {}

std::chrono::milliseconds Backoff::Next() {
  const auto wait = RandomUpTo(bound_, random_);
  bound_ = std::min(bound_ * 2, limits_.cap);
  return wait;
}

}  // namespace tangram::kube
