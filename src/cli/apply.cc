// tangram apply: approve a plan that waits for it.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <ostream>
#include <thread>

#include "adapter/gpu_plans.h"
#include "base/nearest.h"
#include "base/time_text.h"
#include "cli/command.h"
#include "report/proposal_text.h"

namespace tangram::cli {
namespace {

constexpr std::chrono::seconds kLookEvery{1};

struct ApplyOptions {
  SourceOptions source;
  std::string plan;  // empty: list them
  bool all = false;
  bool dry_run = false;
  bool wait = false;
  std::string timeout = "30m";
  std::string output = "table";
  ColorOption color;
};

base::Result<ExitCode> ListPlans(const ApplyOptions& options, adapter::GpuPlans& plans,
                                 const Context& context) {
  auto all = plans.List();
  if (!all) return tl::unexpected(all.error());
  if (!options.all) std::erase_if(*all, plan::IsOver);
  if (all->empty()) {
    Say(options.all ? "there is no GpuPlan" : "no GpuPlan waits; --all lists those that are over",
        context.streams);
    return kDone;
  }
  context.streams.out << report::RenderProposals(*all, context.clock.Now(),
                                                 options.color.Mode(context.streams));
  const bool waits = std::any_of(all->begin(), all->end(), [](const plan::Proposal& plan) {
    return !plan.approved && !IsOver(plan);
  });
  return waits ? kFoundChanges : kDone;
}

base::Result<plan::Proposal> Find(const ApplyOptions& options, adapter::GpuPlans& plans) {
  auto plan = plans.Get(options.plan);
  if (plan || plan.error().code != base::ErrorCode::kNotFound) return plan;
  std::vector<std::string> names;
  if (const auto all = plans.List()) {
    for (const plan::Proposal& one : *all) {
      if (!IsOver(one)) names.push_back(one.name);
    }
  }
  const auto near = base::Nearest(options.plan, names, {.most = 8, .count = 3});
  std::string message = fmt::format("there is no GpuPlan {}", options.plan);
  if (!near.empty()) message += fmt::format("; did you mean {}?", base::OneOf(near));
  return base::Fail(base::ErrorCode::kInvalid, message);
}

// Nothing where it may be approved, or was.
base::Result<void> MayBeApproved(const plan::Proposal& plan) {
  if (!IsOver(plan)) return {};
  const auto* why = cluster::ConditionOf(plan.conditions, "Superseded");
  const bool stale = why != nullptr && why->holds;
  return base::Fail(
      base::ErrorCode::kInvalid,
      fmt::format("GpuPlan {} is {}{}{}; tangram apply lists those that wait", plan.name,
                  report::StateText(plan), stale ? ": " : "", stale ? why->message : ""));
}

// Until it is over, or only people can go on.
base::Result<ExitCode> Follow(const ApplyOptions& options, adapter::GpuPlans& plans,
                              const Context& context) {
  const auto span = base::ParseSpan(options.timeout);
  if (!span) return base::Wrap(span.error(), "--timeout");
  const auto until = base::MonotonicNow() + *span;
  std::string said;
  while (true) {
    const auto plan = plans.Get(options.plan);
    if (!plan) return tl::unexpected(plan.error());
    const auto* executing = cluster::ConditionOf(plan->conditions, "Executing");
    std::string state = report::StateText(*plan);
    if (executing != nullptr) state += fmt::format(" ({})", executing->message);
    if (state != said) Say(fmt::format("GpuPlan {}: {}", plan->name, state), context.streams);
    said = state;
    const bool for_people = WaitsForPeople(*plan);
    if (IsOver(*plan) || for_people) {
      context.streams.out << report::RenderProposal(*plan, context.clock.Now(),
                                                    options.color.Mode(context.streams));
      if (cluster::Holds(plan->conditions, "Failed")) return kDependency;
      return for_people ? kFoundChanges : kDone;
    }
    if (base::MonotonicNow() >= until) {
      return base::Fail(base::ErrorCode::kUnavailable,
                        fmt::format("GpuPlan {} is not done after {}; it goes on without us",
                                    plan->name, options.timeout));
    }
    std::this_thread::sleep_for(kLookEvery);
  }
}

base::Result<ExitCode> Apply(const ApplyOptions& options, const Context& context) {
  kube::ConfigSources cluster;
  cluster.kubeconfig = options.source.kubeconfig;
  cluster.context = options.source.kube_context;
  auto plans = adapter::GpuPlans::Open(cluster);
  if (!plans) return tl::unexpected(plans.error());
  if (options.plan.empty()) return ListPlans(options, *plans, context);
  const auto plan = Find(options, *plans);
  if (!plan) return tl::unexpected(plan.error());
  if (options.output == "table") {
    context.streams.out << report::RenderProposal(*plan, context.clock.Now(),
                                                  options.color.Mode(context.streams));
  } else {
    const auto text = plans->Text(options.plan);
    if (!text) return tl::unexpected(text.error());
    const auto shown = ShowJson(*text, options.output, context.streams);
    if (!shown) return tl::unexpected(shown.error());
  }
  if (options.dry_run) return plan->approved ? kDone : kFoundChanges;
  if (const auto may = MayBeApproved(*plan); !may) return tl::unexpected(may.error());
  if (plan->approved) {
    Say(fmt::format("GpuPlan {} was approved before", plan->name), context.streams);
  } else {
    if (const auto approved = plans->Approve(*plan); !approved) {
      return tl::unexpected(approved.error());
    }
    Say(fmt::format("GpuPlan {} is approved", plan->name), context.streams);
  }
  return options.wait ? Follow(options, *plans, context) : base::Result<ExitCode>(kDone);
}

}  // namespace

void AddApply(CLI::App& app, const Context& context, Action& action) {
  auto options = std::make_shared<ApplyOptions>();
  CLI::App* command = app.add_subcommand(
      "apply",
      "Approve a GpuPlan, so that it is carried out; without a name, list those that wait");
  command->add_option("PLAN", options->plan, "Its name");
  command->add_flag("--all", options->all, "List those that are over, too");
  command->add_flag("--dry-run", options->dry_run, "Show it, and approve nothing");
  command->add_flag("--wait", options->wait,
                    "Follow it until it is over, or what is left is for people to do");
  command->add_option("--timeout", options->timeout, "Of --wait")->capture_default_str();
  command->add_option("-o,--output", options->output, "table; json, yaml: the object")
      ->check(CLI::IsMember({"table", "json", "yaml"}))
      ->capture_default_str();
  AddClusterOptions(*command, options->source);
  options->color.AddTo(*command);
  command->callback([options, &context, &action] {
    action = [options, &context] { return Apply(*options, context); };
  });
}

}  // namespace tangram::cli
