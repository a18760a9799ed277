// tangram schema: the JSON Schema of what tangram writes.
#include <memory>
#include <ostream>

#include "cli/command.h"
#include "cluster/file_form.h"

namespace tangram::cli {

void AddSchema(CLI::App& app, const Context& context, Action& action) {
  CLI::App* command = app.add_subcommand("schema", "Print the JSON Schema of a snapshot");
  command->callback([&context, &action] {
    action = [&context]() -> base::Result<ExitCode> {
      context.streams.out << cluster::SnapshotSchema();
      return kDone;
    };
  });
}

}  // namespace tangram::cli
