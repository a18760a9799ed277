// How long to wait before trying again.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

namespace tangram::kube {

// A source of random bits. Called on the client's thread only.
using Random = std::function<std::uint64_t()>;
// Seeded by the system.
Random SystemRandom();

// A value between 0 and `bound`, both included. `bound` is not negative.
std::chrono::milliseconds RandomUpTo(std::chrono::milliseconds bound, const Random& random);

// Exponential with full jitter: the n-th wait is anything from 0 to min(cap, first * 2^n), so that
// many clients of a server that came back do not all call at once.
class Backoff {
 public:
  struct Limits {
    std::chrono::milliseconds first{500};
    std::chrono::milliseconds cap{30'000};
  };
  Backoff(Limits limits, Random random);
  std::chrono::milliseconds Next();
  void Reset() { bound_ = limits_.first; }

 private:
  Limits limits_;
  Random random_;
  std::chrono::milliseconds bound_;
};

}  // namespace tangram::kube
