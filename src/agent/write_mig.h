// Changes how a card is cut, over NVML: one step.
#pragma once

#include "agent/layout.h"
#include "agent/nvml_session.h"

namespace tangram::agent {

// Where NVML refused: its answer, and what to do. It changes what the step names and nothing else:
// an instance that is at another place by now, or a card of another UUID, is refused. Success is
// what NVML says; reading back is the caller's.
CutResult<void> DoStep(NvmlSession& session, const MigStep& step);

}  // namespace tangram::agent
