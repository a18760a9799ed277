// spec.resourceClaims and resources.claims name each other.
#include <algorithm>

#include "base/nearest.h"
#include "lint/rule.h"

namespace tangram::lint {
namespace {

struct Use {
  std::string name;
  const Value* node = nullptr;
  Path path;
};

std::vector<Use> Named(const Value* list, const Path& path) {
  std::vector<Use> uses;
  if (list == nullptr) return uses;
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const std::string_view name = list->items[i].TextOf("name");
    if (!name.empty()) uses.push_back({std::string(name), &list->items[i], path / i});
  }
  return uses;
}

std::vector<Use> Defined(const Pod& pod) {
  return Named(pod.spec->Find("resourceClaims"), pod.path / "resourceClaims");
}

std::vector<Use> UsesOf(const Container& container) {
  return Named(At(*container.node, Path{} / "resources" / "claims"),
               container.path / "resources" / "claims");
}

std::vector<Use> Used(const Pod& pod) {
  std::vector<Use> all;
  for (const Container& container : pod.containers) {
    for (Use& use : UsesOf(container)) all.push_back(std::move(use));
  }
  return all;
}

std::vector<Use> Without(const std::vector<Use>& uses, const std::vector<Use>& others) {
  std::vector<Use> left;
  for (const Use& use : uses) {
    const bool there = std::any_of(others.begin(), others.end(),
                                   [&](const Use& other) { return other.name == use.name; });
    if (!there) left.push_back(use);
  }
  return left;
}

// The claim that an undefined name may be a slip of; nullptr if none is near.
const Use* MeantBy(const Use& use, const std::vector<Use>& defined) {
  std::vector<std::string> names;
  for (const Use& claim : defined) names.push_back(claim.name);
  const std::vector<std::string> nearest = base::Nearest(use.name, names, {2, 1});
  if (nearest.empty()) return nullptr;
  return &*std::find_if(defined.begin(), defined.end(),
                        [&](const Use& claim) { return claim.name == nearest.front(); });
}

// What containers use, with slips put right.
std::vector<Use> UsedOrMeant(const Pod& pod, const std::vector<Use>& defined) {
  std::vector<Use> used = Used(pod);
  for (const Use& use : Without(used, defined)) {
    if (const Use* meant = MeantBy(use, defined)) used.push_back(*meant);
  }
  return used;
}

// The container that is likeliest to want the claim: the first that is no init container.
const Container& Likeliest(const Pod& pod) {
  const auto main =
      std::find_if(pod.containers.begin(), pod.containers.end(), [&](const Container& container) {
        return container.path[pod.path.size()].key == "containers";
      });
  return main == pod.containers.end() ? pod.containers.front() : *main;
}

std::size_t ClaimsOf(const Pod& pod) {
  const Value* claims = pod.spec->Find("resourceClaims");
  return claims == nullptr ? 0 : claims->items.size();
}

Value ClaimOfTemplate(const std::string& name) {
  return Map({{"name", Text(name)}, {"resourceClaimTemplateName", Text(name)}});
}

}  // namespace

Mistakes CheckClaimUnused(const Object& object) {
  Mistakes mistakes;
  for (const Pod& pod : object.pods) {
    const std::vector<Use> defined = Defined(pod);
    const std::vector<Use> unused = Without(defined, UsedOrMeant(pod, defined));
    for (std::size_t i = 0; i < unused.size(); ++i) {
      const Container& container = Likeliest(pod);
      const Value* claims = At(*container.node, Path{} / "resources" / "claims");
      const std::size_t next = (claims == nullptr ? 0 : claims->items.size()) + i;
      mistakes.push_back(
          {Severity::kWarning,
           unused[i].path,
           unused[i].node->line,
           unused[i].name,
           "The pod's claim is allocated, but no container uses it: the device stands idle.",
           "Name the claim in resources.claims of the container that needs it, or remove it.",
           {{container.path / "resources" / "claims" / next, Map({{"name", Text(unused[i].name)}}),
             std::nullopt}}});
    }
  }
  return mistakes;
}

Mistakes CheckClaimUndefined(const Object& object) {
  Mistakes mistakes;
  for (const Pod& pod : object.pods) {
    const std::vector<Use> defined = Defined(pod);
    std::vector<std::string> added;
    for (const Use& use : Without(Used(pod), defined)) {
      const Use* meant = MeantBy(use, defined);
      Mistake mistake{
          Severity::kError,
          use.path / "name",
          use.node->line,
          use.name,
          "The container names a claim that spec.resourceClaims does not have; the API "
          "server refuses the pod.",
          meant == nullptr ? "Add the claim to spec.resourceClaims." : "Use " + meant->name + ".",
          {}};
      if (meant != nullptr) {
        mistake.edits = {{meant->path, *meant->node, std::nullopt},
                         {use.path / "name", Text(meant->name), std::nullopt}};
      } else {
        const auto at = std::find(added.begin(), added.end(), use.name);
        const auto index = ClaimsOf(pod) + static_cast<std::size_t>(at - added.begin());
        if (at == added.end()) added.push_back(use.name);
        mistake.edits = {
            {pod.path / "resourceClaims" / index, ClaimOfTemplate(use.name), std::nullopt}};
      }
      mistakes.push_back(std::move(mistake));
    }
  }
  return mistakes;
}

}  // namespace tangram::lint
