#include "sim/timed_trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "sim/openb.h"
#include "sim/scenario_builder.h"

namespace tangram::sim {
namespace {

class Maker {
 public:
  Maker(const OpenbTrace& trace, const TimedTraceOptions& options)
      : trace_(trace), options_(options) {}

  base::Result<TimedTrace> Make() {
    if (const auto nodes = AddNodes(); !nodes) return tl::unexpected(nodes.error());
    builder_.AddWorkload("tasks");
    for (const OpenbTask& task : trace_.tasks) {
      if (const auto added = AddTask(task); !added) return tl::unexpected(added.error());
    }
    const Milliseconds length =
        options_.length.value_or(std::max(last_, Milliseconds(std::chrono::seconds(1))));
    return TimedTrace{std::move(builder_).Finish(length, Milliseconds(0)), left_out_};
  }

 private:
  std::optional<base::MicroUsdPerHour> RateOf(const OpenbNode& node) const {
    if (options_.prices == nullptr || node.gpus == 0) return std::nullopt;
    const auto price = options_.prices->PriceOf(AsClusterNode(node));
    if (!price) return std::nullopt;
    return price->rate;
  }

  base::Result<void> AddNodes() {
    std::map<std::tuple<std::string, int, std::int64_t, std::int64_t>, std::uint32_t> known;
    for (const OpenbNode& node : trace_.nodes) {
      const auto [at, fresh] =
          known.try_emplace({node.model, node.gpus, node.cpu.value(), node.memory.value()}, 0U);
      if (fresh) {
        const auto group = AddGroup(node);
        if (!group) return tl::unexpected(group.error());
        at->second = *group;
      }
      builder_.AddNode(at->second, AtStart::kOn);
    }
    return {};
  }

  base::Result<std::uint32_t> AddGroup(const OpenbNode& node) {
    if (node.gpus > plan::kMostGpusPerNode) {
      return base::Fail(base::ErrorCode::kInvalid,
                        fmt::format("node {}: found {} GPUs; a run takes nodes of at most {}",
                                    node.name, node.gpus, plan::kMostGpusPerNode));
    }
    NodeGroup group;
    group.name = node.gpus == 0 ? "without GPUs"
                                : fmt::format("{} x {}, {} cores", node.gpus, node.model,
                                              node.cpu.value() / 1000);
    group.empty.cpu = node.cpu;
    group.empty.memory = node.memory;
    group.empty.gpus = static_cast<std::uint8_t>(node.gpus);
    std::fill_n(group.empty.free.begin(), node.gpus,
                static_cast<std::int16_t>(plan::kWholeGpu.value()));
    group.rate = RateOf(node);
    group.boot = options_.boot;
    group.idle_after = options_.idle_after;
    return builder_.AddGroup(std::move(group), node.model);
  }

  base::Result<void> AddTask(const OpenbTask& task) {
    if (!task.created) {
      return base::Fail(base::ErrorCode::kInvalid,
                        fmt::format("task {}: it has no creation_time; a run in time needs a file "
                                    "of pods with times, or leave --timed out",
                                    task.name));
    }
    if (!task.scheduled) {
      ++left_out_;
      return {};
    }
    Job job;
    job.ask = builder_.Intern({.cpu = task.cpu,
                               .memory = task.memory,
                               // More than any node has: it fits nowhere, as it should.
                               .gpus = std::min(task.gpus, plan::kMostGpusPerNode + 1),
                               .share = task.share,
                               .models = task.gpus > 0 ? task.models : std::vector<std::string>{}});
    job.arrival = Milliseconds(*task.created) / options_.speed;
    if (task.deleted) {
      job.duration = std::max(*task.deleted - *task.scheduled, std::chrono::seconds(0));
    }
    last_ = std::max(last_, job.arrival);
    builder_.AddJob(std::move(job));
    return {};
  }

  const OpenbTrace& trace_;
  const TimedTraceOptions& options_;
  ScenarioBuilder builder_;
  Milliseconds last_{};  // arrival
  std::int64_t left_out_ = 0;
};

}  // namespace

base::Result<TimedTrace> ScenarioOf(const OpenbTrace& trace, const TimedTraceOptions& options) {
  return Maker(trace, options).Make();
}

}  // namespace tangram::sim
