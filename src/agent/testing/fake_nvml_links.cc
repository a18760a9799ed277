// TEST CODE. NVLink and PCIe in the fake NVML (fake_nvml.cc).
#include <algorithm>
#include <array>

#include "agent/testing/fake_call.h"

using namespace tangram::agent;
using namespace tangram::agent::testing;

namespace {

// The link's other end: a card's bus id, or "" for a switch; nothing where the link is down.
std::optional<std::string> OtherEnd(const Card& card, unsigned link) {
  if (static_cast<int>(link) >= card.nvlinks->up) return std::nullopt;
  return link < card.nvlinks->peers.size() ? card.nvlinks->peers[link] : "";
}

template <class Body>
Status OfLink(const char* call, Device device, unsigned link, Body body) {
  return OfDevice(call, device, [&](const Card& card) {
    if (!card.nvlinks) return Status::kNotSupported;
    if (link >= 18) return Status::kInvalidArgument;  // Hopper has 18
    return body(card, OtherEnd(card, link));
  });
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {
Status nvmlDeviceGetNvLinkState(Device device, unsigned link, unsigned* up) {
  return OfLink(__func__, device, link, [&](const Card&, const std::optional<std::string>& end) {
    *up = end ? 1 : 0;
    return Status::kSuccess;
  });
}
Status nvmlDeviceGetNvLinkRemoteDeviceType(Device device, unsigned link, unsigned* type) {
  return OfLink(__func__, device, link, [&](const Card& card, const auto& end) {
    if (!end) return Status::kInvalidArgument;
    const bool to_switch = static_cast<int>(link) <
                           static_cast<int>(card.nvlinks->peers.size()) + card.nvlinks->to_switch;
    *type = !end->empty() ? nvml::kRemoteGpu : to_switch ? nvml::kRemoteSwitch : 0xFF;
    return Status::kSuccess;
  });
}
Status nvmlDeviceGetNvLinkRemotePciInfo_v2(Device device, unsigned link, nvml::PciInfo* pci) {
  return OfLink(__func__, device, link, [&](const Card&, const auto& end) {
    if (!end) return Status::kInvalidArgument;
    *pci = PciOf(*end);
    return Status::kSuccess;
  });
}
Status nvmlDeviceGetTopologyCommonAncestor(Device a, Device b, unsigned* level) {
  return OfMachine(__func__, a->card, [&](Played& machine) {
    constexpr std::array<unsigned, 6> kLevels = {0, 10, 20, 30, 40, 50};
    for (const auto& link : machine.inventory().links.links) {
      const bool this_one = std::minmax(link.a, link.b) == std::minmax(a->card, b->card);
      if (!this_one || !link.path) continue;
      *level = kLevels[static_cast<std::size_t>(*link.path)];
      return Status::kSuccess;
    }
    return Status::kNotSupported;
  });
}
Status nvmlDeviceGetP2PStatus(Device a, Device b, unsigned kind, unsigned* status) {
  return OfMachine(__func__, a->card, [&](Played& machine) {
    if (kind > 4) return Status::kInvalidArgument;
    for (const auto& link : machine.inventory().links.links) {
      if (std::minmax(link.a, link.b) != std::minmax(a->card, b->card)) continue;
      if (!link.nvlink_p2p) return Status::kNotSupported;
      *status = *link.nvlink_p2p ? nvml::kP2pOk : 5;  // NVML_P2P_STATUS_NOT_SUPPORTED
      return Status::kSuccess;
    }
    return Status::kNotSupported;
  });
}

}  // extern "C"
#pragma GCC visibility pop

TANGRAM_SAME(nvmlDeviceGetNvLinkState, kNvLinkState);
TANGRAM_SAME(nvmlDeviceGetNvLinkRemoteDeviceType, kNvLinkRemoteType);
TANGRAM_SAME(nvmlDeviceGetNvLinkRemotePciInfo_v2, kNvLinkRemotePci);
TANGRAM_SAME(nvmlDeviceGetTopologyCommonAncestor, kCommonAncestor);
TANGRAM_SAME(nvmlDeviceGetP2PStatus, kP2pStatus);
