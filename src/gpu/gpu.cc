#include "gpu/gpu.h"

#include <algorithm>
#include <string>

#include "base/text.h"

namespace tangram::gpu {
namespace {

#include "gpu_tables.inc"

// "T4-16GB" begins with the family "T4": what is left is "-", digits, "GB".
bool NamesFamily(std::string_view family, std::string_view name) {
  if (family.empty() || name.size() <= family.size()) return false;
  if (!base::SameIgnoringCase(family, name.substr(0, family.size()))) return false;
  const std::string_view rest = name.substr(family.size());
  if (rest.size() < 4 || rest.front() != '-' || !rest.ends_with("GB")) return false;
  const std::string_view digits = rest.substr(1, rest.size() - 3);
  return digits.find_first_not_of("0123456789") == std::string_view::npos;
}

// "1g.10gb+me" -> "1g.10gb.me".
std::string ResourceSpelling(std::string_view profile) {
  std::string spelled(profile);
  std::replace(spelled.begin(), spelled.end(), '+', '.');
  return spelled;
}

// "1g.10gb+me" -> "1g10gb-me", as the DRA driver names devices.
std::string DeviceSpelling(std::string_view profile) {
  std::string spelled(profile);
  std::erase(spelled, '.');
  std::replace(spelled.begin(), spelled.end(), '+', '-');
  return spelled;
}

}  // namespace

std::string_view NameOf(Architecture architecture) {
  switch (architecture) {
    case Architecture::kPascal:
      return "Pascal";
    case Architecture::kVolta:
      return "Volta";
    case Architecture::kTuring:
      return "Turing";
    case Architecture::kAmpere:
      return "Ampere";
    case Architecture::kAda:
      return "Ada";
    case Architecture::kHopper:
      return "Hopper";
    case Architecture::kBlackwell:
      return "Blackwell";
  }
  return "unknown";
}

std::string_view NameOf(Evidence evidence) {
  switch (evidence) {
    case Evidence::kVerified:
      return "verified";
    case Evidence::kInferred:
      return "inferred";
    case Evidence::kUnknown:
      return "unknown";
  }
  return "unknown";
}

std::span<const Model> Models() { return kModels; }

const Model* ModelNamed(std::string_view name) {
  const Model* family = nullptr;
  int in_family = 0;
  for (const Model& model : kModels) {
    if (base::SameIgnoringCase(model.name, name)) return &model;
    if (!NamesFamily(name, model.name)) continue;
    family = &model;
    ++in_family;
  }
  return in_family == 1 ? family : nullptr;
}

const MigProfile* ProfileNamed(const Model& model, std::string_view name) {
  for (const MigProfile& profile : model.profiles) {
    if (profile.name == name) return &profile;
  }
  const MigProfile* found = nullptr;
  int matches = 0;
  for (const MigProfile& profile : model.profiles) {
    if (ResourceSpelling(profile.name) == name) return &profile;
    if (DeviceSpelling(profile.name) != name) continue;
    found = &profile;
    ++matches;
  }
  return matches == 1 ? found : nullptr;
}

const MigProfile* ProfileById(const Model& model, int id) {
  if (id < 0) return nullptr;
  for (const MigProfile& profile : model.profiles) {
    if (profile.id == id) return &profile;
  }
  return nullptr;
}

bool IsKnownProfile(std::string_view name) {
  return std::any_of(std::begin(kModels), std::end(kModels), [name](const Model& model) {
    return std::any_of(model.profiles.begin(), model.profiles.end(),
                       [name](const MigProfile& profile) {
                         return profile.name == name || ResourceSpelling(profile.name) == name ||
                                DeviceSpelling(profile.name) == name;
                       });
  });
}

std::string ResourceNameOf(const MigProfile& profile) {
  return "nvidia.com/mig-" + ResourceSpelling(profile.name);
}

int MaxMpsClients(const Model& model) {
  const bool turing_or_later =
      model.compute_major > 7 || (model.compute_major == 7 && model.compute_minor >= 5);
  return turing_or_later ? 48 : 16;
}

bool MpsAllowedOnMig() { return false; }

}  // namespace tangram::gpu
