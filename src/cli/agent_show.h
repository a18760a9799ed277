// The inventory of a node's GPUs, as JSON and as text.
#pragma once

#include <string>

#include "agent/inventory.h"
#include "report/table.h"

namespace tangram::cli {

inline constexpr int kAgentVersion = 1;

// docs/agent.md and docs/schema/agent.schema.json. One object, ending in a line end.
std::string RenderAgentJson(const agent::Inventory& inventory);
std::string RenderAgentText(const agent::Inventory& inventory, report::ColorMode mode);

}  // namespace tangram::cli
