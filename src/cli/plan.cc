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
#include "base/nearest.h"
#include "cli/ask.h"
#include "cli/command.h"
#include "gpu/gpu.h"
#include "plan/pool_plan.h"
#include "plan/validate.h"
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
  std::string pool;    // of them, the one whose GpuPlan is shown; empty: all nodes
  ColorOption color;
  FromOption from;
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

// Of those that can be left out: without `admit` nobody knows whom a change could serve.
std::vector<std::string> PassNames() {
  std::vector<std::string> names;
  for (int i = 0; i < plan::kPasses; ++i) {
    const auto pass = static_cast<plan::Pass>(i);
    if (pass != plan::Pass::kAdmit) names.emplace_back(plan::NameOf(pass));
  }
  return names;
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

// Without the pools.
plan::PlanPolicy PolicyOf(const PlanOptions& options) {
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
  return policy;
}

// The plan, and on `err` how long each pass took where that is asked for.
plan::PoolPlan TimedPlan(const cluster::Snapshot& snapshot, const plan::PlanPolicy& policy,
                         const PlanOptions& options, const Context& context) {
  auto last = base::MonotonicNow();
  const auto pass_done = [&](plan::Pass pass) {
    const std::chrono::duration<double, std::milli> took = base::MonotonicNow() - last;
    last = base::MonotonicNow();
    if (options.times) {
      context.streams.err << fmt::format("{:<12} {:9.1f} ms\n", plan::NameOf(pass), took.count());
    }
  };
  if (!options.pool.empty()) return plan::MakePoolPlan(snapshot, policy, options.pool, pass_done);
  plan::PoolPlan made{.plan = plan::MakePlan(snapshot, policy, pass_done)};
  made.wrong = plan::Validate(made.plan, snapshot, policy);
  return made;
}

base::Result<void> KnowsPool(const plan::PlanPolicy& policy, const std::string& name) {
  if (plan::PoolNamed(policy, name) != nullptr) return {};
  std::vector<std::string> names;
  for (const plan::Pool& pool : policy.pools) names.push_back(pool.name);
  return base::Fail(base::ErrorCode::kInvalid,
                    names.empty()
                        ? fmt::format("there is no GpuPool {}, nor any other; name a file of them "
                                      "with --policy",
                                      name)
                        : fmt::format("there is no GpuPool {}, but {}", name, base::Few(names)));
}

base::Result<void> Show(const cluster::Snapshot& snapshot, const plan::Plan& plan,
                        const PlanOptions& options, const Context& context) {
  if (options.output == "json" || options.output == "yaml") {
    return ShowJson(report::RenderPlanJson(snapshot, plan), options.output, context.streams);
  }
  if (options.output == "gpuplan") {
    if (plan.actions.empty()) return {};  // an object proposes something
    return ShowJson(report::RenderGpuPlan(plan::Propose(options.pool, plan, snapshot.taken_at)),
                    "yaml", context.streams);
  }
  if (options.output == "html") {
    context.streams.out << report::RenderPlanHtml(report::RenderPlanJson(snapshot, plan));
  } else {
    report::TextOptions text;
    if (options.output == "wide") text.width = report::TextOptions::Width::kWide;
    text.color = options.color.Mode(context.streams);
    context.streams.out << report::RenderPlan(snapshot, plan, text);
  }
  return {};
}

base::Result<ExitCode> MakeAndShow(const PlanOptions& options, const CLI::App& given,
                                   const Context& context) {
  if (options.output == "gpuplan" && options.pool.empty()) {
    return base::Fail(base::ErrorCode::kInvalid,
                      "-o gpuplan needs --pool: a GpuPlan is about the nodes of one GpuPool");
  }
  const auto answered = AskController(
      {adapter::ViewCommand::kPlan, given, options.from, options.source, options.color}, context);
  if (!answered) return tl::unexpected(answered.error());
  if (*answered) return **answered;
  const auto loaded = LoadWithPools({options.policy, options.source}, PolicyOf(options), context);
  if (!loaded) return tl::unexpected(loaded.error());
  const auto& [policy, snapshot] = *loaded;
  if (!options.pool.empty()) {
    const auto known = KnowsPool(policy, options.pool);
    if (!known) return tl::unexpected(known.error());
  } else {
    SayWhatPoolsDo(policy, snapshot, context);
  }
  const auto [plan, wrong] = TimedPlan(snapshot, policy, options, context);
  if (!wrong.empty()) {
    return base::Fail(
        base::ErrorCode::kUnavailable,
        fmt::format("the plan contradicts the snapshot and is not shown: {}; this is "
                    "a fault of tangram, please report it with the snapshot (tangram snapshot)",
                    base::Few(wrong, 1)));
  }
  if (const auto shown = Show(snapshot, plan, options, context); !shown) {
    return tl::unexpected(shown.error());
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
  command->add_option(
      "--policy", options->policy,
      "A file of GpuPools: what may be done to which nodes (docs/pools.md); without "
      "it, those of the cluster. The options below hold for all other nodes, and "
      "for what a pool leaves out");
  command->add_option("--pool", options->pool,
                      "Plan for this GpuPool alone, with hands off all other nodes, and without "
                      "the placing of pods, which needs no approval");
  command
      ->add_option("-o,--output", options->output,
                   "table, wide, json, yaml; html: one page, nothing loaded from outside; gpuplan: "
                   "the object that proposes the plan of --pool")
      ->check(CLI::IsMember({"table", "wide", "json", "yaml", "html", "gpuplan"}))
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
  options->from.AddTo(*command);
  options->color.AddTo(*command);
  command->callback([options, command, &context, &action] {
    action = [options, command, &context] { return MakeAndShow(*options, *command, context); };
  });
}

}  // namespace tangram::cli
