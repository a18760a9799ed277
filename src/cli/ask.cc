#include "cli/ask.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ostream>
#include <sstream>
#include <utility>
#include <vector>

#include "base/text.h"

namespace tangram::cli {
namespace {

// Without dashes, as CLI11 names them.
constexpr std::array<std::string_view, 10> kAsked = {
    "POD",   "namespace",      "output", "pool",    "without",
    "times", "most-new-nodes", "sort",   "columns", "lines"};
// These say how to ask.
constexpr std::array<std::string_view, 6> kAbout = {"kubeconfig", "context", "from",
                                                    "no-color",   "once",    "interval"};

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

kube::ConfigSources ClusterOf(const SourceOptions& source) {
  kube::ConfigSources cluster;
  cluster.kubeconfig = source.kubeconfig;
  cluster.context = source.kube_context;
  return cluster;
}

base::Error CannotAsk(std::string_view why) {
  return {base::ErrorCode::kInvalid, fmt::format("--from controller: {}", why)};
}

// Its word.
std::string_view Add(adapter::ViewCommand command, CLI::App& app, const Context& context,
                     Action& action) {
  switch (command) {
    case adapter::ViewCommand::kExplain:
      AddExplain(app, context, action);
      return "explain";
    case adapter::ViewCommand::kPlan:
      AddPlan(app, context, action);
      return "plan";
    case adapter::ViewCommand::kTop:
      AddTop(app, context, action);
      return "top";
  }
  return "";
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

base::Result<std::optional<adapter::ViewAnswer>> AnswerOfController(
    const Asking& asking, const Context& context, const std::vector<std::string>& more) {
  const bool must = asking.from.from == "controller";
  if (context.at_hand != nullptr || asking.from.from == "cluster") return std::nullopt;
  adapter::ViewQuestion question{.command = asking.command};
  if (const auto other = TakeWords(asking.given, question.arguments)) {
    if (!must) return std::nullopt;
    return tl::unexpected(CannotAsk("it goes by its own data and options; leave out " + *other));
  }
  question.arguments.insert(question.arguments.end(), more.begin(), more.end());
  question.terminal = asking.color.Mode(context.streams) == report::ColorMode::kAnsi;
  auto link = adapter::ControllerLink::Open(ClusterOf(asking.source));
  if (!link && must) return base::Wrap(link.error(), "--from controller");
  if (!link) return std::nullopt;  // reading the cluster fails likewise, and says so
  auto answer = link->Ask(std::move(question), must ? kPatienceAsAsked : kPatience);
  if (!answer && must) return base::Wrap(answer.error(), "--from controller");
  if (!answer && answer.error().code == base::ErrorCode::kLater) {
    Say("no controller answers; the cluster is read", context.streams);
  }
  if (answer && answer->refused && must) return tl::unexpected(CannotAsk(answer->messages));
  if (!answer || answer->refused) return std::nullopt;
  return *std::move(answer);
}

base::Result<std::optional<ExitCode>> AskController(const Asking& asking, const Context& context) {
  const auto answer = AnswerOfController(asking, context);
  if (!answer) return tl::unexpected(answer.error());
  if (!*answer) return std::nullopt;
  context.streams.err << (*answer)->messages;
  context.streams.out << (*answer)->output;
  return static_cast<ExitCode>((*answer)->exit_code);
}

Asker::Asker(const Asking& asking, const Streams& streams)
    : cluster_(ClusterOf(asking.source)), question_{.command = asking.command} {
  TakeWords(asking.given, question_.arguments);
  question_.terminal = asking.color.Mode(streams) == report::ColorMode::kAnsi;
}

base::Result<std::string> Asker::Ask(const std::vector<std::string>& more) {
  if (!link_) {
    auto link = adapter::ControllerLink::Open(cluster_);
    if (!link) return tl::unexpected(link.error());
    link_ = *std::move(link);
  }
  adapter::ViewQuestion question = question_;
  question.arguments.insert(question.arguments.end(), more.begin(), more.end());
  auto answer = link_->Ask(std::move(question), kPatience);
  if (!answer) return tl::unexpected(answer.error());
  if (answer->refused || answer->exit_code != 0) {
    return tl::unexpected(
        base::Error{base::ErrorCode::kUnavailable, std::string(base::Trim(answer->messages))});
  }
  return std::move(answer->output);
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
  const std::string_view command = Add(question.command, app, context, action);
  RemoveOthers(app);
  std::vector<std::string> words(question.arguments.rbegin(), question.arguments.rend());
  words.emplace_back(command);
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
