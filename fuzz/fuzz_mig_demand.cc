// Demands of MIG instances on any model: refused, or packed as asked, with a proof that holds.
#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <vector>

#include "gpu/gpu.h"
#include "plan/mig/pack.h"

namespace {

using tangram::gpu::MigProfile;
using tangram::gpu::Model;
using tangram::plan::mig::Demand;
using tangram::plan::mig::kMostInstances;
using tangram::plan::mig::Packing;

constexpr std::int64_t kMostOfOne = 1'000'000;
constexpr std::int64_t kMostNodes = 30;
constexpr std::size_t kMostWanted = 16;

void Require(bool holds) {
  if (!holds) std::abort();
}

template <class List>
const auto& OneOf(const List& list, FuzzedDataProvider& bytes) {
  return list[bytes.ConsumeIntegralInRange<std::size_t>(0, std::size(list) - 1)];
}

std::vector<const Model*> WithMig() {
  std::vector<const Model*> models;
  for (const Model& model : tangram::gpu::Models()) {
    if (model.has_mig()) models.push_back(&model);
  }
  return models;
}

// Mostly small counts, where the search has something to decide; now and then one that is refused,
// and a profile of another model.
Demand Wanted(const Model& model, FuzzedDataProvider& bytes) {
  const bool odd = bytes.ConsumeIntegralInRange(0, 63) == 0;
  if (odd) {
    const Model& other = OneOf(tangram::gpu::Models(), bytes);
    const std::int64_t count = bytes.ConsumeBool() ? kMostInstances : bytes.ConsumeIntegral<int>();
    return {other.has_mig() ? &OneOf(other.profiles, bytes) : nullptr, count};
  }
  const std::int64_t most = bytes.ConsumeBool() ? 40 : kMostOfOne;
  return {&OneOf(model.profiles, bytes), bytes.ConsumeIntegralInRange<std::int64_t>(0, most)};
}

// A profile that is named twice counts twice.
std::int64_t CountOf(const std::vector<Demand>& demand, const MigProfile* profile) {
  std::int64_t count = 0;
  for (const Demand& one : demand) count += one.profile == profile ? one.count : 0;
  return count;
}

// What pack.h says is refused.
bool IsRefused(const Model& model, const std::vector<Demand>& demand) {
  return std::any_of(demand.begin(), demand.end(), [&](const Demand& one) {
    const bool own =
        std::any_of(model.profiles.begin(), model.profiles.end(),
                    [&](const MigProfile& profile) { return &profile == one.profile; });
    return !own || one.profile->starts.empty() || one.count < 0 ||
           CountOf(demand, one.profile) > kMostInstances;
  });
}

void CheckPacking(const Model& model, const std::vector<Demand>& demand, const Packing& packing) {
  std::int64_t cards = 0;
  for (const auto& layout : packing.layouts) cards += layout.count;
  Require(cards == packing.gpus);
  Require(packing.lower_bound <= packing.gpus);
  Require(tangram::plan::mig::Holds(model, demand, packing.layouts));
  const std::int64_t proven = tangram::plan::mig::Proves(model, demand, packing.proof);
  Require(proven <= packing.lower_bound);
  Require((proven > 0) == (packing.gpus > 0));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider bytes(data, size);
  static const std::vector<const Model*> kModels = WithMig();
  const Model& model = *OneOf(kModels, bytes);
  const auto nodes = bytes.ConsumeIntegralInRange<std::int64_t>(1, kMostNodes);
  std::vector<Demand> demand;
  while (bytes.remaining_bytes() > 0 && demand.size() < kMostWanted) {
    demand.push_back(Wanted(model, bytes));
  }
  const auto packing = tangram::plan::mig::Pack(model, demand, {.nodes = nodes});
  const bool refused = IsRefused(model, demand);
  if (!packing && !refused) std::fprintf(stderr, "%s\n", packing.error().message.c_str());
  Require(packing.has_value() != refused);
  if (packing) CheckPacking(model, demand, *packing);
  return 0;
}
