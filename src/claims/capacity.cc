#include "claims/capacity.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/quantity_text.h"

namespace tangram::claims {
namespace {

constexpr std::int64_t kUnit = 1'000;

// Stays at the most that can be said: no device has so much.
std::int64_t Sum(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<std::int64_t>::max() : sum;
}

std::int64_t InUnits(std::int64_t milli) { return milli / kUnit + (milli % kUnit > 0 ? 1 : 0); }

// A policy as numbers, in thousandths.
struct Policy {
  std::optional<std::int64_t> fallback{};
  std::vector<std::int64_t> values{};
  std::optional<std::int64_t> min{};
  std::optional<std::int64_t> max{};
  std::optional<std::int64_t> step{};
};

class Reader {
 public:
  std::int64_t Read(const std::string& quantity) {
    const auto milli = base::ParseMilli(quantity);
    if (!milli && !wrong_) wrong_ = quantity;
    return milli.value_or(0);
  }
  std::optional<std::int64_t> ReadIfAny(const std::string& quantity) {
    return quantity.empty() ? std::nullopt : std::optional(Read(quantity));
  }
  Policy Read(const cluster::CapacityPolicy& policy) {
    Policy read{.fallback = ReadIfAny(policy.fallback),
                .min = ReadIfAny(policy.min),
                .max = ReadIfAny(policy.max),
                .step = ReadIfAny(policy.step)};
    for (const std::string& value : policy.values) read.values.push_back(Read(value));
    return read;
  }
  const std::optional<std::string>& wrong() const { return wrong_; }

 private:
  std::optional<std::string> wrong_;
};

// Steps count whole units.
std::int64_t UpToStep(std::int64_t asked, std::int64_t min, std::int64_t step) {
  const std::int64_t from = InUnits(min);
  const std::int64_t by = std::max<std::int64_t>(1, InUnits(step));
  const std::int64_t steps = (InUnits(asked) - from + by - 1) / by;
  std::int64_t milli = 0;
  const bool is_past = __builtin_mul_overflow(from + steps * by, kUnit, &milli);
  return is_past ? std::numeric_limits<std::int64_t>::max() : milli;
}

std::int64_t RoundedUp(std::int64_t asked, const Policy& policy) {
  if (policy.min) {
    if (asked < *policy.min) return *policy.min;
    return policy.step ? UpToStep(asked, *policy.min, *policy.step) : asked;
  }
  const auto value = std::find_if(policy.values.begin(), policy.values.end(),
                                  [&](std::int64_t known) { return asked <= known; });
  return value == policy.values.end() ? asked : *value;
}

bool IsAllowed(std::int64_t amount, const Policy& policy) {
  if (policy.fallback == amount) return true;
  if (policy.min || policy.max || policy.step) {
    if (policy.max && amount > *policy.max) return false;
    const std::int64_t min = policy.min.value_or(0);
    return !policy.step || UpToStep(amount, min, *policy.step) == InUnits(amount) * kUnit;
  }
  return policy.values.empty() ||
         std::find(policy.values.begin(), policy.values.end(), amount) != policy.values.end();
}

const std::string* AskedOf(const cluster::DeviceRequest& request, const std::string& capacity) {
  for (const auto& [name, quantity] : request.capacity) {
    if (name == capacity) return &quantity;
  }
  return nullptr;
}

bool HasAll(const cluster::Device& device, const cluster::DeviceRequest& request) {
  return std::all_of(request.capacity.begin(), request.capacity.end(), [&](const auto& asked) {
    return std::any_of(device.capacity.begin(), device.capacity.end(),
                       [&](const auto& known) { return known.name == asked.first; });
  });
}

}  // namespace

tl::expected<std::optional<Amounts>, std::string> TakesOf(const cluster::DeviceRequest& request,
                                                          const cluster::Device& device) {
  if (!HasAll(device, request)) return std::optional<Amounts>();
  Amounts amounts;
  for (const cluster::DeviceCapacity& capacity : device.capacity) {
    const std::string* asked = AskedOf(request, capacity.name);
    Reader reader;
    const std::int64_t whole = reader.Read(capacity.value);
    const Policy policy = capacity.policy ? reader.Read(*capacity.policy) : Policy();
    const std::int64_t amount =
        asked != nullptr ? RoundedUp(reader.Read(*asked), policy) : policy.fallback.value_or(whole);
    if (capacity.has_policy) {
      return tl::unexpected(
          fmt::format("what may be taken of capacity {} of device {} is not known", capacity.name,
                      device.name));
    }
    if (const auto& wrong = reader.wrong()) {
      return tl::unexpected(fmt::format("capacity {} of device {}: \"{}\" is no amount",
                                        capacity.name, device.name, *wrong));
    }
    if (!IsAllowed(amount, policy) || amount > whole) return std::optional<Amounts>();
    amounts.push_back(amount);
  }
  return std::optional(std::move(amounts));
}

Amounts AmountsOf(const cluster::Labels& consumed, const cluster::Device& device) {
  Amounts amounts;
  for (const cluster::DeviceCapacity& capacity : device.capacity) {
    const auto milli = base::ParseMilli(cluster::Find(consumed, capacity.name));
    amounts.push_back(milli.value_or(0));
  }
  return amounts;
}

cluster::Labels ConsumedOf(const Amounts& amounts, const cluster::Device& device) {
  cluster::Labels consumed;
  for (std::size_t i = 0; i < device.capacity.size(); ++i) {
    const std::int64_t amount = amounts[i];
    consumed.emplace_back(device.capacity[i].name, amount % kUnit == 0
                                                       ? std::to_string(amount / kUnit)
                                                       : fmt::format("{}m", amount));
  }
  std::sort(consumed.begin(), consumed.end());
  return consumed;
}

const Amounts* Capacities::Of(const cluster::Device& device) const {
  const auto found = taken_.find(&device);
  return found == taken_.end() ? nullptr : &found->second;
}

bool Capacities::HaveRoomFor(const cluster::Device& device, const Amounts& more,
                             const Capacities& others) const {
  for (std::size_t i = 0; i < device.capacity.size(); ++i) {
    std::int64_t sum = more[i];
    for (const Amounts* taken : {Of(device), others.Of(device)}) {
      if (taken != nullptr) sum = Sum(sum, (*taken)[i]);
    }
    const auto whole = base::ParseMilli(device.capacity[i].value);
    if (sum > whole.value_or(0)) return false;
  }
  return true;
}

void Capacities::Take(const cluster::Device& device, const Amounts& amounts) {
  Amounts& taken = taken_.try_emplace(&device, amounts.size()).first->second;
  for (std::size_t i = 0; i < amounts.size(); ++i) taken[i] = Sum(taken[i], amounts[i]);
}

void Capacities::GiveBack(const cluster::Device& device, const Amounts& amounts) {
  const auto found = taken_.find(&device);
  if (found == taken_.end() || amounts.empty()) return;
  for (std::size_t i = 0; i < amounts.size(); ++i) found->second[i] -= amounts[i];
  const bool none = std::all_of(found->second.begin(), found->second.end(),
                                [](std::int64_t amount) { return amount == 0; });
  if (none) taken_.erase(found);
}

double Capacities::PartLeft(const cluster::Device& device, const Capacities& others) const {
  double least = 1;
  for (std::size_t i = 0; i < device.capacity.size(); ++i) {
    std::int64_t sum = 0;
    for (const Amounts* taken : {Of(device), others.Of(device)}) {
      if (taken != nullptr) sum = Sum(sum, (*taken)[i]);
    }
    const auto whole = base::ParseMilli(device.capacity[i].value);
    if (sum == 0 || !whole || *whole <= 0) continue;
    least = std::min(least, 1 - static_cast<double>(sum) / static_cast<double>(*whole));
  }
  return std::max(0.0, least);
}

}  // namespace tangram::claims
