// Any bytes as a process' cgroup file: never a crash; what is told is of the right form, and what a
// container writes below its own cgroup changes nothing.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "agent/cgroup.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto place = tangram::agent::ParseCgroup(text);
  if (place) {
    if (place->pod_uid.empty() && place->container_id.empty()) __builtin_trap();
    const std::size_t uid = place->pod_uid.size();
    if (uid != 0 && uid != 32 && uid != 36) __builtin_trap();
    if (!place->container_id.empty() && place->container_id.size() != 64) __builtin_trap();
  }
  const std::string ours =
      "0::/kubepods/pod01234567-89ab-cdef-0123-456789abcdef/" + std::string(64, 'a') + "/";
  const std::string below = text.substr(0, text.find('\n'));
  const auto kept = tangram::agent::ParseCgroup(ours + below);
  if (!kept || *kept != *tangram::agent::ParseCgroup(ours)) __builtin_trap();
  return 0;
}
