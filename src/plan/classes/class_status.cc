#include "plan/classes/class_status.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "cluster/fallbacks.h"

namespace tangram::plan::classes {
namespace {

std::string UnknownFallback(const Index& index, const cluster::GpuClass& of) {
  const auto unknown =
      std::find_if(of.fallbacks.begin(), of.fallbacks.end(),
                   [&](const std::string& name) { return index.Find(name) == nullptr; });
  return unknown == of.fallbacks.end() ? "" : *unknown;
}

std::vector<std::string> CycleOf(const Index& index, const std::string& name) {
  std::vector<cluster::GpuClass> all;
  for (const Index::Entry& entry : index.classes()) all.push_back(entry.of);
  return cluster::FallbackCycle(all, name);
}

}  // namespace

ClassStatus StatusOf(const Index& index, const Index::Entry& entry) {
  ClassStatus status{.generation = entry.of.generation};
  std::int64_t could = 0;
  for (const std::size_t place : entry.offers) {
    const Offer& offer = index.offers().at(place);
    if (!IsCounted(offer.kind, entry.need)) continue;
    status.free += offer.free;
    status.total += offer.total;
    could += offer.could;
  }
  cluster::Condition ready{.type = "Ready"};
  const auto cycle = CycleOf(index, entry.of.name);
  const std::string unknown = UnknownFallback(index, entry.of);
  if (!cycle.empty()) {
    ready.reason = "FallbackCycle";
    ready.message =
        fmt::format("its fallbacks lead back to it: {}; take one out", fmt::join(cycle, " -> "));
  } else if (!unknown.empty()) {
    ready.reason = "FallbackNotFound";
    ready.message =
        fmt::format("there is no GpuClass {}, its fallback; create it, or take it out", unknown);
  } else if (entry.offers.empty() && index.knows_gpus() && !index.abilities().nodes_may_come) {
    ready.reason = "NeverSatisfiable";
    ready.message =
        "no device of this cluster meets it, nor could one be made; ask for less, or "
        "add nodes that have it";
  } else if (status.free + could == 0) {
    ready.reason = "NoCapacityNow";
    ready.message = "pods that pick it wait: every device that meets it is held";
  } else {
    ready.holds = true;
    ready.reason = "Satisfiable";
    ready.message =
        fmt::format("{} of {} devices are free{}", status.free, status.total,
                    could > 0 ? ", and more could be made of cards that nobody holds" : "");
  }
  status.conditions = {std::move(ready)};
  return status;
}

}  // namespace tangram::plan::classes
