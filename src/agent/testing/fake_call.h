// TEST CODE. What every function of the fake NVML does first, and how it writes its answer.
#pragma once

#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <type_traits>

#include "agent/nvml_functions.h"
#include "agent/testing/fake_state.h"

namespace tangram::agent::testing {

using nvml::Device;
using nvml::Status;

// Every call: its fault, then whether the library is initialised, then `body`.
template <class Body>
Status OfMachine(const char* call, int card, Body body) {
  const Status suffered = FakeState::One().Suffer(call, card);
  if (suffered != Status::kSuccess) return suffered;
  const auto machine = FakeState::One().Machine();
  return machine ? body(*machine) : Status::kUninitialized;
}

template <class Body>
Status OfCard(const char* call, int index, Body body) {
  return OfMachine(call, index, [&](Played& machine) {
    const Card* card = machine.CardOf(index);
    if (card == nullptr) return Status::kInvalidArgument;
    if (card->state == CardState::kLost) return Status::kGpuIsLost;
    if (card->state == CardState::kUnreadable) return Status::kUnknown;
    return body(*card);
  });
}

template <class Body>
Status OfDevice(const char* call, Device device, Body body) {
  if (device == nullptr) return Status::kInvalidArgument;
  return OfCard(call, device->card, body);
}

inline Status Write(const std::string& text, char* to, unsigned size) {
  if (to == nullptr) return Status::kInvalidArgument;
  if (text.empty()) return Status::kNotSupported;
  if (text.size() + 1 > size) return Status::kInsufficientSize;
  std::memcpy(to, text.c_str(), text.size() + 1);
  return Status::kSuccess;
}

// A value that the machine has or not.
template <class T, class To>
Status Put(const std::optional<T>& value, To* to) {
  if (to == nullptr) return Status::kInvalidArgument;
  if (!value) return Status::kNotSupported;
  *to = static_cast<To>(*value);
  return Status::kSuccess;
}

inline unsigned long long Bytes(base::MiB size) {
  return static_cast<unsigned long long>(size.value()) << 20;
}

inline nvml::PciInfo PciOf(const std::string& bus_id) {
  nvml::PciInfo pci{};
  static_cast<void>(std::sscanf(bus_id.c_str(), "%x:%x:%x", &pci.domain, &pci.bus, &pci.device));
  std::snprintf(pci.bus_id, sizeof(pci.bus_id), "%08X:%02X:%02X.0", pci.domain, pci.bus,
                pci.device);
  return pci;
}

}  // namespace tangram::agent::testing

// What the agent calls by these names has these signatures.
#define TANGRAM_SAME(function, declared) \
  static_assert(std::is_same_v<decltype(&(function)), decltype(nvml::declared)::Entry>)
