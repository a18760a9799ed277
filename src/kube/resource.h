// The name of a kind of object in the API, and its paths.
#pragma once

#include <string>
#include <string_view>

namespace tangram::kube {

struct Resource {
  std::string group{};    // empty: the core group
  std::string version{};  // "v1"
  std::string plural{};   // "pods"
  std::string kind{};     // "Pod"; empty: not checked

  // "/api/v1" or "/apis/GROUP/VERSION".
  std::string GroupVersionPath() const;
  // The collection, or with a `name` one object. An empty `ns`: all namespaces, or cluster-scoped.
  std::string Path(std::string_view ns = {}, std::string_view name = {}) const;
  // For messages: "pods" or "resourceslices.resource.k8s.io".
  std::string Name() const { return group.empty() ? plural : plural + "." + group; }

  bool operator==(const Resource&) const = default;
};

}  // namespace tangram::kube
