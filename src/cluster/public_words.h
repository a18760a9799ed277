// What is no secret: words of Kubernetes, NVIDIA and the clouds, which no person at a site chose.
#pragma once

#include <string_view>

namespace tangram::cluster {

// "nvidia.com/gpu", "requests.nvidia.com/gpu", "topology.kubernetes.io/zone", "gpu.nvidia.com": the
// domain is one of a public project; or a resource of Kubernetes itself ("cpu", "limits.memory").
// What stands behind the slash must be plain: a site may choose it.
bool IsPublicKey(std::string_view key);

// A label key whose values describe hardware or how it is bought, and name nobody.
bool HasPublicValues(std::string_view key);

// A label value that says nothing about a site under any key: "true", "false", a number, or a word
// that a report looks for.
bool IsPublicValue(std::string_view value);

// "Deployment", "Job", "RayCluster", ...
bool IsPublicOwnerKind(std::string_view kind);

// A word of the sentences of the scheduler, the API server and Tangram.
bool IsPlainWord(std::string_view word);

// An identifier of CEL as DRA drivers document it: "device", "attributes", "productName".
bool IsCelWord(std::string_view word);

// Hardware: a known product, MIG profile, DRA device ("gpu-0-mig-1g10gb-19-0"), quantity or
// version.
bool IsHardwareText(std::string_view text);

}  // namespace tangram::cluster
