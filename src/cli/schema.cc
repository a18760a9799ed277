// tangram schema: the JSON Schema of what tangram writes.
#include <memory>
#include <ostream>

#include "cli/command.h"
#include "cluster/file_form.h"

namespace tangram::cli {
namespace {

constexpr std::string_view kReportSchema =
#include "report_schema.inc"
    ;

base::Result<ExitCode> PrintSchema(const std::string& of, const Context& context) {
  if (of == "report") {
    context.streams.out << kReportSchema;
  } else {
    context.streams.out << cluster::SnapshotSchema();
  }
  return kDone;
}

}  // namespace

void AddSchema(CLI::App& app, const Context& context, Action& action) {
  auto what = std::make_shared<std::string>("snapshot");
  CLI::App* command =
      app.add_subcommand("schema", "Print the JSON Schema of a snapshot or of the JSON report");
  command->add_option("WHAT", *what, "snapshot or report")
      ->check(CLI::IsMember({"snapshot", "report"}))
      ->capture_default_str();
  command->callback([what, &context, &action] {
    action = [what, &context] { return PrintSchema(*what, context); };
  });
}

}  // namespace tangram::cli
