#include "cli/cli.h"

#include <exception>
#include <ostream>

#include "cli/command.h"

namespace tangram::cli {
namespace {

constexpr std::string_view kVersion = TANGRAM_VERSION;

int Fail(const base::Error& error, Streams& streams) {
  streams.err << "tangram: " << error.message << "\n";
  return ExitCodeOf(error.code);
}

// CLI11 throws to leave the parser; this is the one place that catches it.
int ParseAndRun(CLI::App& app, const std::vector<std::string>& args, const Action& action,
                Streams& streams) {
  std::vector<std::string> reversed(args.rbegin(), args.rend() - 1);
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::Success& success) {
    return app.exit(success, streams.out, streams.err);
  } catch (const CLI::ParseError& error) {
    streams.err << "tangram: " << error.what()
                << "\nRun tangram --help, or tangram COMMAND --help.\n";
    return kBadInput;
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
    case base::ErrorCode::kHardware:
      break;
  }
  return kDependency;
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
  AddSnapshot(app, context, action);
  AddLint(app, context, action);
  AddImport(app, context, action);
  AddSchema(app, context, action);
  try {
    return ParseAndRun(app, args, action, streams);
  } catch (const std::exception& error) {  // memory, or a fault of ours: never a crash
    return Fail({base::ErrorCode::kUnavailable, std::string("internal error: ") + error.what()},
                streams);
  }
}

}  // namespace tangram::cli
