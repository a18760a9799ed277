// What the actions of a plan say, on screen and in JSON.
#pragma once

#include <string>
#include <string_view>

#include "plan/plan.h"
#include "plan/proposal.h"

namespace tangram::report {

// JSON spellings: "PlacePod", "GiveBack".
std::string_view Name(const plan::Change& change);

std::string_view Name(plan::Mode mode);                  // "Recommend"
std::string_view Name(plan::ActionRecord::State state);  // "Skipped"

// "place", "give back".
std::string_view Verb(const plan::Change& change);
// '+' something comes, '-' something goes, '~' something changes.
char Sign(const plan::Change& change);

// "whole" or "3g.20gb 2g.10gb 1g.5gb x2".
std::string LayoutText(const std::vector<plan::PlacedInstance>& layout);

// A node of it: where a pod goes to, what is changed, added or given back.
const std::string& NodeOf(const plan::Change& change);
// The pod of it; nullptr: it is about a node.
const plan::PodName* PodOf(const plan::Change& change);

// Whether a pod goes to a node by it.
bool GoesToNode(const plan::Change& change);

// "10.0 of 40.0 GiB": the part that is its own.
std::string MemoryText(const plan::MemoryShare& share);

// What it costs more (below 0: saves) an hour; nothing where the price is unknown or stays.
std::optional<base::MicroUsdPerHour> RateChange(const plan::Action& action);

}  // namespace tangram::report
