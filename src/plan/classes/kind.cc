#include "plan/classes/kind.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "plan/share/sharing.h"

namespace tangram::plan::classes {
namespace {

// Of the profile, in percent of the card: by multiprocessors where the table has them, as they are
// not in proportion to slices (1g of an H100 has 16 of 132, not a seventh).
int ComputeOf(const gpu::Model& model, const gpu::MigProfile& profile) {
  const auto most = [&] {
    int most_found = 0;
    for (const gpu::MigProfile& other : model.profiles) {
      most_found = std::max(most_found, other.multiprocessors.value_or(0));
    }
    return most_found;
  }();
  if (profile.multiprocessors && most > 0) return *profile.multiprocessors * 100 / most;
  return model.compute_slices > 0 ? profile.compute_slices * 100 / model.compute_slices : 0;
}

std::string_view NameOfModel(const Kind& kind) {
  return kind.model == nullptr ? std::string_view() : kind.model->name;
}

std::string_view NameOfProfile(const Kind& kind) {
  return kind.profile == nullptr ? std::string_view() : kind.profile->name;
}

}  // namespace

int Kind::compute() const {
  if (by_capacity) return 0;
  if (!instance) return 100 / replicas;
  if (model == nullptr || profile == nullptr) return 0;
  return ComputeOf(*model, *profile) / replicas;
}

Isolation Kind::isolation() const {
  if (by_capacity || replicas > 1 || sharing != cluster::Sharing::kNone) return Isolation::kShared;
  return instance ? Isolation::kHardware : Isolation::kExclusive;
}

base::MicroUsdPerHour PriceOf(const Kind& kind, base::MicroUsdPerHour card) {
  base::MicroUsdPerHour price = card;
  if (kind.profile != nullptr && kind.model != nullptr && kind.model->memory_slices > 0 &&
      kind.model->compute_slices > 0) {
    price = std::max(card * kind.profile->memory_slices / kind.model->memory_slices,
                     card * kind.profile->compute_slices / kind.model->compute_slices);
  }
  return price / kind.replicas;
}

Kind PartFor(const Kind& kind, const Need& need) {
  Kind part = kind;
  if (!kind.by_capacity || kind.seen.value() <= 0) return part;
  part.part = need.memory;
  part.price = kind.price * need.memory.value() / kind.seen.value();
  return part;
}

bool IsCounted(const Kind& kind, const Need& need) {
  if (!kind.has_parts) return true;
  Kind part = kind;
  part.by_capacity = true;
  return !Meets(part, need);
}

Kind CardOf(const gpu::Model& model) { return {.model = &model, .seen = model.memory}; }

bool Meets(const Kind& kind, const Need& need) {
  if (kind.isolation() < need.isolation) return false;
  if (need.count > 1 && kind.isolation() != Isolation::kExclusive) return false;
  if (need.memory.value() > 0 && kind.memory() < need.memory) return false;
  if (need.compute > 0 && kind.compute() < need.compute) return false;
  // Who does not say how much takes all of it.
  if (kind.by_capacity && (need.memory.value() == 0 || need.latency_sensitive)) return false;
  if (need.latency_sensitive && kind.replicas > kMostBesideLatency) return false;
  if (!need.selectors.empty() && kind.way != Way::kDra) return false;
  return need.any_model() ||
         (kind.model != nullptr &&
          std::find(need.models.begin(), need.models.end(), kind.model) != need.models.end());
}

bool IsCheaper(const Kind& a, const Kind& b) {
  const auto key = [](const Kind& kind) {
    const base::MiB memory = kind.memory();
    return std::tuple(!kind.priced, kind.price, memory.value() == 0, memory, kind.compute(),
                      kind.way, std::string_view(kind.resource), NameOfModel(kind),
                      NameOfProfile(kind), kind.replicas, kind.sharing, kind.by_capacity);
  };
  return key(a) < key(b);
}

std::string Describe(const Kind& kind) {
  const std::string of = kind.model == nullptr ? "" : fmt::format(" of {}", kind.model->name);
  if (kind.way == Way::kPlugin) return kind.resource + of;
  if (kind.by_capacity) {
    return kind.part.value() > 0 ? fmt::format("{} of a DRA card{}", Describe(kind.part), of)
                                 : fmt::format("a part of a DRA card{}", of);
  }
  if (!kind.instance) return fmt::format("a DRA card{}", of);
  return fmt::format("a DRA instance {}{}", NameOfProfile(kind), of);
}

}  // namespace tangram::plan::classes
