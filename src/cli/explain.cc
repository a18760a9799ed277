// tangram explain pod: why a pod is where it is, or why it waits.
#include "plan/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <ostream>

#include "base/nearest.h"
#include "cli/ask.h"
#include "cli/command.h"
#include "report/explain_json.h"
#include "report/explain_text.h"
#include "report/json.h"

namespace tangram::cli {
namespace {

struct ExplainOptions {
  SourceOptions source;
  std::string policy;
  std::string pod;  // NAME or NAMESPACE/NAME
  std::string ns;
  std::string output = "text";
  ColorOption color;
  FromOption from;
};

struct PodAsked {
  std::string ns;  // empty: whichever has a pod of that name
  std::string name;
};

base::Result<PodAsked> ParsePod(const ExplainOptions& options) {
  const std::size_t slash = options.pod.find('/');
  PodAsked asked{options.ns, options.pod};
  if (slash != std::string::npos) {
    asked = {options.pod.substr(0, slash), options.pod.substr(slash + 1)};
  }
  const bool twice = slash != std::string::npos && !options.ns.empty() && asked.ns != options.ns;
  const bool one_slash = slash == std::string::npos || asked.name.find('/') == std::string::npos;
  if (asked.name.empty() || (slash != std::string::npos && asked.ns.empty()) || !one_slash) {
    return base::Fail(base::ErrorCode::kInvalid,
                      fmt::format("found \"{}\"; write NAMESPACE/NAME or NAME", options.pod));
  }
  if (twice) {
    return base::Fail(base::ErrorCode::kInvalid,
                      fmt::format("the pod is of namespace {}, and --namespace says {}; write one "
                                  "of them",
                                  asked.ns, options.ns));
  }
  return asked;
}

std::string TextOf(const PodAsked& asked) {
  return asked.ns.empty() ? asked.name : asked.ns + "/" + asked.name;
}

// Names are compared with those of the namespace that was asked for, where it has any.
base::Error NoSuchPod(const cluster::Snapshot& snapshot, const PodAsked& asked) {
  std::vector<std::string> same;  // under that name elsewhere
  std::vector<std::string> names;
  for (const cluster::Pod& pod : snapshot.pods) {
    if (pod.name == asked.name) same.push_back(pod.ns + "/" + pod.name);
    if (asked.ns.empty() || pod.ns == asked.ns) names.push_back(pod.ns + "/" + pod.name);
  }
  std::string message = fmt::format("there is no pod {}", TextOf(asked));
  if (!asked.ns.empty() && names.empty()) {
    message += fmt::format(", nor any other in namespace {}", asked.ns);
  }
  constexpr std::size_t kMost = 3;
  if (same.size() > kMost) same.resize(kMost);
  std::vector<std::string> near = same;
  if (near.empty()) {
    // A pod is often asked for by its workload's name: what begins like that is near as well.
    for (const std::string& name : names) {
      const std::string_view bare = std::string_view(name).substr(name.find('/') + 1);
      if (near.size() < kMost && bare.starts_with(asked.name)) near.push_back(name);
    }
  }
  if (near.empty()) {
    const std::string whole = asked.ns.empty() ? "default/" + asked.name : TextOf(asked);
    near = base::Nearest(whole, names, {.most = 1 + whole.size() / 4, .count = kMost});
  }
  if (!near.empty()) message += fmt::format("; did you mean {}?", base::OneOf(near));
  return {base::ErrorCode::kNotFound, message};
}

base::Result<const cluster::Pod*> FindPod(const cluster::Snapshot& snapshot,
                                          const PodAsked& asked) {
  std::vector<const cluster::Pod*> found;
  for (const cluster::Pod& pod : snapshot.pods) {
    if (pod.name == asked.name && (asked.ns.empty() || pod.ns == asked.ns)) found.push_back(&pod);
  }
  if (found.empty()) return tl::unexpected(NoSuchPod(snapshot, asked));
  if (found.size() == 1) return found.front();
  std::vector<std::string> spaces;
  for (const cluster::Pod* pod : found) spaces.push_back(pod->ns);
  if (spaces.size() > 5) spaces.resize(5);
  return base::Fail(base::ErrorCode::kInvalid,
                    fmt::format("{} pods are named {}; say which with -n: {}", found.size(),
                                asked.name, base::OneOf(spaces)));
}

base::Result<ExitCode> ExplainPod(const ExplainOptions& options, const CLI::App& given,
                                  const Context& context) {
  const auto asked = ParsePod(options);
  if (!asked) return tl::unexpected(asked.error());
  const auto answered = AskController(
      {adapter::ViewCommand::kExplain, given, options.from, options.source, options.color},
      context);
  if (!answered) return tl::unexpected(answered.error());
  if (*answered) return **answered;
  const auto loaded = LoadWithPools({options.policy, options.source}, {}, context);
  if (!loaded) return tl::unexpected(loaded.error());
  const auto& [policy, snapshot] = *loaded;
  const auto pod = FindPod(snapshot, *asked);
  if (!pod) return tl::unexpected(pod.error());
  const plan::Explanation told = plan::Explain(snapshot, policy, **pod);
  if (options.output == "text") {
    context.streams.out << report::RenderExplanation(snapshot, told,
                                                     options.color.Mode(context.streams));
    return kDone;
  }
  const auto shown =
      ShowJson(report::RenderExplanationJson(snapshot, told), options.output, context.streams);
  if (!shown) return tl::unexpected(shown.error());
  return kDone;
}

}  // namespace

void AddExplain(CLI::App& app, const Context& context, Action& action) {
  auto options = std::make_shared<ExplainOptions>();
  CLI::App* explain =
      app.add_subcommand("explain", "Say why a pod is where it is, or why it waits");
  explain->require_subcommand(1);
  CLI::App* command =
      explain->add_subcommand("pod", "A few plain sentences about one pod, with the numbers");
  command->add_option("POD", options->pod, "NAMESPACE/NAME, or NAME where only one pod has it")
      ->required();
  command->add_option("-n,--namespace", options->ns, "Its namespace");
  AddSourceOptions(*command, options->source);
  command->add_option("--policy", options->policy,
                      "A file of GpuPools (docs/pools.md); without it, those of the cluster");
  command->add_option("-o,--output", options->output, "text, json or yaml")
      ->check(CLI::IsMember({"text", "json", "yaml"}))
      ->capture_default_str();
  options->from.AddTo(*command);
  options->color.AddTo(*command);
  command->callback([options, explain, &context, &action] {
    action = [options, explain, &context] { return ExplainPod(*options, *explain, context); };
  });
}

}  // namespace tangram::cli
