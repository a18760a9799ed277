// What devices of one claim must have in common.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "claims/pools.h"
#include "cluster/pod.h"

namespace tangram::claims {

// A constraint and the devices that count for it so far. Borrows both.
//
// As in Kubernetes 1.36 distinctAttribute remembers one device a request, the last one: of three
// devices of one request the first and the third may have the same value.
class ConstraintState {
 public:
  explicit ConstraintState(const cluster::DeviceConstraint& constraint)
      : constraint_(&constraint) {}

  // Whether the device may be given to the request; if so it counts from now on. `full_name` is
  // "r/a" for an alternative, else the same as `name`.
  bool Add(std::string_view name, std::string_view full_name, std::string_view driver,
           const cluster::Device& device);
  // Takes back the last one added.
  void Remove(std::string_view name, std::string_view full_name);

 private:
  bool Concerns(std::string_view name, std::string_view full_name) const;
  bool Allows(const cluster::DeviceAttribute& attribute) const;

  const cluster::DeviceConstraint* constraint_;
  int devices_ = 0;
  const cluster::DeviceAttribute* first_ = nullptr;  // of matchAttribute
  // Of distinctAttribute.
  std::map<std::string, const cluster::DeviceAttribute*, std::less<>> by_request_;
};

}  // namespace tangram::claims
