// Why a pod is where it is or why it waits, for people.
#pragma once

#include <string>
#include <vector>

#include "cluster/snapshot.h"
#include "plan/explain.h"
#include "report/table.h"

namespace tangram::report {

// A few plain sentences with the numbers, the most important first. Names in them are as the
// cluster has them: whoever prints them makes them printable.
std::vector<std::string> Sentences(const cluster::Snapshot& snapshot,
                                   const plan::Explanation& told);

// The sentences on lines of at most 100 columns.
std::string RenderExplanation(const cluster::Snapshot& snapshot, const plan::Explanation& told,
                              ColorMode color);

}  // namespace tangram::report
