// What is left of the counters that devices of a pool share.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "claims/claims.h"

namespace tangram::claims {

// During one attempt. As in Kubernetes, pools of one name share counters, whatever their driver:
// those of the pool that was asked first.
class Counters {
 public:
  // Borrowed.
  explicit Counters(const DeviceSet& allocated) : allocated_(allocated) {}

  // Takes what the device consumes, unless a counter of the pool would be below nothing then.
  bool Take(const Pool& pool, const cluster::Device& device);
  void GiveBack(const Pool& pool, const cluster::Device& device);
  // The largest part of a counter that the device consumes; 1,000 where it consumes none.
  std::int64_t ThousandthsOf(const Pool& pool, const cluster::Device& device);

 private:
  // By place in `left`.
  using Amounts = std::vector<std::pair<std::size_t, std::int64_t>>;
  struct Left {
    std::map<std::pair<std::string_view, std::string_view>, std::size_t> places{};  // set, counter
    std::vector<std::int64_t> all{};
    std::vector<std::int64_t> left{};
    int overdrawn = 0;  // counters below nothing
    std::unordered_map<const cluster::Device*, Amounts> consumed_by{};
  };
  Left& LeftIn(const Pool& pool);
  static const Amounts& ConsumedBy(Left& left, const cluster::Device& device);
  static void Add(Left& left, const Amounts& amounts, std::int64_t sign);

  const DeviceSet& allocated_;
  std::map<std::string_view, Left> by_pool_;
};

}  // namespace tangram::claims
