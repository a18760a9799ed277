// Units as types, so that MiB + MilliGpu does not compile.
//
// `.value()` is for reading and writing text only; arithmetic stays inside the type. Decisions use
// these integers and never floating point, which differs between machines.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace tangram::base {

template <class Tag>
class Quantity {
 public:
  constexpr Quantity() = default;
  constexpr explicit Quantity(std::int64_t value) : value_(value) {}
  constexpr std::int64_t value() const { return value_; }

  friend constexpr auto operator<=>(Quantity, Quantity) = default;
  friend constexpr Quantity operator+(Quantity a, Quantity b) {
    return Quantity(a.value_ + b.value_);
  }
  friend constexpr Quantity operator-(Quantity a, Quantity b) {
    return Quantity(a.value_ - b.value_);
  }
  friend constexpr Quantity operator*(Quantity a, std::int64_t n) { return Quantity(a.value_ * n); }
  // Rounds toward zero. `n` is not zero.
  friend constexpr Quantity operator/(Quantity a, std::int64_t n) { return Quantity(a.value_ / n); }
  constexpr Quantity& operator+=(Quantity other) { return *this = *this + other; }
  constexpr Quantity& operator-=(Quantity other) { return *this = *this - other; }

 private:
  std::int64_t value_ = 0;
};

using MiB = Quantity<struct MiBTag>;                          // 2^20 bytes
using MilliGpu = Quantity<struct MilliGpuTag>;                // 1000 = one whole GPU
using MilliCpu = Quantity<struct MilliCpuTag>;                // 1000 = one core
using MicroUsd = Quantity<struct MicroUsdTag>;                // 1e-6 US dollar
using MicroUsdPerHour = Quantity<struct MicroUsdPerHourTag>;  // 1e-6 US dollar an hour
using PartsPerMillion = Quantity<struct PpmTag>;              // 1'000'000 = 1.0; ratios and shares

inline constexpr PartsPerMillion kWhole{1'000'000};

// `share` of `whole`, rounded toward zero. Exact below 9.2e12 in `whole` for shares up to 1.0.
template <class Tag>
constexpr Quantity<Tag> ShareOf(Quantity<Tag> whole, PartsPerMillion share) {
  constexpr std::int64_t kUnit = 1'000'000;
  const std::int64_t head = whole.value() / kUnit;
  const std::int64_t tail = whole.value() % kUnit;
  return Quantity<Tag>(head * share.value() + tail * share.value() / kUnit);
}

// part / whole in parts per million, rounded toward zero; 0 where `whole` is 0.
constexpr PartsPerMillion Ratio(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? PartsPerMillion(0) : PartsPerMillion(part * 1'000'000 / whole);
}

// Rounds toward zero. Cannot overflow below $1000/h over 290 years.
constexpr MicroUsd Cost(MicroUsdPerHour rate, std::chrono::seconds span) {
  return MicroUsd(rate.value() * span.count() / 3600);
}

// The month of a bill: 730 hours, as the cloud providers' calculators use.
inline constexpr std::int64_t kHoursPerMonth = 730;
constexpr MicroUsd PerMonth(MicroUsdPerHour rate) {
  return MicroUsd(rate.value() * kHoursPerMonth);
}

}  // namespace tangram::base
