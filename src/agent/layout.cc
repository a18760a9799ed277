#include "agent/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>

namespace tangram::agent {
namespace {

tl::unexpected<CutError> Refuse(CutReason reason, std::string message) {
  return tl::unexpected(CutError{reason, std::move(message)});
}

std::string GpuText(const Card& card) { return fmt::format("GPU {} ({})", card.index, card.uuid); }

const Profile* ProfileById(const Mig& mig, int id) {
  const auto found = std::find_if(mig.profiles.begin(), mig.profiles.end(),
                                  [&](const Profile& one) { return one.id == id; });
  return found == mig.profiles.end() ? nullptr : &*found;
}

const Profile* ProfileNamed(const Mig& mig, const std::string& name) {
  const auto found = std::find_if(mig.profiles.begin(), mig.profiles.end(),
                                  [&](const Profile& one) { return one.name == name; });
  return found == mig.profiles.end() ? nullptr : &*found;
}

bool Overlap(const gpu::Placement& a, const gpu::Placement& b) {
  return a.start < b.start + b.size && b.start < a.start + a.size;
}

// An instance of the layout, as the card knows its profile.
struct Wanted {
  const Profile* profile = nullptr;
  gpu::Placement placement;
};

std::string Starts(const Profile& profile) {
  std::string starts;
  for (const gpu::Placement& one : *profile.placements) {
    starts += fmt::format("{}{}", starts.empty() ? "" : ", ", one.start);
  }
  return starts;
}

CutResult<Wanted> WantedOf(const Card& card, const WishedInstance& wish) {
  const Mig& mig = *card.mig;
  const Profile* profile = ProfileNamed(mig, wish.profile);
  if (profile == nullptr) {
    std::string names;
    for (const Profile& one : mig.profiles) names += (names.empty() ? "" : ", ") + one.name;
    return Refuse(CutReason::kInvalid, fmt::format("{} is a {} and has no profile {}; it has {}",
                                                   GpuText(card), card.name, wish.profile, names));
  }
  if (!profile->placements) {
    return Refuse(CutReason::kDenied,
                  fmt::format("the driver does not tell where {} may stand on {}; run the agent "
                              "with the rights to cut (docs/agent.md)",
                              wish.profile, GpuText(card)));
  }
  for (const gpu::Placement& one : *profile->placements) {
    if (one.start == wish.start) return Wanted{profile, one};
  }
  return Refuse(CutReason::kInvalid,
                fmt::format("{} may not stand at {} on {}; it may at {}", wish.profile, wish.start,
                            GpuText(card), Starts(*profile)));
}

CutResult<void> CheckTogether(const Card& card, const std::vector<Wanted>& wanted) {
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    int same = 1;
    for (std::size_t j = 0; j < i; ++j) {
      same += wanted[j].profile == wanted[i].profile ? 1 : 0;
      if (!Overlap(wanted[i].placement, wanted[j].placement)) continue;
      return Refuse(CutReason::kInvalid,
                    fmt::format("{} at {} and {} at {} of the layout overlap on {}",
                                wanted[j].profile->name, wanted[j].placement.start,
                                wanted[i].profile->name, wanted[i].placement.start, GpuText(card)));
    }
    if (same > wanted[i].profile->most_instances) {
      return Refuse(CutReason::kInvalid,
                    fmt::format("{} holds {} of {} at most", GpuText(card),
                                wanted[i].profile->most_instances, wanted[i].profile->name));
    }
  }
  return {};
}

CutResult<std::vector<Wanted>> WantedOn(const Card& card, const CardLayout& wished) {
  std::vector<Wanted> wanted;
  if (!wished.mig && !wished.instances.empty()) {
    return Refuse(CutReason::kInvalid,
                  fmt::format("the layout of {} has instances, and MIG off", GpuText(card)));
  }
  for (const WishedInstance& wish : wished.instances) {
    auto one = WantedOf(card, wish);
    if (!one) return tl::unexpected(one.error());
    wanted.push_back(*one);
  }
  std::sort(wanted.begin(), wanted.end(),
            [](const Wanted& a, const Wanted& b) { return a.placement < b.placement; });
  if (auto fits = CheckTogether(card, wanted); !fits) return tl::unexpected(fits.error());
  return wanted;
}

// Nothing is decided on a card of which that is not known.
CutResult<void> CheckReadable(const Card& card) {
  if (card.state == CardState::kLost) {
    return Refuse(CutReason::kLost,
                  fmt::format("{} fell off the bus; drain the node and reset or reboot it "
                              "(dmesg has the XID)",
                              GpuText(card)));
  }
  static constexpr std::array<std::string_view, 7> kNeeded = {"card",
                                                              "processes",
                                                              "MIG mode",
                                                              "MIG profiles",
                                                              "MIG instances",
                                                              "MIG placements",
                                                              "MIG compute instances"};
  for (const Problem& problem : card.problems) {
    if (std::find(kNeeded.begin(), kNeeded.end(), problem.what) == kNeeded.end()) continue;
    const bool denied = problem.why.find("no permission") != std::string::npos;
    return Refuse(denied ? CutReason::kDenied : CutReason::kUnreadable,
                  fmt::format("{} of {} could not be read, so nothing is changed there: {}",
                              problem.what, GpuText(card), problem.why));
  }
  if (card.state != CardState::kOk) {
    return Refuse(CutReason::kUnreadable, GpuText(card) + " could not be read");
  }
  if (!card.mig) {
    return Refuse(CutReason::kInvalid,
                  fmt::format("{} is a {} and has no MIG", GpuText(card), card.name));
  }
  return {};
}

// Whose processes, or pods, are there; empty: nobody's. Processes of which the driver does not tell
// the instance may be anywhere.
std::string UserOf(const Card& card, std::optional<int> instance, const Holders& holders) {
  for (const auto& [where, who] : holders) {
    if (!instance || where == *instance || where == kWholeCard) return who;
  }
  for (const Process& one : card.processes) {
    if (!instance || !one.instance || *one.instance == *instance) {
      return fmt::format("process {}", one.pid);
    }
  }
  return "";
}

// As it is wished: at its place, with one compute instance over all of it.
bool Is(const Instance& instance, const Wanted& wanted) {
  return instance.profile_id == wanted.profile->id && instance.placement == wanted.placement;
}
bool IsWhole(const Instance& instance, const Profile& profile) {
  return instance.compute.size() == 1 &&
         ComputeSlicesOf(instance.compute.front().profile_id) == profile.compute_slices;
}

class Stepper {
 public:
  Stepper(const Card& card, const Holders& holders) : card_(card), holders_(holders) {}

  CutResult<void> Destroy(const std::vector<Wanted>& wanted) {
    for (const Instance& instance : card_.mig->instances) {
      const auto it = std::find_if(wanted.begin(), wanted.end(),
                                   [&](const Wanted& one) { return Is(instance, one); });
      const bool stays =
          it != wanted.end() && (instance.compute.empty() || IsWhole(instance, *it->profile));
      if (stays) continue;
      const std::string user = UserOf(card_, instance.id, holders_);
      const std::string what = NameAt(instance.profile_id, instance.placement.start);
      if (!user.empty()) {
        return Refuse(CutReason::kInUse,
                      fmt::format("{} on {} has to go and is in use by {}; end that first", what,
                                  GpuText(card_), user));
      }
      MigStep& step = Add(StepKind::kDestroy, "take away " + what);
      step.instance = instance.id;
      step.profile_id = instance.profile_id;
      step.placement = instance.placement;
    }
    return {};
  }

  CutResult<void> SetMode(bool mig) {
    const Mig& now = *card_.mig;
    if (now.enabled == mig && now.pending == mig) return {};
    // Where it is as wished and something else waits for a reset, that alone is taken back.
    const std::string user = now.enabled == mig ? "" : UserOf(card_, std::nullopt, holders_);
    if (!user.empty()) {
      return Refuse(CutReason::kInUse,
                    fmt::format("MIG mode of {} changes only while nobody uses it, and {} does; "
                                "end that first",
                                GpuText(card_), user));
    }
    Add(mig ? StepKind::kEnableMig : StepKind::kDisableMig, mig ? "turn MIG on" : "turn MIG off");
    return {};
  }

  void Create(const std::vector<Wanted>& wanted) {
    for (const Wanted& one : wanted) {
      const auto& there = card_.mig->instances;
      const auto it = std::find_if(there.begin(), there.end(),
                                   [&](const Instance& instance) { return Is(instance, one); });
      const bool is_there = card_.mig->enabled && it != there.end();
      if (is_there && IsWhole(*it, *one.profile)) continue;
      const std::string what = NameAt(one.profile->id, one.placement.start);
      if (!is_there || !it->compute.empty()) Fill(Add(StepKind::kCreate, "make " + what), one);
      MigStep& complete = Add(StepKind::kComplete, "make the compute instance of " + what);
      Fill(complete, one);
      if (is_there && it->compute.empty()) complete.instance = it->id;
    }
  }

  std::vector<MigStep> Take() { return std::move(steps_); }

 private:
  std::string NameAt(int profile_id, int start) const {
    const Profile* profile = ProfileById(*card_.mig, profile_id);
    return fmt::format("{} at {}",
                       profile != nullptr ? profile->name : fmt::format("profile {}", profile_id),
                       start);
  }
  MigStep& Add(StepKind kind, const std::string& what) {
    MigStep& step = steps_.emplace_back();
    step.kind = kind;
    step.uuid = card_.uuid;
    step.text = what + " on " + GpuText(card_);
    return step;
  }
  static void Fill(MigStep& step, const Wanted& wanted) {
    step.profile_id = wanted.profile->id;
    step.compute_slices = wanted.profile->compute_slices;
    step.placement = wanted.placement;
  }

  const Card& card_;
  const Holders& holders_;
  std::vector<MigStep> steps_;
};

}  // namespace

std::string_view NameOf(CutReason reason) {
  switch (reason) {
    case CutReason::kInvalid:
      return "LayoutInvalid";
    case CutReason::kInUse:
      return "InUse";
    case CutReason::kResetRequired:
      return "ResetRequired";
    case CutReason::kLost:
      return "CardLost";
    case CutReason::kUnreadable:
      return "CardUnreadable";
    case CutReason::kDenied:
      return "NotPermitted";
    case CutReason::kRefused:
      return "DriverRefused";
    case CutReason::kNothingMade:
      return "NothingMade";
    case CutReason::kNoAnswer:
      break;
  }
  return "DriverSilent";
}

int ComputeSlicesOf(int compute_profile_id) {
  // NVML_COMPUTE_INSTANCE_PROFILE_*: 1, 2, 3, 4, 7, 8, 6 slices, then 1 and 7 of another kind.
  static constexpr std::array kSlices = {1, 2, 3, 4, 7, 8, 6, 1, 7};
  const auto id = static_cast<std::size_t>(compute_profile_id);
  return compute_profile_id >= 0 && id < kSlices.size() ? kSlices[id] : 0;
}

CutResult<std::vector<MigStep>> StepsTo(const Card& card, const CardLayout& wished,
                                        const Holders& holders) {
  if (auto readable = CheckReadable(card); !readable) return tl::unexpected(readable.error());
  const auto wanted = WantedOn(card, wished);
  if (!wanted) return tl::unexpected(wanted.error());
  Stepper steps(card, holders);
  if (card.mig->enabled) {
    if (auto gone = steps.Destroy(*wanted); !gone) return tl::unexpected(gone.error());
  }
  if (auto set = steps.SetMode(wished.mig); !set) return tl::unexpected(set.error());
  steps.Create(*wanted);
  return steps.Take();
}

bool Shows(const Card& card, const MigStep& step) {
  if (card.state != CardState::kOk || !card.mig || card.uuid != step.uuid) return false;
  const Mig& mig = *card.mig;
  const auto it =
      std::find_if(mig.instances.begin(), mig.instances.end(), [&](const Instance& one) {
        return one.profile_id == step.profile_id && one.placement == step.placement;
      });
  switch (step.kind) {
    case StepKind::kEnableMig:
      return mig.enabled && mig.pending;
    case StepKind::kDisableMig:
      return !mig.enabled && !mig.pending;
    case StepKind::kDestroy:
      return it == mig.instances.end() || it->id != step.instance;
    case StepKind::kCreate:
      return it != mig.instances.end();
    case StepKind::kComplete:
      break;
  }
  return it != mig.instances.end() && !it->compute.empty();
}

CutResult<CardLayout> LayoutOf(const Card& card) {
  if (auto readable = CheckReadable(card); !readable) return tl::unexpected(readable.error());
  CardLayout layout{card.uuid, card.mig->enabled, {}};
  if (!layout.mig) return layout;
  for (const Instance& instance : card.mig->instances) {
    const Profile* profile = ProfileById(*card.mig, instance.profile_id);
    if (profile == nullptr) {
      return Refuse(CutReason::kUnreadable,
                    fmt::format("{} has an instance of the profile {}, which the driver does not "
                                "name",
                                GpuText(card), instance.profile_id));
    }
    layout.instances.push_back({profile->name, instance.placement.start});
  }
  return layout;
}

}  // namespace tangram::agent
