#include "sim/tally.h"

#include <algorithm>
#include <unordered_map>

namespace tangram::sim {
namespace {

MilliGpuTime Times(base::MilliGpu gpus, Milliseconds span) {
  return MilliGpuTime(gpus.value() * span.count());
}

// By nearest rank: the least wait that so many of a hundred pods do not exceed.
WaitTimes TimesOf(std::vector<std::pair<Milliseconds, int>> waits) {
  WaitTimes times;
  if (waits.empty()) return times;
  std::sort(waits.begin(), waits.end());
  std::int64_t pods = 0;
  Milliseconds sum{};
  for (const auto& [wait, members] : waits) {
    pods += members;
    sum += wait * members;
  }
  const auto percentile = [&](std::int64_t percent) {
    const std::int64_t rank = (pods * percent + 99) / 100;
    std::int64_t seen = 0;
    for (const auto& [wait, members] : waits) {
      seen += members;
      if (seen >= rank) return wait;
    }
    return waits.back().first;
  };
  times.mean = sum / pods;
  times.p50 = percentile(50);
  times.p95 = percentile(95);
  times.p99 = percentile(99);
  times.most = waits.back().first;
  return times;
}

}  // namespace

Tally::Tally(const Scenario& scenario, std::vector<plan::TypicalShape> typical)
    : scenario_(scenario), typical_(std::move(typical)), waits_(scenario.workloads.size()) {
  result_.length = scenario.length;
  for (const std::string& name : scenario.workloads) {
    result_.workloads.emplace_back().name = name;
  }
}

template <class Change>
void Tally::Count(std::uint32_t job, const Change& change) {
  change(result_.pods, MembersOf(job));
  change(result_.workloads[scenario_.jobs[job].workload].pods, MembersOf(job));
}

void Tally::Pass(Milliseconds span, base::MilliGpu capacity) {
  result_.capacity += Times(capacity, span);
  result_.allocated += Times(allocated_, span);
  const auto& [arrived, waiting, running, done, failed] = result_.pods;
  if (waiting + running == 0) return;
  wanted_for_ += span;
  served_for_ += base::Ratio(running, waiting + running).value() * span.count();
}

void Tally::Arrive(std::uint32_t job) {
  Count(job, [](PodCounts& pods, int members) {
    pods.arrived += members;
    pods.waiting += members;
  });
}

void Tally::Fail(std::uint32_t job) {
  Count(job, [](PodCounts& pods, int members) {
    pods.waiting -= members;
    pods.failed += members;
  });
}

void Tally::Wait(std::uint32_t job, Milliseconds waited) {
  waits_[scenario_.jobs[job].workload].emplace_back(waited, MembersOf(job));
}

void Tally::Start(std::uint32_t job, base::MilliGpu gpus) {
  allocated_ += gpus;
  Count(job, [](PodCounts& pods, int members) {
    pods.waiting -= members;
    pods.running += members;
  });
}

void Tally::CountPlaced(std::uint32_t job) { result_.placed += MembersOf(job); }

void Tally::End(std::uint32_t job, base::MilliGpu gpus) {
  allocated_ -= gpus;
  Count(job, [](PodCounts& pods, int members) {
    pods.running -= members;
    pods.done += members;
  });
}

void Tally::Disturb(std::uint32_t job, base::MilliGpu gpus) {
  allocated_ -= gpus;
  result_.disturbed += MembersOf(job);
  result_.workloads[scenario_.jobs[job].workload].disturbed += MembersOf(job);
  Count(job, [](PodCounts& pods, int members) {
    pods.running -= members;
    pods.waiting += members;
  });
}

void Tally::Lose(base::MilliGpu gpus, Milliseconds work) { lost_ += Times(gpus, work); }

base::PartsPerMillion Tally::Fragmented(const Fleet& fleet, const Placing& placing) const {
  std::unordered_map<plan::NodeState, double, plan::NodeStateHash> known;
  double fragment = 0;
  double free = 0;
  for (std::size_t node = 0; node < placing.nodes().size(); ++node) {
    if (fleet.at(node).power != Fleet::Power::kOn) continue;
    const plan::NodeState& state = placing.nodes()[node];
    const auto [at, fresh] = known.try_emplace(state, 0.0);
    if (fresh) at->second = plan::FragmentOf(state, typical_);
    fragment += at->second;
    free += static_cast<double>(FreeMilli(state));
  }
  return base::PartsPerMillion(free > 0 ? static_cast<std::int64_t>(1e6 * fragment / free) : 0);
}

void Tally::AddPoint(Milliseconds at, const Fleet& fleet, const Placing& placing) {
  result_.points.push_back({.at = at,
                            .pods = result_.pods,
                            .nodes = fleet.on(),
                            .capacity = fleet.capacity(),
                            .allocated = allocated_,
                            .fragmented = Fragmented(fleet, placing),
                            .spent = fleet.Spent(at)});
}

SimulationResult Tally::Finish() && {
  Waits all;
  for (std::size_t i = 0; i < waits_.size(); ++i) {
    all.insert(all.end(), waits_[i].begin(), waits_[i].end());
    result_.workloads[i].wait = TimesOf(std::move(waits_[i]));
  }
  result_.wait = TimesOf(std::move(all));
  result_.useful = result_.allocated - lost_;
  if (wanted_for_.count() > 0) {
    result_.served = base::PartsPerMillion(served_for_ / wanted_for_.count());
  }
  std::int64_t fragmented = 0;
  for (const SimulationPoint& point : result_.points) {
    fragmented += point.fragmented.value();
    const std::int64_t wanted = point.pods.running + point.pods.waiting;
    if (wanted == 0) continue;
    result_.served_least = std::min(result_.served_least, base::Ratio(point.pods.running, wanted));
  }
  const auto points = static_cast<std::int64_t>(result_.points.size());
  result_.fragmented = base::PartsPerMillion(points > 0 ? fragmented / points : 0);
  return std::move(result_);
}

}  // namespace tangram::sim
