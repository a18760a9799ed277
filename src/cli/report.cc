// tangram report: where the GPU money goes.
#include <algorithm>
#include <memory>
#include <ostream>

#include "cli/command.h"
#include "cluster/file_form.h"
#include "plan/leaks/leaks.h"
#include "report/html.h"
#include "report/json.h"
#include "report/text.h"

namespace tangram::cli {
namespace {

struct ReportOptions {
  SourceOptions source;
  std::string output = "table";
  std::string html;
  std::string save_snapshot;
  std::string only_namespace;
  std::string team_label = "team";
  ColorOption color;
};

base::Result<std::string> Render(const cluster::Snapshot& snapshot, const plan::Findings& findings,
                                 const ReportOptions& options, const Context& context) {
  if (options.output == "json") return report::RenderJson(snapshot, findings);
  if (options.output == "yaml") return report::JsonToYaml(report::RenderJson(snapshot, findings));
  report::TextOptions text;
  if (options.output == "wide") text.width = report::TextOptions::Width::kWide;
  text.color = options.color.Mode(context.streams);
  return report::RenderText(snapshot, findings, text);
}

// An empty report of a namespace that is spelled wrong would look like good news.
void WarnOfNamespace(const std::string& name, const cluster::Snapshot& snapshot, Streams& streams) {
  const bool known = std::any_of(snapshot.pods.begin(), snapshot.pods.end(),
                                 [&](const cluster::Pod& pod) { return pod.ns == name; });
  if (name.empty() || known) return;
  Say("no pod that was read is in namespace " + name + "; the report is empty", streams);
}

base::Result<ExitCode> Report(const ReportOptions& options, const Context& context) {
  const auto snapshot = LoadSnapshot(options.source, context);
  if (!snapshot) return tl::unexpected(snapshot.error());
  WarnOfNamespace(options.only_namespace, *snapshot, context.streams);
  plan::LeakPolicy policy;
  policy.team_label = options.team_label;
  policy.only_namespace = options.only_namespace;
  const plan::Findings findings = plan::FindLeaks(*snapshot, policy);

  const auto text = Render(*snapshot, findings, options, context);
  if (!text) return tl::unexpected(text.error());
  context.streams.out << *text;
  if (!options.save_snapshot.empty()) {
    const auto saved =
        WriteText(options.save_snapshot, cluster::WriteSnapshot(*snapshot), context.streams.out);
    if (!saved) return tl::unexpected(saved.error());
    context.streams.err << "wrote " << options.save_snapshot << "\n";
  }
  if (!options.html.empty()) {
    const std::string page = report::RenderHtml(report::RenderJson(*snapshot, findings));
    const auto written = WriteText(options.html, page, context.streams.out);
    if (!written) return tl::unexpected(written.error());
    context.streams.err << "wrote " << options.html << "\n";
  }
  return kDone;
}

}  // namespace

void AddReport(CLI::App& app, const Context& context, Action& action) {
  auto options = std::make_shared<ReportOptions>();
  CLI::App* command = app.add_subcommand(
      "report", "Show where the GPU money goes: four leaks, in dollars, with the fix for each");
  AddSourceOptions(*command, options->source);
  command->add_option("-o,--output", options->output, "table, wide, json or yaml")
      ->check(CLI::IsMember({"table", "wide", "json", "yaml"}))
      ->capture_default_str();
  command->add_option("--html", options->html, "Also write one self-contained page to this file");
  command->add_option("--save-snapshot", options->save_snapshot,
                      "Also write what the report was made from to this file");
  command->add_option("-n,--namespace", options->only_namespace,
                      "Only what pods of this namespace hold");
  command
      ->add_option("--team-label", options->team_label,
                   "The label of pods or namespaces that names the team")
      ->capture_default_str();
  options->color.AddTo(*command);
  command->callback([options, &context, &action] {
    action = [options, &context] { return Report(*options, context); };
  });
}

}  // namespace tangram::cli
