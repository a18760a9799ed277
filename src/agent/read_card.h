// One card's fields over NVML.
#pragma once

#include <optional>

#include "agent/fields.h"
#include "agent/inventory.h"

namespace tangram::agent {

// Everything but MIG. Fills `card`; what fails is in its problems.
void ReadFields(Fields& fields, nvml::Device device, Card& card);

// Of these, what changes from second to second: memory, use, health, processes.
void ReadChanging(Fields& fields, nvml::Device device, Card& card);

// Of a card, or of a MIG device.
std::optional<Memory> ReadMemory(Fields& fields, nvml::Device device);

// The MIG mode, what may be on the card, and what is there.
void ReadMig(Fields& fields, nvml::Device device, Card& card);

}  // namespace tangram::agent
