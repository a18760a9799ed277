// Limits of cgroups' memory on a card, over NVML.
#pragma once

#include "agent/nvml.h"
#include "agent/nvml_session.h"

namespace tangram::agent {

// As the port has them (nvml.h).
base::Result<CgroupMemory> ReadMemoryLimit(NvmlSession& session, const CgroupOnCard& at);
base::Result<void> SetMemoryLimit(NvmlSession& session, const CgroupOnCard& at, base::MiB most);

}  // namespace tangram::agent
