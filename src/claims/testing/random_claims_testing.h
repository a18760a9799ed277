// Random slices, claims and what is allocated already, on one node. For tests.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "claims/claims.h"
#include "cluster/list.h"
#include "cluster/node.h"

namespace tangram::claims {

struct Scene {
  cluster::Node node{};
  cluster::List<cluster::ResourceSlice> slices{};
  std::vector<cluster::AllocatedDevice> allocated{};
  cluster::List<cluster::DeviceClass> classes{};
  cluster::List<cluster::Claim> claims{};

  Answer Ask() const;
};

Scene RandomScene(std::mt19937_64& random);

// "request=driver/pool/device" of what is given, in its order, and " memory=1024" for each capacity
// of a device that several hold; nothing where it does not fit.
std::vector<std::string> DevicesOf(const Answer& answer);

}  // namespace tangram::claims
