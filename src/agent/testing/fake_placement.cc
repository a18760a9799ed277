#include <algorithm>

#include "agent/testing/fake_machine.h"

namespace tangram::agent::testing {
namespace {

const Profile* ProfileOf(const Mig& mig, const Instance& instance) {
  const auto found =
      std::find_if(mig.profiles.begin(), mig.profiles.end(),
                   [&](const Profile& one) { return one.id == instance.profile_id; });
  return found == mig.profiles.end() ? nullptr : &*found;
}

bool Overlap(const gpu::Placement& a, const gpu::Placement& b) {
  return a.start < b.start + b.size && b.start < a.start + a.size;
}

// nvml.h: "+me" engines are there once; "+me.all" takes every one, so only "-me" may be beside it.
bool EnginesClash(const std::string& a, const std::string& b) {
  const auto has = [](const std::string& name, std::string_view what) {
    return name.find(what) != std::string::npos;
  };
  if (has(a, "+me") && has(b, "+me")) return true;
  return (has(a, "+me.all") && !has(b, "-me")) || (has(b, "+me.all") && !has(a, "-me"));
}

}  // namespace

bool MayPlace(const Mig& mig, const Profile& profile, int start) {
  if (!profile.placements) return false;
  const auto placement =
      std::find_if(profile.placements->begin(), profile.placements->end(),
                   [&](const gpu::Placement& one) { return one.start == start; });
  if (placement == profile.placements->end()) return false;
  int same = 0;
  for (const Instance& other : mig.instances) {
    if (Overlap(*placement, other.placement)) return false;
    const Profile* of = ProfileOf(mig, other);
    if (of != nullptr && EnginesClash(profile.name, of->name)) return false;
    same += other.profile_id == profile.id ? 1 : 0;
  }
  return same < profile.most_instances;
}

int RoomFor(const Mig& mig, const Profile& profile) {
  if (!profile.placements) return 0;
  Mig filled = mig;
  int room = 0;
  for (const gpu::Placement& placement : *profile.placements) {
    if (!MayPlace(filled, profile, placement.start)) continue;
    Instance one;
    one.profile_id = profile.id;
    one.placement = placement;
    filled.instances.push_back(std::move(one));
    ++room;
  }
  return room;
}

unsigned NumberOf(const Profile& profile) {
  const auto ends = [&](std::string_view suffix) { return profile.name.ends_with(suffix); };
  const unsigned one_or_two = profile.compute_slices == 2 ? 1 : 0;
  if (ends("+me.all")) return 0xF + one_or_two;
  if (ends("-me")) return 0xD + one_or_two;
  if (ends("+me")) return 7 + one_or_two;
  const bool graphics = ends("+gfx");
  switch (profile.compute_slices) {
    case 1: {
      const bool double_memory = !graphics && profile.id == 15;  // the same id on every card so far
      return graphics ? 0xA : double_memory ? 9 : 0;
    }
    case 2:
      return graphics ? 0xB : 1;
    case 3:
      return graphics ? 0x11 : 2;
    case 4:
      return graphics ? 0xC : 3;
    default:
      return 4;
  }
}

}  // namespace tangram::agent::testing
