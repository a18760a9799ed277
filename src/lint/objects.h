// What a manifest holds, as the rules see it: objects, the pods in them, their containers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "yaml/value.h"

namespace tangram::lint {

using yaml::Member;
using yaml::Path;
using yaml::Value;

// Pointers go into the documents, which outlive everything here. Paths start at the object.
struct Container {
  const Value* node = nullptr;
  Path path;
  std::string_view name() const { return node->TextOf("name"); }
};

struct Pod {
  const Value* spec = nullptr;
  const Value* metadata = nullptr;    // nullptr if it has none
  Path path;                          // of spec
  std::vector<Container> containers;  // init containers first, as they run
};

struct Object {
  int document = 0;
  const Value* root = nullptr;
  std::string title;  // "Deployment default/x"
  std::string_view api_version;
  std::string_view kind;
  std::vector<Pod> pods;  // of a Pod, or of every pod template inside, custom resources included
};

// The objects of `documents`, those inside of lists as well.
std::vector<Object> FindObjects(const std::vector<Value>& documents);

// One line of resources.limits or resources.requests.
struct Ask {
  std::string resource;
  const Value* value = nullptr;
  Path path;
};

// Of kind "limits" or "requests", in the file's order.
std::vector<Ask> AsksOf(const Container& container, std::string_view kind);
// Of both, each resource once; the limit where both are there.
std::vector<Ask> AsksOf(const Container& container);

bool IsExtended(std::string_view resource);   // nvidia.com/..., amd.com/gpu, gpu.intel.com/...
bool IsWholeGpu(std::string_view resource);   // nvidia.com/gpu, nvidia.com/gpu.shared
bool IsMig(std::string_view resource);        // nvidia.com/mig-...
bool IsSharedGpu(std::string_view resource);  // ....shared
bool IsNvidiaGpu(std::string_view resource);  // whole or MIG

// A quantity that is a whole number: 2, "2", "2000m"; nothing if it is not.
std::optional<std::int64_t> WholeCount(const Value& value);

// How many NVIDIA devices a container asks for; what is no number counts as none.
std::int64_t DevicesOf(const Container& container);

// The literal of an environment variable; nullptr if unset or taken from elsewhere.
struct EnvEntry {
  const Value* value = nullptr;
  Path path;  // of the entry, not of its value
};
std::optional<EnvEntry> EnvOf(const Container& container, std::string_view name);

}  // namespace tangram::lint
