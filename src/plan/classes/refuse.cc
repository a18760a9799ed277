#include "plan/classes/refuse.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <tuple>
#include <vector>

#include "base/nearest.h"

namespace tangram::plan::classes {
namespace {

constexpr std::size_t kMostNamed = 8;

std::vector<std::string> NamesOf(const Index& index) {
  std::vector<std::string> names;
  for (const Index::Entry& entry : index.classes()) names.push_back(entry.of.name);
  return names;
}

std::string Quoted(std::vector<std::string> names) {
  for (std::string& name : names) name = '"' + name + '"';
  return base::OneOf(names);
}

bool SomeMeets(const Index& index, const Need& need) {
  return std::any_of(index.offers().begin(), index.offers().end(), [&](const Offer& offer) {
    return offer.most_on_node >= need.count && Meets(offer.kind, need);
  });
}

// The largest device that is all else that is needed.
const Offer* Largest(const Index& index, Need need) {
  need.memory = {};
  const Offer* largest = nullptr;
  for (const Offer& offer : index.offers()) {
    if (offer.most_on_node < need.count || !Meets(offer.kind, need)) continue;
    if (largest == nullptr || largest->kind.memory() < offer.kind.memory()) largest = &offer;
  }
  return largest;
}

std::int64_t MostOnNode(const Index& index, Need need) {
  std::int64_t most = 0;
  for (const Offer& offer : index.offers()) {
    if (Meets(offer.kind, need)) most = std::max(most, offer.most_on_node);
  }
  return most;
}

template <class Relax>
bool MeetsWithout(const Index& index, Need need, Relax relax) {
  relax(need);
  return SomeMeets(index, need);
}

// The one wish that keeps it from being met, in words; the first that is enough.
std::string Obstacle(const Index& index, const Need& need) {
  if (!need.unknown_models.empty() && need.models.empty()) {
    return fmt::format("no GPU model is named \"{}\"", need.unknown_models.front());
  }
  if (MeetsWithout(index, need, [](Need& less) { less.memory = {}; })) {
    const Offer* largest = Largest(index, need);
    const std::string of =
        largest->kind.model == nullptr ? "" : fmt::format(", of {}", largest->kind.model->name);
    return fmt::format("the largest such device here has {}{}", Describe(largest->kind.memory()),
                       of);
  }
  if (need.count > 1 && MeetsWithout(index, need, [](Need& less) { less.count = 1; })) {
    return fmt::format("no node has more than {} of them", MostOnNode(index, need));
  }
  if (MeetsWithout(index, need, [](Need& less) { less.compute = 0; })) {
    return "no device here has as much of a card's compute";
  }
  if (MeetsWithout(index, need, [](Need& less) { less.models = {}, less.unknown_models = {}; })) {
    return "no node here has that model";
  }
  if (MeetsWithout(index, need, [](Need& less) { less.selectors = {}; })) {
    return "only DRA devices can be selected so, and none here is";
  }
  if (MeetsWithout(index, need, [](Need& less) { less.isolation = Isolation::kShared; })) {
    return "what is here is shared, and may not be changed";
  }
  if (MeetsWithout(index, need, [](Need& less) { less.latency_sensitive = false; })) {
    return "what is here is shared by too many for a latency to be kept";
  }
  return "no device here comes near";
}

// A class that can be met, nearest by isolation, then number, then memory; nullptr: none.
const Index::Entry* NearestClass(const Index& index, const cluster::GpuClass& of,
                                 const Need& need) {
  const auto distance = [&](const Index::Entry& entry) {
    return std::tuple(
        entry.need.isolation < need.isolation, std::abs(entry.need.count - need.count),
        std::abs(entry.need.memory.value() - need.memory.value()), std::string_view(entry.of.name));
  };
  const Index::Entry* nearest = nullptr;
  for (const Index::Entry& entry : index.classes()) {
    if (entry.offers.empty() || entry.of.name == of.name) continue;
    if (nearest == nullptr || distance(entry) < distance(*nearest)) nearest = &entry;
  }
  return nearest;
}

}  // namespace

Refusal RefuseUnknown(const Index& index, std::string_view class_name) {
  std::string text = fmt::format("there is no GpuClass \"{}\"", class_name);
  std::vector<std::string> names = NamesOf(index);
  const std::vector<std::string> near = base::Nearest(class_name, names, {.most = 2});
  if (!near.empty()) return {fmt::format("{}; did you mean {}?", text, Quoted(near))};
  if (names.empty()) return {text + "; the cluster has none: create one (kubectl apply)"};
  const std::size_t all = names.size();
  names.resize(std::min(all, kMostNamed));
  const std::string more = all > kMostNamed ? fmt::format(" (and {} more)", all - kMostNamed) : "";
  return {fmt::format("{}; the label {} takes {}{}", text, kClassLabel, Quoted(names), more)};
}

bool SomeGpuCould(const Need& need) {
  if (need.count > kMostDevices) return false;
  if (!need.any_model() && need.models.empty()) return false;
  const auto could = [&](const gpu::Model& model) {
    Kind card = CardOf(model);
    card.way = Way::kDra;
    return Meets(card, need);
  };
  return std::any_of(gpu::Models().begin(), gpu::Models().end(), could);
}

Refusal RefuseNever(const Index& index, const cluster::GpuClass& of, const Need& need) {
  std::string text = fmt::format("GpuClass \"{}\" can never be met here: it asks for {}, and {}",
                                 of.name, Describe(need), Obstacle(index, need));
  if (const Index::Entry* nearest = NearestClass(index, of, need)) {
    return {fmt::format("{}; the nearest class that can is \"{}\": {}", text, nearest->of.name,
                        Describe(nearest->need))};
  }
  return {text + "; no class of this cluster can be met"};
}

Refusal RefuseUntold(const cluster::GpuClass& of, const Need& need) {
  return {fmt::format(
      "GpuClass \"{}\" asks for {}, and no node label tells such devices from lesser ones of the "
      "same resource name; run NVIDIA's feature discovery on the GPU nodes",
      of.name, Describe(need))};
}

}  // namespace tangram::plan::classes
