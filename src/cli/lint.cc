// tangram lint: GPU mistakes in manifests.
#include "lint/lint.h"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/text.h"
#include "cli/command.h"
#include "report/table.h"

namespace tangram::cli {
namespace {

struct LintOptions {
  std::vector<std::string> files;
  std::string output = "text";
  ColorOption color;
};

nlohmann::ordered_json ToJson(const lint::Finding& finding) {
  return {{"rule", finding.rule},
          {"severity", lint::NameOf(finding.severity)},
          {"file", finding.file},
          {"document", finding.document},
          {"line", finding.line},
          {"object", finding.object},
          {"field", finding.field},
          {"found", finding.found},
          {"message", finding.message},
          {"fix", finding.fix},
          {"correctedYaml", finding.corrected_yaml}};
}

std::string RenderJson(const std::vector<lint::Finding>& findings) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const lint::Finding& finding : findings) list.push_back(ToJson(finding));
  const nlohmann::ordered_json all = {
      {"format", "tangram-lint"}, {"version", 1}, {"findings", std::move(list)}};
  return all.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string Indented(std::string_view text) {
  std::string out;
  for (const std::string_view line : base::Split(base::Trim(text), '\n')) {
    out += "      " + report::Printable(line) + "\n";
  }
  return out;
}

std::string RenderText(const std::vector<lint::Finding>& findings, report::ColorMode mode) {
  std::string out;
  for (const lint::Finding& finding : findings) {
    const bool error = finding.severity == lint::Severity::kError;
    const std::string severity =
        report::Paint(std::string(lint::NameOf(finding.severity)),
                      error ? report::Color::kRed : report::Color::kYellow, mode);
    out += fmt::format("{}:{}: {}: {} [{}]\n", report::Printable(finding.file), finding.line,
                       severity, report::Printable(finding.message), finding.rule);
    out += fmt::format("    {} · {}: found {}\n", report::Printable(finding.object),
                       report::Printable(finding.field), report::Printable(finding.found));
    out += "    fix: " + report::Printable(finding.fix) + "\n";
    if (!finding.corrected_yaml.empty()) {
      out += report::Paint(Indented(finding.corrected_yaml), report::Color::kGreen, mode);
    }
    out += "\n";
  }
  return out;
}

std::string Counted(std::size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

base::Result<ExitCode> Lint(const LintOptions& options, const Context& context) {
  std::vector<lint::Finding> all;
  for (const std::string& file : options.files) {
    const auto text = ReadText(file, context.streams.in);
    if (!text) return tl::unexpected(text.error());
    auto findings = lint::Lint(file, *text);
    if (!findings) return tl::unexpected(findings.error());
    all.insert(all.end(), findings->begin(), findings->end());
  }
  if (options.output == "json") {
    context.streams.out << RenderJson(all);
  } else {
    context.streams.out << RenderText(all, options.color.Mode(context.streams));
    context.streams.err << Counted(options.files.size(), "file") << ", "
                        << Counted(all.size(), "finding") << "\n";
  }
  return all.empty() ? kDone : kFoundChanges;
}

}  // namespace

void AddLint(CLI::App& app, const Context& context, Action& action) {
  auto options = std::make_shared<LintOptions>();
  CLI::App* command =
      app.add_subcommand("lint", "Find GPU mistakes in manifests, with the corrected YAML");
  command->add_option("FILE", options->files, "YAML or JSON files; - is standard input")
      ->required();
  command->add_option("-o,--output", options->output, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  options->color.AddTo(*command);
  command->callback([options, &context, &action] {
    action = [options, &context] { return Lint(*options, context); };
  });
}

}  // namespace tangram::cli
