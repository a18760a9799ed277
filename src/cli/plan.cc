// tangram plan: what to change, before anything is changed.
#include "plan/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <ostream>
#include <utility>

#include "base/clock.h"
#include "cli/command.h"
#include "gpu/gpu.h"
#include "plan/validate.h"
#include "pool/read_pools.h"
#include "report/html.h"
#include "report/json.h"
#include "report/plan_json.h"
#include "report/plan_text.h"
#include "report/words.h"

namespace tangram::cli {
namespace {

struct PlanOptions {
  SourceOptions source;
  std::string output = "table";
  std::string moves = "none";
  std::string mig = "agent";
  int most_replicas = plan::NodePolicy().most_replicas;
  int most_new_nodes = plan::PlanPolicy().most_new_nodes;
  int keep_empty = 0;
  bool preempt = false;
  bool resize = false;
  bool stop_idle = false;
  std::vector<std::string> without;
  bool times = false;
  std::string policy;  // a file of GpuPools
  ColorOption color;
};

constexpr std::array<std::pair<std::string_view, plan::Moves>, 3> kMoves = {
    {{"none", plan::Moves::kNone},
     {"replicated", plan::Moves::kReplicated},
     {"controlled", plan::Moves::kControlled}}};
constexpr std::array<std::pair<std::string_view, plan::MigBackend>, 3> kBackends = {
    {{"agent", plan::MigBackend::kAgent},
     {"mig-manager", plan::MigBackend::kMigManager},
     {"none", plan::MigBackend::kNone}}};

template <class Names>
std::vector<std::string> WordsOf(const Names& names) {
  std::vector<std::string> words;
  for (const auto& [word, value] : names) words.emplace_back(word);
  return words;
}

// `word` is one of the names: the parser checked it.
template <class Names>
auto ValueOf(const Names& names, const std::string& word) {
  return std::find_if(names.begin(), names.end(),
                      [&](const auto& name) { return name.first == word; })
      ->second;
}

std::vector<std::string> PassNames() {
  std::vector<std::string> names;
  for (int pass = 0; pass < plan::kPasses; ++pass) {
    names.emplace_back(plan::NameOf(static_cast<plan::Pass>(pass)));
  }
  return names;
}

std::string SourceNameOf(const std::string& path) { return path == "-" ? "standard input" : path; }

// The pools of the file --policy; none without one.
base::Result<std::vector<plan::Pool>> PoolsOf(const PlanOptions& options,
                                              const plan::NodePolicy& defaults,
                                              const Context& context) {
  if (options.policy.empty()) return std::vector<plan::Pool>();
  if (options.policy == "-" && options.source.snapshot == "-") {
    return base::Fail(base::ErrorCode::kInvalid,
                      "--policy and --snapshot cannot both be standard input; name a file for one");
  }
  const auto text = ReadText(options.policy, context.streams.in);
  if (!text) return tl::unexpected(text.error());
  auto pools = pool::ReadPools(*text, defaults);
  if (!pools) {
    return base::Wrap(pools.error(), SourceNameOf(options.policy));
  }
  return pools;
}

// On `err`, what nobody should wonder about: a pool in which nothing happens.
void SayWhatPoolsDo(const plan::PlanPolicy& policy, const cluster::Snapshot& snapshot,
                    const Context& context) {
  for (const plan::Pool& pool : policy.pools) {
    const auto nodes = std::count_if(
        snapshot.nodes.begin(), snapshot.nodes.end(),
        [&](const cluster::Node& node) { return plan::PoolOf(policy, node) == &pool; });
    if (nodes == 0) {
      Say(fmt::format("GpuPool {} selects no node", pool.name), context.streams);
    } else if (pool.policy.mode == plan::Mode::kObserve) {
      Say(fmt::format("GpuPool {} is in mode Observe: its {} {} left as found", pool.name,
                      report::Thousands(nodes), nodes == 1 ? "node is" : "nodes are"),
          context.streams);
    }
  }
}

base::Result<plan::PlanPolicy> PolicyOf(const PlanOptions& options, const Context& context) {
  plan::PlanPolicy policy;
  policy.defaults.moves = ValueOf(kMoves, options.moves);
  policy.defaults.mig = ValueOf(kBackends, options.mig);
  policy.defaults.most_replicas = options.most_replicas;
  policy.most_new_nodes = options.most_new_nodes;
  policy.defaults.keep_empty = options.keep_empty;
  policy.defaults.preempt = options.preempt;
  policy.defaults.resize = options.resize;
  policy.defaults.stop_idle = options.stop_idle;
  for (const std::string& name : options.without) {
    policy.on.at(static_cast<std::size_t>(*plan::PassNamed(name))) = false;
  }
  auto pools = PoolsOf(options, policy.defaults, context);
  if (!pools) return tl::unexpected(pools.error());
  policy.pools = *std::move(pools);
  return policy;
}

// The plan, and on `err` how long each pass took where that is asked for.
plan::Plan TimedPlan(const cluster::Snapshot& snapshot, const plan::PlanPolicy& policy,
                     const PlanOptions& options, const Context& context) {
  auto last = base::MonotonicNow();
  return plan::MakePlan(snapshot, policy, [&](plan::Pass pass) {
    const std::chrono::duration<double, std::milli> took = base::MonotonicNow() - last;
    last = base::MonotonicNow();
    if (options.times) {
      context.streams.err << fmt::format("{:<12} {:9.1f} ms\n", plan::NameOf(pass), took.count());
    }
  });
}

base::Result<ExitCode> MakeAndShow(const PlanOptions& options, const Context& context) {
  const auto policy = PolicyOf(options, context);
  if (!policy) return tl::unexpected(policy.error());
  const auto snapshot = LoadSnapshot(options.source, context);
  if (!snapshot) return tl::unexpected(snapshot.error());
  if (const auto pools = plan::CheckPools(*policy, *snapshot); !pools) {
    return base::Wrap(pools.error(), SourceNameOf(options.policy));
  }
  SayWhatPoolsDo(*policy, *snapshot, context);
  const plan::Plan plan = TimedPlan(*snapshot, *policy, options, context);
  const auto wrong = plan::Validate(plan, *snapshot, *policy);
  if (!wrong.empty()) {
    return base::Fail(
        base::ErrorCode::kUnavailable,
        fmt::format("the plan contradicts the snapshot and is not shown: {}; this is "
                    "a fault of tangram, please report it with the snapshot (tangram snapshot)",
                    fmt::join(wrong, "; ")));
  }
  if (options.output == "json") {
    context.streams.out << report::RenderPlanJson(*snapshot, plan);
  } else if (options.output == "yaml") {
    const auto yaml = report::JsonToYaml(report::RenderPlanJson(*snapshot, plan));
    if (!yaml) return tl::unexpected(yaml.error());
    context.streams.out << *yaml;
  } else if (options.output == "html") {
    context.streams.out << report::RenderPlanHtml(report::RenderPlanJson(*snapshot, plan));
  } else {
    report::TextOptions text;
    if (options.output == "wide") text.width = report::TextOptions::Width::kWide;
    text.color = options.color.Mode(context.streams);
    context.streams.out << report::RenderPlan(*snapshot, plan, text);
  }
  return plan.actions.empty() ? kDone : kFoundChanges;
}

}  // namespace

void AddPlan(CLI::App& app, const Context& context, Action& action) {
  auto options = std::make_shared<PlanOptions>();
  CLI::App* command = app.add_subcommand(
      "plan",
      "Show what to change: pods to place, cards to cut and share, nodes to add and give "
      "back; exits 1 where there is something to do");
  AddSourceOptions(*command, options->source);
  command->add_option("--policy", options->policy,
                      "A file of GpuPools: what may be done to which nodes (docs/pools.md); the "
                      "options below hold for all others, and for what a pool leaves out");
  command
      ->add_option("-o,--output", options->output,
                   "table, wide, json, yaml or html: one page, nothing loaded from outside")
      ->check(CLI::IsMember({"table", "wide", "json", "yaml", "html"}))
      ->capture_default_str();
  command
      ->add_option("--moves", options->moves,
                   "Running pods that may be moved: none, replicated (others like it run on) or "
                   "controlled (a controller makes it again)")
      ->check(CLI::IsMember(WordsOf(kMoves)))
      ->capture_default_str();
  command->add_flag("--preempt", options->preempt,
                    "Evict less urgent pods, by priority, where more urgent ones find no room");
  command->add_flag("--resize", options->resize,
                    "Give light workloads an instance or a share in place of the card, as the "
                    "report advises; their pods restart");
  command->add_flag("--stop-idle", options->stop_idle, "Stop pods that do nothing");
  command
      ->add_option("--mig", options->mig,
                   "Who changes layouts: agent (card by card), mig-manager (whole nodes) or none")
      ->check(CLI::IsMember(WordsOf(kBackends)))
      ->capture_default_str();
  command
      ->add_option("--most-replicas", options->most_replicas,
                   "Shares of a card at most; 1 shares no card")
      ->check(CLI::Range(1, gpu::kMaxTimeSlicingReplicas))
      ->capture_default_str();
  command->add_option("--most-new-nodes", options->most_new_nodes, "Nodes to add at most")
      ->check(CLI::Range(0, 100'000))
      ->capture_default_str();
  command->add_option("--keep-empty", options->keep_empty, "Empty nodes of each pool that are kept")
      ->check(CLI::Range(0, 100'000))
      ->capture_default_str();
  command->add_option("--without", options->without, "Passes to leave out, by name")
      ->delimiter(',')
      ->check(CLI::IsMember(PassNames()));
  command->add_flag("--times", options->times, "Say how long each pass took");
  options->color.AddTo(*command);
  command->callback([options, &context, &action] {
    action = [options, &context] { return MakeAndShow(*options, context); };
  });
}

}  // namespace tangram::cli
