// What is there in a pod's JSON, as far as a patch of it has to know: a patch names places, and has
// to know which of them exist. Names of environment variables are read, their values are not; args
// and commands are not read at all.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tangram::adapter {

struct ContainerForm {
  std::string name;
  bool init = false;      // of initContainers
  bool restarts = false;  // an init container that keeps running: a sidecar
  std::size_t index = 0;  // in its list
  bool has_resources = false;
  bool has_limits = false;
  bool has_requests = false;
  bool has_claims = false;  // resources.claims is there
  bool has_env = false;
  std::vector<std::string> env;  // names
  std::string gpu_resource;      // the first GPU resource that it names; empty: none
};

// A term of the required node affinity.
struct TermForm {
  bool holds_never = true;  // it has no expression at all
  bool has_expressions = false;
};

struct PodForm {
  bool has_labels = false;
  bool has_annotations = false;
  std::vector<ContainerForm> containers;  // those of initContainers behind
  bool has_affinity = false;
  bool has_node_affinity = false;
  bool has_required = false;
  bool has_terms = false;
  std::vector<TermForm> terms;
  bool has_tolerations = false;
  bool has_gates = false;
  bool has_priority = false;
  bool has_preemption_policy = false;
  bool has_claims = false;               // spec.resourceClaims is there
  std::vector<std::string> claim_names;  // in it
};

// Fails where a field that is read has another type than the API's.
base::Result<PodForm> ReadPodForm(simdjson::ondemand::object pod);

// Whether it stands for a GPU, of whatever maker, or for a device that DRA backs.
bool IsGpuResource(std::string_view resource);

}  // namespace tangram::adapter
