// Questions to the controller, which has the cluster in memory (docs/views.md): both ends.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "adapter/view_request.h"
#include "base/result.h"
#include "cli/command.h"

namespace tangram::cli {

// Who works out what a command shows: "auto", "controller" or "cluster", as an option.
struct FromOption {
  std::string from = "auto";
  void AddTo(CLI::App& command);
};

struct Asking {
  adapter::ViewCommand command{};
  const CLI::App& given;  // what was on the command line
  const FromOption& from;
  const SourceOptions& source;
  const ColorOption& color;
};
// Shows what the controller answers, and returns its exit code. Nothing: it is to be worked out
// here, since that was asked for, or an option needs it, or no controller answers.
base::Result<std::optional<ExitCode>> AskController(const Asking& asking, const Context& context);

// The other end: what the command shows of `seen`. Only options that say what to show are taken:
// none names a file, and none changes what the controller plans by.
adapter::ViewAnswer AnswerFrom(PooledSnapshot seen, const adapter::ViewQuestion& question,
                               const base::Clock& clock);

}  // namespace tangram::cli
