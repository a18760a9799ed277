// tangram schema: the JSON Schemas of what tangram writes and reads.
#include <algorithm>
#include <array>
#include <memory>
#include <ostream>
#include <utility>

#include "cli/command.h"
#include "cluster/file_form.h"

namespace tangram::cli {
namespace {

constexpr std::string_view kReportSchema =
#include "report_schema.inc"
    ;
constexpr std::string_view kPlanSchema =
#include "plan_schema.inc"
    ;
constexpr std::string_view kExplainSchema =
#include "explain_schema.inc"
    ;
constexpr std::string_view kTopSchema =
#include "top_schema.inc"
    ;
constexpr std::string_view kGpuPoolSchema =
#include "gpupool_schema.inc"
    ;
constexpr std::string_view kGpuClassSchema =
#include "gpuclass_schema.inc"
    ;
constexpr std::string_view kMigPackSchema =
#include "mig_pack_schema.inc"
    ;
constexpr std::string_view kSimulateSchema =
#include "simulate_schema.inc"
    ;
constexpr std::string_view kAgentSchema =
#include "agent_schema.inc"
    ;

// What commands write, and the objects that people write; the schema of a snapshot is made from the
// list of its fields.
constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kSchemas = {
    {{"report", kReportSchema},
     {"plan", kPlanSchema},
     {"explain", kExplainSchema},
     {"top", kTopSchema},
     {"mig-pack", kMigPackSchema},
     {"simulate", kSimulateSchema},
     {"agent", kAgentSchema},
     {"gpuclass", kGpuClassSchema},
     {"gpupool", kGpuPoolSchema}}};

base::Result<ExitCode> PrintSchema(const std::string& of, const Context& context) {
  const auto schema = std::find_if(kSchemas.begin(), kSchemas.end(),
                                   [&](const auto& known) { return known.first == of; });
  if (schema == kSchemas.end()) {
    context.streams.out << cluster::SnapshotSchema();
  } else {
    context.streams.out << schema->second;
  }
  return kDone;
}

}  // namespace

void AddSchema(CLI::App& app, const Context& context, Action& action) {
  auto what = std::make_shared<std::string>("snapshot");
  std::vector<std::string> names = {"snapshot"};
  for (const auto& [name, text] : kSchemas) names.emplace_back(name);
  CLI::App* command = app.add_subcommand(
      "schema",
      "Print the JSON Schema of a snapshot, of what a command writes as JSON, or of "
      "a GpuClass or GpuPool");
  command
      ->add_option(
          "WHAT", *what,
          "snapshot, report, plan, explain, top, mig-pack, simulate, agent, gpuclass or gpupool")
      ->check(CLI::IsMember(names))
      ->capture_default_str();
  command->callback([what, &context, &action] {
    action = [what, &context] { return PrintSchema(*what, context); };
  });
}

}  // namespace tangram::cli
