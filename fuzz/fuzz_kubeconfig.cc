// Any bytes as a kubeconfig: never a crash, and what is read can be merged.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "kube/kubeconfig.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto config = tangram::kube::ParseKubeconfig(text, "/fuzz/config");
  if (!config) return config.error().message.empty() ? __builtin_trap(), 1 : 0;
  const std::size_t users = config->users.size();
  tangram::kube::Kubeconfig merged = *config;
  tangram::kube::MergeInto(merged, *config);
  if (merged.users.size() != users) __builtin_trap();
  return 0;
}
