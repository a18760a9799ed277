#include "cli/cli.h"

#include <cstdlib>
#include <exception>
#include <optional>
#include <ostream>

#include "base/text.h"
#include "cli/command.h"

namespace tangram::cli {
namespace {

constexpr std::string_view kVersion = TANGRAM_VERSION;

int Fail(const base::Error& error, Streams& streams) {
  Say(error.message, streams);
  return ExitCodeOf(error.code);
}

// What is wrong with the first argument, where it should be a command.
std::optional<std::string> WhyNoCommand(const CLI::App& app, const std::vector<std::string>& args) {
  if (args.size() > 1 && args[1].starts_with('-')) return std::nullopt;
  std::string names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (args.size() > 1 && command->get_name() == args[1]) return std::nullopt;
    names += (names.empty() ? "" : ", ") + command->get_name();
  }
  if (args.size() < 2) return "name a command: " + names;
  return "there is no command " + args[1] + "; the commands are " + names;
}

int BadUsage(std::string_view why, Streams& streams) {
  Say(why, streams);
  streams.err << "Run tangram --help, or tangram COMMAND --help.\n";
  return kBadInput;
}

// CLI11 throws to leave the parser; this is the one place that catches it.
int ParseAndRun(CLI::App& app, const std::vector<std::string>& args, const Action& action,
                Streams& streams) {
  if (const auto why = WhyNoCommand(app, args)) return BadUsage(*why, streams);
  std::vector<std::string> reversed(args.rbegin(), args.rend() - 1);  // without the program
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::Success& success) {
    return app.exit(success, streams.out, streams.err);
  } catch (const CLI::ParseError& error) {
    return BadUsage(error.what(), streams);
  }
  const auto done = action();
  streams.out.flush();
  if (!done) return Fail(done.error(), streams);
  if (!streams.out) {
    return Fail({base::ErrorCode::kUnavailable, "the output could not be written"}, streams);
  }
  return *done;
}

}  // namespace

ExitCode ExitCodeOf(base::ErrorCode code) {
  switch (code) {
    case base::ErrorCode::kInvalid:
    case base::ErrorCode::kNotFound:
      return kBadInput;
    case base::ErrorCode::kConflict:
    case base::ErrorCode::kExpired:
    case base::ErrorCode::kDenied:
    case base::ErrorCode::kUnavailable:
    case base::ErrorCode::kLater:
    case base::ErrorCode::kHardware:
      break;
  }
  return kDependency;
}

void Say(std::string_view message, Streams& streams) {
  streams.err << "tangram: ";
  for (const std::string_view line : base::Split(message, '\n')) {
    streams.err << report::Printable(line) << "\n";
  }
}

void ColorOption::AddTo(CLI::App& command) {
  command.add_flag("--no-color", off_, "No colour, also on a terminal; as NO_COLOR does");
}

report::ColorMode ColorOption::Mode(const Streams& streams) const {
  const char* no_color = std::getenv("NO_COLOR");
  const bool unwanted = off_ || (no_color != nullptr && *no_color != '\0');
  return streams.out_is_terminal && !unwanted ? report::ColorMode::kAnsi
                                              : report::ColorMode::kPlain;
}

int Run(const std::vector<std::string>& args, Streams& streams, const base::Clock& clock) {
  const Context context{streams, clock};
  CLI::App app(
      "Tangram stops GPU waste on Kubernetes: it shows the waste in dollars, plans for the "
      "whole cluster, and shows every change before making it.",
      "tangram");
  app.set_version_flag("--version", std::string(kVersion));
  app.require_subcommand(1);
  app.fallthrough(false);
  Action action;
  AddReport(app, context, action);
  AddPlan(app, context, action);
  AddExplain(app, context, action);
  AddApply(app, context, action);
  AddTop(app, context, action);
  AddSnapshot(app, context, action);
  AddLint(app, context, action);
  AddMig(app, context, action);
  AddImport(app, context, action);
  AddSchema(app, context, action);
  AddSimulate(app, context, action);
  AddController(app, context, action);
  AddAgent(app, context, action);
  try {
    return ParseAndRun(app, args, action, streams);
  } catch (const std::exception& error) {  // memory, or a fault of ours: never a crash
    return Fail({base::ErrorCode::kUnavailable, std::string("internal error: ") + error.what()},
                streams);
  }
}

}  // namespace tangram::cli
