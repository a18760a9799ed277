// The commands of `tangram`.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "base/clock.h"

namespace tangram::cli {

// Where a command reads and writes. Borrowed; results go to `out`, everything else to `err`.
struct Streams {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
};

// Exit codes: what scripts may rely on (docs/cli.md).
enum ExitCode : int {
  kDone = 0,          // done, nothing to do
  kFoundChanges = 1,  // `plan` found changes, `lint` found mistakes
  kBadInput = 2,      // bad usage or input
  kDependency = 3,    // the cluster or something it needs failed
};

// Runs the command that `args` names; args[0] is the program. Never throws. One thread.
int Run(const std::vector<std::string>& args, Streams& streams, const base::Clock& clock);

}  // namespace tangram::cli
