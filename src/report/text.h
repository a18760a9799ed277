// The report for a terminal: at most 100 columns, pleasant to read.
#pragma once

#include <string>

#include "cluster/snapshot.h"
#include "plan/leaks/leaks.h"
#include "report/table.h"

namespace tangram::report {

struct TextOptions {
  ColorMode color = ColorMode::kPlain;
  enum class Width { kNormal, kWide } width = Width::kNormal;  // wide: every finding, no limit
  std::size_t most_findings = 12;                              // groups, in the normal form
  std::size_t most_groups = 6;
};

std::string RenderText(const cluster::Snapshot& snapshot, const plan::Findings& findings,
                       const TextOptions& options);

}  // namespace tangram::report
