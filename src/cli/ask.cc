#include "cli/ask.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ostream>
#include <sstream>
#include <utility>
#include <vector>

#include "adapter/ask_controller.h"

namespace tangram::cli {
namespace {

// Without dashes, as CLI11 names them.
constexpr std::array<std::string_view, 7> kAsked = {"POD",     "namespace", "output",        "pool",
                                                    "without", "times",     "most-new-nodes"};
// These say how to ask.
constexpr std::array<std::string_view, 4> kAbout = {"kubeconfig", "context", "from", "no-color"};

// A controller that runs answers within a second.
constexpr std::chrono::seconds kPatience{5};
constexpr std::chrono::seconds kPatienceAsAsked{60};

template <class Names>
bool IsOneOf(const Names& names, const CLI::Option& option) {
  return std::find(names.begin(), names.end(), option.get_single_name()) != names.end();
}

// The innermost command that was named: of "explain pod", the options are those of "pod".
const CLI::App& InnermostOf(const CLI::App& command, std::vector<std::string>& words) {
  const auto below = command.get_subcommands();
  if (below.empty()) return command;
  words.push_back(below.front()->get_name());
  return InnermostOf(*below.front(), words);
}

void AddWords(const CLI::Option& option, std::vector<std::string>& words) {
  const std::string& name = option.get_single_name();
  for (const std::string& value : option.results()) {
    if (option.get_positional()) {
      words.push_back(value);
    } else if (option.get_expected_max() == 0) {
      words.push_back("--" + name);
    } else {
      words.push_back(fmt::format("--{}={}", name, value));
    }
  }
}

// The first option that the controller does not take; nothing: it takes all, and `words` has them.
std::optional<std::string> TakeWords(const CLI::App& given, std::vector<std::string>& words) {
  for (const CLI::Option* option : InnermostOf(given, words).get_options()) {
    if (option->count() == 0 || IsOneOf(kAbout, *option)) continue;
    if (!IsOneOf(kAsked, *option)) return option->get_name();
    AddWords(*option, words);
  }
  return std::nullopt;
}

base::Error CannotAsk(std::string_view why) {
  return {base::ErrorCode::kInvalid, fmt::format("--from controller: {}", why)};
}

void RemoveOthers(CLI::App& command) {
  for (CLI::Option* option : command.get_options()) {
    if (!IsOneOf(kAsked, *option)) command.remove_option(option);
  }
  for (CLI::App* below : command.get_subcommands([](const CLI::App*) { return true; })) {
    RemoveOthers(*below);
  }
}

}  // namespace

void FromOption::AddTo(CLI::App& command) {
  command
      .add_option("--from", from,
                  "Who works it out: controller, which has the cluster in memory; cluster: here, "
                  "from what the API server lists; auto: the controller where one answers")
      ->check(CLI::IsMember({"auto", "controller", "cluster"}))
      ->capture_default_str();
}

base::Result<std::optional<ExitCode>> AskController(const Asking& asking, const Context& context) {
  const bool must = asking.from.from == "controller";
  if (context.at_hand != nullptr || asking.from.from == "cluster") return std::nullopt;
  adapter::ViewQuestion question{.command = asking.command};
  if (const auto other = TakeWords(asking.given, question.arguments)) {
    if (!must) return std::nullopt;
    return tl::unexpected(CannotAsk("it goes by its own data and options; leave out " + *other));
  }
  question.terminal = asking.color.Mode(context.streams) == report::ColorMode::kAnsi;
  kube::ConfigSources cluster;
  cluster.kubeconfig = asking.source.kubeconfig;
  cluster.context = asking.source.kube_context;
  const auto answer =
      adapter::AskController(cluster, std::move(question), must ? kPatienceAsAsked : kPatience);
  if (!answer && must) return base::Wrap(answer.error(), "--from controller");
  if (!answer && answer.error().code == base::ErrorCode::kLater) {
    Say("no controller answers; the cluster is read", context.streams);
  }
  if (answer && answer->refused && must) return tl::unexpected(CannotAsk(answer->messages));
  if (!answer || answer->refused) return std::nullopt;
  context.streams.err << answer->messages;
  context.streams.out << answer->output;
  return static_cast<ExitCode>(answer->exit_code);
}

adapter::ViewAnswer AnswerFrom(PooledSnapshot seen, const adapter::ViewQuestion& question,
                               const base::Clock& clock) {
  seen.snapshot.cluster = question.cluster;
  adapter::ViewAnswer answer{.taken_at = seen.snapshot.taken_at};
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  Streams streams{in, out, err};
  streams.out_is_terminal = question.terminal;
  const Context context{streams, clock, &seen};
  CLI::App app;
  Action action;
  const bool explain = question.command == adapter::ViewCommand::kExplain;
  explain ? AddExplain(app, context, action) : AddPlan(app, context, action);
  RemoveOthers(app);
  std::vector<std::string> words(question.arguments.rbegin(), question.arguments.rend());
  words.emplace_back(explain ? "explain" : "plan");
  try {
    app.parse(std::move(words));
    const auto done = action();
    if (!done) Say(done.error().message, streams);
    answer.exit_code = done ? *done : ExitCodeOf(done.error().code);
  } catch (const std::exception& error) {  // of the parser, or a fault of ours
    answer.refused = true;
    err << error.what() << '\n';
  }
  answer.output = out.str();
  answer.messages = err.str();
  return answer;
}

}  // namespace tangram::cli
