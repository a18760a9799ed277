#include "plan/leaks/advice.h"

#include <fmt/format.h>

#include <algorithm>

namespace tangram::plan {
namespace {

using base::MiB;
using base::PartsPerMillion;

// What it needs of the whole card, as a share, and in memory.
struct Need {
  PartsPerMillion activity;
  PartsPerMillion peak;
  MiB memory;
};

PartsPerMillion CapacityOf(const gpu::Model& model, const gpu::MigProfile& profile) {
  const gpu::MigProfile& full = model.profiles.front();
  if (profile.multiprocessors && full.multiprocessors) {
    return base::Ratio(*profile.multiprocessors, *full.multiprocessors);
  }
  return base::Ratio(profile.compute_slices, model.compute_slices);
}

// What a profile takes of the card: the scarcer of compute and memory slices.
PartsPerMillion CostOf(const gpu::Model& model, const gpu::MigProfile& profile) {
  return std::max(base::Ratio(profile.compute_slices, model.compute_slices),
                  base::Ratio(profile.memory_slices, model.memory_slices));
}

Need NeedOf(const LightWorkload& workload, const LeakPolicy& policy) {
  const PartsPerMillion held =
      workload.profile ? CapacityOf(*workload.model, *workload.profile) : base::kWhole;
  const Evidence& seen = workload.evidence;
  const auto of_card = [&](PartsPerMillion share) { return base::ShareOf(held, share); };
  Need need;
  need.activity = PartsPerMillion(of_card(seen.active_mean).value() * 1'000'000 /
                                  policy.target_activity.value());
  need.peak = of_card(seen.active_max);
  need.memory = *seen.memory_max + base::ShareOf(*seen.memory_max, policy.memory_headroom);
  return need;
}

// The smallest profile that holds the need and is smaller than what is held now.
const gpu::MigProfile* SmallestFit(const LightWorkload& workload, const Need& need) {
  const gpu::Model& model = *workload.model;
  const PartsPerMillion held = workload.profile ? CostOf(model, *workload.profile) : base::kWhole;
  const gpu::MigProfile* best = nullptr;
  for (const gpu::MigProfile& profile : model.profiles) {
    if (!profile.is_plain() || !profile.memory || profile.memory_slices == 0) continue;
    if (*profile.memory < need.memory || CapacityOf(model, profile) < need.activity) continue;
    if (CostOf(model, profile) >= held) continue;
    if (best == nullptr || CostOf(model, profile) < CostOf(model, *best)) best = &profile;
  }
  return best;
}

int ReplicasThatFit(const LightWorkload& workload, const Need& need, const LeakPolicy& policy) {
  const std::int64_t by_memory =
      workload.memory_total.value() / std::max<std::int64_t>(1, need.memory.value());
  const std::int64_t by_activity = policy.target_activity.value() /
                                   std::max<std::int64_t>(1, workload.evidence.active_mean.value());
  return static_cast<int>(std::min<std::int64_t>({by_memory, by_activity, policy.most_replicas}));
}

std::string Seen(const LightWorkload& workload) {
  const Evidence& seen = workload.evidence;
  return fmt::format("{:.1f} % busy on average and at most {:.1f} of {:.1f} GiB used",
                     static_cast<double>(seen.active_mean.value()) / 1e4,
                     static_cast<double>(seen.memory_max->value()) / 1024,
                     static_cast<double>(workload.memory_total.value()) / 1024);
}

Advice AdviseMig(const LightWorkload& workload, const gpu::MigProfile& profile, const Need& need) {
  const gpu::Model& model = *workload.model;
  Advice advice;
  advice.technique = workload.dra ? Technique::kDra : Technique::kMig;
  advice.target = profile.name;
  const PartsPerMillion held = workload.profile ? CostOf(model, *workload.profile) : base::kWhole;
  advice.keeps = base::Ratio(CostOf(model, profile).value(), held.value());
  advice.why = fmt::format("{}: a {} ({:.1f} GiB) holds it with hardware isolation", Seen(workload),
                           profile.name, static_cast<double>(profile.memory->value()) / 1024);
  advice.fix = workload.dra
                   ? fmt::format("ask for a {} in its ResourceClaim (DeviceClass mig.nvidia.com)",
                                 profile.name)
                   : fmt::format("cut a {} on a {} and request {}: 1", profile.name, model.name,
                                 gpu::ResourceNameOf(profile));
  const bool bursts = need.peak > CapacityOf(model, profile);
  const bool inferred = profile.memory_evidence != gpu::Evidence::kVerified ||
                        profile.placement_evidence != gpu::Evidence::kVerified;
  advice.risk = bursts ? Level::kMedium : Level::kLow;
  advice.risk_reason = bursts ? "its peaks are higher than the slice and will take longer"
                              : "memory and activity stay within the slice";
  if (inferred) advice.risk_reason += "; the profile's facts are inferred, check them on the node";
  return advice;
}

Advice AdviseSharing(const LightWorkload& workload, int replicas) {
  const bool mps = workload.replicated && !workload.development && workload.profile == nullptr &&
                   workload.model->compute_major >= 7;
  Advice advice;
  advice.technique = mps ? Technique::kMps : Technique::kTimeSlicing;
  advice.target = fmt::format("{} replicas", replicas);
  advice.replicas = replicas;
  advice.keeps = base::Ratio(1, replicas);
  const char* reason = workload.development ? "development bursts and waits, so turns cost little"
                       : mps ? "replicas of one workload trust each other and run side by side"
                             : "the card has no smaller instance for it, so turns are the way";
  advice.why = fmt::format("{}: {}", Seen(workload), reason);
  advice.fix = fmt::format("share the card {} ways with {} and request one share", replicas,
                           mps ? "MPS" : "time-slicing");
  advice.risk = Level::kMedium;
  advice.risk_reason = mps ? "one crashing client takes the others of its card with it"
                           : "no memory isolation: one pod can use up the card's memory";
  return advice;
}

}  // namespace

tl::expected<Advice, NoAdvice> Advise(const LightWorkload& workload, const LeakPolicy& policy) {
  if (!workload.evidence.memory_max) return tl::unexpected(NoAdvice{LeftAlone::kThinData});
  const Need need = NeedOf(workload, policy);
  const gpu::MigProfile* fit = SmallestFit(workload, need);
  const int replicas = ReplicasThatFit(workload, need, policy);
  const bool dev_shares = workload.development && workload.profile == nullptr && replicas >= 2;
  if (fit != nullptr && !dev_shares) return AdviseMig(workload, *fit, need);
  // An instance is already a share with isolation; only development gives that up.
  const bool may_share = workload.profile == nullptr || workload.development;
  if (may_share && replicas >= 2) return AdviseSharing(workload, replicas);
  const bool light = workload.evidence.active_mean < base::PartsPerMillion(300'000);
  return tl::unexpected(NoAdvice{light ? LeftAlone::kNoSmallerFit : LeftAlone::kBusy});
}

}  // namespace tangram::plan
