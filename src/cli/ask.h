// Questions to the controller, which has the cluster in memory (docs/views.md): both ends.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "adapter/ask_controller.h"
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
// What the controller answers. Nothing: it is to be worked out here, since that was asked for, or
// an option needs it, or no controller answers. `more`: as Asker's.
base::Result<std::optional<adapter::ViewAnswer>> AnswerOfController(
    const Asking& asking, const Context& context, const std::vector<std::string>& more = {});
// The same, shown; its exit code.
base::Result<std::optional<ExitCode>> AskController(const Asking& asking, const Context& context);

// A question that is asked again and again, by one link. `asking` was answered once.
class Asker {
 public:
  Asker(const Asking& asking, const Streams& streams);

  // With `more` words, which win over the same options on the command line. Blocks. An error:
  // nobody answered, or why it is refused.
  base::Result<std::string> Ask(const std::vector<std::string>& more);

 private:
  kube::ConfigSources cluster_;
  adapter::ViewQuestion question_;
  std::optional<adapter::ControllerLink> link_;  // once it was asked: on the thread that asks
};

// The other end: what the command shows of `seen`. Only options that say what to show are taken:
// none names a file, and none changes what the controller plans by.
adapter::ViewAnswer AnswerFrom(PooledSnapshot seen, const adapter::ViewQuestion& question,
                               const base::Clock& clock);

}  // namespace tangram::cli
