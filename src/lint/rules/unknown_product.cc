// A node selector on nvidia.com/gpu.product must match what feature discovery writes, letter by
// letter.
#include <algorithm>

#include "base/nearest.h"
#include "gpu/gpu.h"
#include "lint/rule.h"

namespace tangram::lint {
namespace {

constexpr std::string_view kLabel = "nvidia.com/gpu.product";

struct Place {
  const Value* value = nullptr;
  Path path;
};

void AddTerms(const Value& spec, const Path& path, std::vector<Place>& places) {
  const Path to = Path{} / "affinity" / "nodeAffinity" /
                  "requiredDuringSchedulingIgnoredDuringExecution" / "nodeSelectorTerms";
  const Value* terms = At(spec, to);
  if (terms == nullptr) return;
  Path at = path;
  at.insert(at.end(), to.begin(), to.end());
  for (std::size_t i = 0; i < terms->items.size(); ++i) {
    const Value* wanted = terms->items[i].Find("matchExpressions");
    if (wanted == nullptr) continue;
    for (std::size_t j = 0; j < wanted->items.size(); ++j) {
      const Value& one = wanted->items[j];
      const Value* values = one.Find("values");
      if (one.TextOf("key") != kLabel || one.TextOf("operator") != "In" || !values) continue;
      for (std::size_t k = 0; k < values->items.size(); ++k) {
        places.push_back({&values->items[k], at / i / "matchExpressions" / j / "values" / k});
      }
    }
  }
}

std::vector<Place> PlacesOf(const Pod& pod) {
  std::vector<Place> places;
  const Value* selector = pod.spec->Find("nodeSelector");
  const Value* product = selector == nullptr ? nullptr : selector->Find(kLabel);
  if (product != nullptr) places.push_back({product, pod.path / "nodeSelector" / kLabel});
  AddTerms(*pod.spec, pod.path, places);
  return places;
}

std::vector<std::string> Products() {
  std::vector<std::string> products;
  for (const gpu::Model& model : gpu::Models()) {
    products.insert(products.end(), model.products.begin(), model.products.end());
  }
  return products;
}

// "-MIG-1g.5gb-SHARED" of the product; "" if it has none.
std::string SuffixOf(const gpu::ProductName& name) {
  return (name.mig_profile.empty() ? "" : "-MIG-" + name.mig_profile) +
         (name.shared ? "-SHARED" : "");
}

std::optional<Mistake> CheckPlace(const Place& place, const std::vector<std::string>& products) {
  if (!place.value->is_scalar() || place.value->text.empty()) return std::nullopt;
  const gpu::ProductName name = gpu::ParseProduct(place.value->text);
  const std::string suffix = SuffixOf(name);
  const std::string& text = place.value->text;
  const bool exact = std::any_of(products.begin(), products.end(),
                                 [&](const std::string& known) { return text == known + suffix; });
  if (exact) return std::nullopt;
  const std::vector<std::string> nearest =
      base::Nearest(name.board, products, {name.board.size(), 3});
  if (nearest.empty()) return std::nullopt;
  const bool blanks = text.find(' ') != std::string::npos;
  return Mistake{
      blanks ? Severity::kError : Severity::kWarning,
      place.path,
      place.value->line,
      text.substr(0, 100),
      blanks ? "Labels have no blanks: feature discovery writes '-' in their place, so no node "
               "matches."
             : "No known GPU has this product name, and labels are compared letter by letter; no "
               "node may match.",
      "Use " + base::OneOf(nearest) + (suffix.empty() ? "" : ", with " + suffix) + ".",
      {{place.path, Text(nearest.front() + suffix), std::nullopt}}};
}

}  // namespace

Mistakes CheckUnknownProduct(const Object& object) {
  Mistakes mistakes;
  std::vector<std::string> products;  // made when first needed
  for (const Pod& pod : object.pods) {
    for (const Place& place : PlacesOf(pod)) {
      if (products.empty()) products = Products();
      if (auto mistake = CheckPlace(place, products)) mistakes.push_back(*std::move(mistake));
    }
  }
  return mistakes;
}

}  // namespace tangram::lint
