// Random draws that depend on their seed alone: the standard distributions differ between
// libraries. SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace tangram::base {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  // A stream of its own for each `stream`.
  Dice(std::uint64_t seed, std::uint64_t stream) : state_(Mixed(seed + kStep) ^ Mixed(stream)) {}

  std::uint64_t Next() { return Mixed(state_ += kStep); }
  // From 0, below 1.
  double Share() { return static_cast<double>(Next() >> 11U) * 0x1p-53; }
  // From `least` to `most`, both included. The bias of the modulus is left in.
  std::int64_t In(std::int64_t least, std::int64_t most) {
    return least + static_cast<std::int64_t>(Next() % static_cast<std::uint64_t>(most - least + 1));
  }
  bool Percent(int chance) { return In(0, 99) < chance; }
  template <class T, std::size_t N>
  const T& Of(const std::array<T, N>& choices) {
    return choices[static_cast<std::size_t>(In(0, static_cast<std::int64_t>(N) - 1))];
  }
  template <class List>
  const auto& Of(const List& choices) {
    return choices[static_cast<std::size_t>(In(0, static_cast<std::int64_t>(choices.size()) - 1))];
  }

 private:
  static constexpr std::uint64_t kStep = 0x9E3779B97F4A7C15U;
  static std::uint64_t Mixed(std::uint64_t z) {
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
  }

  std::uint64_t state_;
};

}  // namespace tangram::base
