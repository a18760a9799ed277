// core/v1 Node.
#pragma once

#include <simdjson.h>

#include <string>

#include "base/result.h"
#include "cluster/node.h"

namespace tangram::adapter {

// Everything but the GPUs (node_gpus.h) and the price.
base::Result<cluster::Node> DecodeNode(simdjson::ondemand::object object);

// What labels and the provider's id say of where a node is from.
struct Provenance {
  std::string cloud;  // "aws", "gcp", "azure"; empty unknown
  std::string region;
  std::string zone;
  std::string instance_type;
  cluster::CapacityType capacity_type = cluster::CapacityType::kUnknown;
  std::string pool;
};
Provenance ProvenanceOf(const cluster::Labels& labels, std::string_view provider_id);

}  // namespace tangram::adapter
