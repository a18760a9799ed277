// TEST CODE. Messages of the kubelet's PodResources, written as protobuf writes them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tangram::agent::testing {

inline std::string Varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>((value & 0x7F) | 0x80);
  return bytes + static_cast<char>(value);
}
// A field that holds bytes: a text, or another message.
inline std::string Field(unsigned number, std::string_view value) {
  return Varint(number << 3 | 2) + Varint(value.size()) + std::string(value);
}
inline std::string Number(unsigned number, std::uint64_t value) {
  return Varint(number << 3) + Varint(value);
}

// A container's devices of one resource.
template <class... Ids>
std::string Devices(std::string_view resource, const Ids&... ids) {
  std::string topology = Field(3, Field(1, Number(1, 0)));
  return Field(2, Field(1, resource) + (Field(2, ids) + ...) + topology);
}
// All of them, as GetAllocatableResources answers.
template <class... Ids>
std::string Allocatable(std::string_view resource, const Ids&... ids) {
  return Field(1, Field(1, resource) + (Field(2, ids) + ...));
}
inline std::string Claim(std::string_view driver, std::string_view device, std::string_view cdi) {
  const std::string resource =
      Field(1, Field(1, cdi)) + Field(2, driver) + Field(3, "node-a") + Field(4, device);
  return Field(5, Field(2, "claim") + Field(3, "ns") + Field(4, resource));
}
inline std::string Container(std::string_view name, std::string_view devices) {
  return Field(3, Field(1, name) + std::string(devices) + Number(3, 1) + Field(3, "\x01\x02"));
}
inline std::string Pod(std::string_view ns, std::string_view name, std::string_view containers) {
  return Field(1, Field(1, name) + Field(2, ns) + std::string(containers));
}

}  // namespace tangram::agent::testing
