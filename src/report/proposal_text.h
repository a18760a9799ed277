// GpuPlans for a terminal: at most 100 columns.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "plan/proposal.h"
#include "report/table.h"

namespace tangram::report {

// A line each: name, pool, dollars, who is disturbed, how far it is.
std::string RenderProposals(const std::vector<plan::Proposal>& plans, base::Time now,
                            ColorMode color);

// One of them: what it changes in all, its actions and how far each is, what is said of it.
std::string RenderProposal(const plan::Proposal& plan, base::Time now, ColorMode color);

// "waits for approval", "carried out": where it is, in a few words.
std::string StateText(const plan::Proposal& plan);

// Running pods that it restarts.
std::size_t Disturbed(const plan::Proposal& plan);

}  // namespace tangram::report
