// Any bytes as the kubelet's answer: never a crash, no more than was sent, and two answers one
// after the other are both.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "agent/kubelet_wire.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const auto once = tangram::agent::DecodePodResources(bytes);
  if (!once) return 0;
  if (once->plugin.size() + once->claimed.size() > size) __builtin_trap();
  const auto twice = tangram::agent::DecodePodResources(bytes + bytes);
  if (!twice || twice->plugin.size() != 2 * once->plugin.size() ||
      twice->claimed.size() != 2 * once->claimed.size()) {
    __builtin_trap();
  }
  return 0;
}
