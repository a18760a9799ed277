// nvidia.com/mig-... must name a profile that a GPU has, spelled as the device plugin spells it.
#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>
#include <set>

#include "base/nearest.h"
#include "base/text.h"
#include "gpu/gpu.h"
#include "lint/rule.h"

namespace tangram::lint {
namespace {

constexpr std::string_view kPrefix = "nvidia.com/mig-";
constexpr std::string_view kShared = ".shared";

// Names that the MIG user guide or mig-parted give, of boards whose table is not known.
constexpr std::array<std::string_view, 6> kOnlyNames = {
    "nvidia.com/mig-1g.16gb",  "nvidia.com/mig-2g.32gb",  // RTX PRO 4500
    "nvidia.com/mig-3g.95gb",  "nvidia.com/mig-4g.95gb",  // early GB200
    "nvidia.com/mig-7g.189gb", "nvidia.com/mig-7g.144gb"};

std::vector<std::string> KnownResources() {
  std::set<std::string> names(kOnlyNames.begin(), kOnlyNames.end());
  for (const gpu::Model& model : gpu::Models()) {
    for (const gpu::MigProfile& profile : model.profiles) names.insert(ResourceNameOf(profile));
  }
  return {names.begin(), names.end()};
}

// What the resource would be with its letters and signs put right: lower case, '+' as '.', and
// "1g10gb" of a DRA device as "1g.10gb".
std::string Respelled(std::string_view resource) {
  std::string profile = base::Lower(resource.substr(kPrefix.size()));
  std::replace(profile.begin(), profile.end(), '+', '.');
  const auto g = profile.find('g');
  const bool no_dot = g != std::string::npos && g + 1 < profile.size() &&
                      std::isdigit(static_cast<unsigned char>(profile[g + 1])) != 0;
  if (no_dot) profile.insert(g + 1, ".");
  return std::string(kPrefix) + profile;
}

struct Suggestion {
  std::vector<std::string> names;  // empty: the resource is right
  std::string message;
};

Suggestion Suggest(const std::string& resource, const std::vector<std::string>& known) {
  const auto is_known = [&](const std::string& name) {
    return std::find(known.begin(), known.end(), name) != known.end();
  };
  if (is_known(resource)) return {};
  if (const std::string respelled = Respelled(resource); is_known(respelled)) {
    return {{respelled}, "The device plugin spells this resource differently, so no node has it."};
  }
  std::vector<std::string> nearest = base::Nearest(resource, known, {resource.size(), 3});
  if (nearest.empty()) nearest.push_back(known.front());
  return {std::move(nearest), "No known GPU has a MIG profile of this name, so no node has it."};
}

// The map at `path` with one key written differently, in its place.
Value Renamed(const Value& map, std::string_view key, const std::string& name) {
  Value renamed = Map({});
  for (const Member& member : map.members) {
    renamed.Set(member.key == key ? name : member.key, member.value);
  }
  return renamed;
}

Mistake Describe(const Object& object, const Ask& ask, const Suggestion& suggestion,
                 std::string_view suffix) {
  const Path map(ask.path.begin(), ask.path.end() - 1);
  const std::string name = suggestion.names.front() + std::string(suffix);
  return {Severity::kError,
          ask.path,
          ask.value->line,
          ask.resource,
          suggestion.message,
          "Use " + base::OneOf(suggestion.names) + ".",
          {{map, Renamed(*At(*object.root, map), ask.resource, name), std::nullopt}}};
}

// What a container asks of MIG, in limits and in requests.
std::vector<Ask> MigAsksOf(const Container& container) {
  std::vector<Ask> asks = AsksOf(container, "limits");
  std::ranges::move(AsksOf(container, "requests"), std::back_inserter(asks));
  std::erase_if(asks, [](const Ask& ask) { return !IsMig(ask.resource); });
  return asks;
}

std::vector<Ask> MigAsksOf(const Object& object) {
  std::vector<Ask> asks;
  for (const Pod& pod : object.pods) {
    for (const Container& container : pod.containers) {
      std::ranges::move(MigAsksOf(container), std::back_inserter(asks));
    }
  }
  return asks;
}

}  // namespace

Mistakes CheckUnknownMigProfile(const Object& object) {
  Mistakes mistakes;
  std::vector<std::string> known;  // made when first needed
  for (const Ask& ask : MigAsksOf(object)) {
    if (known.empty()) known = KnownResources();
    const bool shared = ask.resource.ends_with(kShared);
    const std::string plain =
        shared ? ask.resource.substr(0, ask.resource.size() - kShared.size()) : ask.resource;
    const Suggestion suggestion = Suggest(plain, known);
    if (suggestion.names.empty()) continue;
    mistakes.push_back(Describe(object, ask, suggestion, shared ? kShared : ""));
  }
  return mistakes;
}

}  // namespace tangram::lint
