#include "plan/classes/claim.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/digest.h"

namespace tangram::plan::classes {
namespace {

constexpr std::size_t kMostAlternatives = 8;  // FirstAvailableDeviceRequestMaxSize
constexpr std::size_t kNameLetters = 200;     // of the class, in the template's name
constexpr std::size_t kDigestLetters = 10;

std::string MemorySelector(base::MiB memory) {
  return fmt::format(
      "device.capacity['gpu.nvidia.com'].?memory.orValue(quantity('0'))"
      ".compareTo(quantity('{}Mi')) >= 0",
      memory.value());
}

// A request that takes only a part would have a card all to itself where the driver does not share
// it.
constexpr const char* kSharedSelector = "device.allowMultipleAllocations";

std::string ProfileSelector(std::string_view profile) {
  return fmt::format("device.attributes['gpu.nvidia.com'].?profile.orValue('') == '{}'", profile);
}

// The driver writes blanks where feature discovery writes '-'. Asked with `in` and not with
// orValue: of what that returns the API server does not know that it has at most 64 letters, prices
// replace() by the longest string there can be, and refuses the template ("exceeds cost limit").
std::string ModelSelector(const std::vector<const gpu::Model*>& models) {
  std::set<std::string_view> products;
  for (const gpu::Model* model : models) {
    products.insert(model->products.begin(), model->products.end());
  }
  return fmt::format(
      "'productName' in device.attributes['gpu.nvidia.com'] && "
      "device.attributes['gpu.nvidia.com'].productName.replace(' ', '-') in ['{}']",
      fmt::join(products, "', '"));
}

// Kinds that a claim can name apart: cards, and instances of one profile.
struct Part {
  std::string_view profile{};               // empty: cards
  bool by_capacity = false;                 // parts of cards
  std::vector<const gpu::Model*> models{};  // that meet the need so
  bool all = true;                          // every model with DRA devices that has the profile
};

std::string DnsLabel(std::string_view profile) {
  std::string name = "mig-";
  for (const char letter : profile) name += letter == '.' || letter == '+' ? '-' : letter;
  return name;
}

Alternative AlternativeOf(const Part& part, const Need& need) {
  Alternative made;
  made.name = part.profile.empty() ? "card" : DnsLabel(part.profile);
  if (part.by_capacity) {
    made.name = "part";
    made.capacity = {{"memory", fmt::format("{}Mi", need.memory.value())}};
    made.selectors.push_back(kSharedSelector);
  }
  made.device_class = part.profile.empty() ? "gpu.nvidia.com" : "mig.nvidia.com";
  made.count = need.count;
  if (!part.profile.empty()) made.selectors.push_back(ProfileSelector(part.profile));
  if (need.memory.value() > 0) made.selectors.push_back(MemorySelector(need.memory));
  if (!need.models.empty()) {
    made.selectors.push_back(ModelSelector(need.models));
  } else if (!part.all && !part.models.empty()) {
    made.selectors.push_back(ModelSelector(part.models));
  }
  for (const std::string& selector : need.selectors) made.selectors.push_back(selector);
  return made;
}

// All kinds of the DRA world: what is there, and the profiles of the models that are there.
std::vector<Kind> KindsOf(const Index& index, const Need& need) {
  std::vector<Kind> kinds;
  for (const Offer& offer : index.offers()) {
    if (offer.kind.way != Way::kDra) continue;
    kinds.push_back(PartFor(offer.kind, need));
    if (offer.kind.by_capacity || offer.kind.instance || offer.kind.model == nullptr) continue;
    for (const gpu::MigProfile& profile : offer.kind.model->profiles) {
      if (!profile.is_plain() || !profile.memory || profile.memory_slices == 0) continue;
      Kind kind = offer.kind;
      kind.instance = true;
      kind.profile = &profile;
      kind.seen = *profile.memory;
      kind.price = PriceOf(kind, offer.kind.price);
      kinds.push_back(kind);
    }
  }
  std::stable_sort(kinds.begin(), kinds.end(), IsCheaper);
  return kinds;
}

std::string_view ProfileOf(const Kind& kind) {
  return kind.profile == nullptr ? std::string_view() : kind.profile->name;
}

std::vector<Part> PartsOf(const Index& index, const Need& need) {
  std::vector<Part> parts;
  const std::vector<Kind> kinds = KindsOf(index, need);
  const auto part_of = [&](const Kind& kind) {
    return std::find_if(parts.begin(), parts.end(), [&](const Part& part) {
      return part.profile == ProfileOf(kind) && part.by_capacity == kind.by_capacity;
    });
  };
  for (const Kind& kind : kinds) {
    if (!Meets(kind, need) || (kind.instance && kind.profile == nullptr)) continue;
    auto part = part_of(kind);
    if (part == parts.end())
      part = parts.insert(part, {.profile = ProfileOf(kind), .by_capacity = kind.by_capacity});
    const bool known =
        std::find(part->models.begin(), part->models.end(), kind.model) != part->models.end();
    if (!known && kind.model != nullptr) part->models.push_back(kind.model);
  }
  for (const Kind& kind : kinds) {
    const auto part = part_of(kind);
    if (part != parts.end() && !Meets(kind, need)) part->all = false;
  }
  return parts;
}

std::vector<Alternative> AlternativesFor(const Index& index, const Need& need) {
  std::vector<Alternative> made;
  for (const Part& part : PartsOf(index, need)) made.push_back(AlternativeOf(part, need));
  return made;
}

bool IsSame(const Alternative& a, const Alternative& b) {
  return a.device_class == b.device_class && a.selectors == b.selectors && a.count == b.count &&
         a.capacity == b.capacity;
}

// As many as the API takes. Cards can be had wherever instances can be made: the last one stays.
std::vector<Alternative> Fewest(std::vector<Alternative> all) {
  if (all.size() <= kMostAlternatives) return all;
  std::swap(all[kMostAlternatives - 1], all.back());
  all.resize(kMostAlternatives);
  return all;
}

// A class and its fallback may both take cards, or the same profile, with other memory.
void NameApart(std::vector<Alternative>& alternatives) {
  std::set<std::string> names;
  for (Alternative& each : alternatives) {
    const std::string name = each.name;
    for (int n = 2; !names.insert(each.name).second; ++n) each.name = fmt::format("{}-{}", name, n);
  }
}

std::string TemplateName(std::string_view class_name,
                         const std::vector<Alternative>& alternatives) {
  std::string text;
  for (const Alternative& each : alternatives) {
    text += fmt::format("{} {} {}\n", each.name, each.device_class, each.count);
    for (const std::string& selector : each.selectors) text += selector + '\n';
    for (const auto& [name, quantity] : each.capacity) text += name + '=' + quantity + '\n';
  }
  return fmt::format("tangram-{}-{}", class_name.substr(0, kNameLetters),
                     base::Sha256Hex(text).substr(0, kDigestLetters));
}

}  // namespace

ClaimAsk ClaimFor(const Index& index, std::string_view class_name, std::span<const Need> needs,
                  const Kind& chosen) {
  std::vector<Alternative> all;
  for (const Need& need : needs) {
    for (Alternative& each : AlternativesFor(index, need)) {
      const bool known = std::any_of(all.begin(), all.end(),
                                     [&](const Alternative& other) { return IsSame(other, each); });
      if (!known) all.push_back(std::move(each));
    }
  }
  if (!index.abilities().first_available || all.empty()) {
    all = {AlternativeOf(
        {.profile = ProfileOf(chosen), .by_capacity = chosen.by_capacity, .models = {}},
        needs.front())};
  }
  ClaimAsk claim{.template_name = "", .alternatives = Fewest(std::move(all))};
  NameApart(claim.alternatives);
  claim.template_name = TemplateName(class_name, claim.alternatives);
  return claim;
}

}  // namespace tangram::plan::classes
