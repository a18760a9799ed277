// Where requests go, by any policy that a run can follow.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "plan/place/placer.h"

namespace tangram::sim {

// As plan::Placer, whatever the policy. One thread.
class Placing {
 public:
  virtual ~Placing() = default;
  virtual std::optional<plan::Placement> Place(const plan::Shape& shape) = 0;
  virtual void Hold(const plan::Shape& shape, const plan::Placement& at) = 0;
  virtual void Release(const plan::Shape& shape, const plan::Placement& at) = 0;
  virtual void Close(std::size_t node) = 0;
  virtual void Open(std::size_t node) = 0;
  virtual const std::vector<plan::NodeState>& nodes() const = 0;
};

// Names of the policies.
std::vector<std::string_view> PolicyNames();

struct PlacingOptions {
  std::string_view policy;
  std::span<const plan::Shape> requests;  // that stand for what is asked
  std::uint64_t seed = 1;                 // of the policy random
};

tl::unexpected<base::Error> NoSuchPolicy(std::string_view policy);

// `nodes` are empty. nullptr: there is no such policy.
std::unique_ptr<Placing> MakePlacing(std::vector<plan::NodeState> nodes,
                                     const PlacingOptions& options);

}  // namespace tangram::sim
