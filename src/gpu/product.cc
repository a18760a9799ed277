// Reading product names.
#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/text.h"
#include "gpu/gpu.h"

namespace tangram::gpu {
namespace {

constexpr std::string_view kShared = "-SHARED";
constexpr std::string_view kMig = "-MIG-";

// As feature discovery spells it: blanks become '-', and what a label cannot hold goes.
std::string AsLabel(std::string_view product) {
  std::string label;
  for (const char c : product) {
    if (c == ' ') label += '-';
    const bool kept = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' ||
                      c == '.' || c == '+';
    if (kept) label += c;
  }
  return label;
}

std::vector<const Model*> BoardsNamed(std::string_view board) {
  std::vector<const Model*> found;
  for (const Model& model : Models()) {
    const bool named = std::any_of(
        model.products.begin(), model.products.end(),
        [board](std::string_view product) { return base::SameIgnoringCase(product, board); });
    if (named) found.push_back(&model);
  }
  return found;
}

// The driver reports a little less than the nominal size; another board is a quarter away or more.
bool MemoryAgrees(const Model& model, base::MiB memory) {
  const std::int64_t off = std::abs(model.memory.value() - memory.value());
  return off * 10 <= model.memory.value();
}

// The one model of `boards` that `agrees` with what else is known; nullptr if none or several do.
template <class Agrees>
const Model* OnlyOne(const std::vector<const Model*>& boards, Agrees agrees) {
  const Model* found = nullptr;
  for (const Model* model : boards) {
    if (!agrees(*model)) continue;
    if (found != nullptr) return nullptr;
    found = model;
  }
  return found;
}

const Model* Choose(const std::vector<const Model*>& boards, const ProductName& name,
                    std::optional<base::MiB> memory) {
  if (boards.size() <= 1) return boards.empty() ? nullptr : boards.front();
  if (!name.mig_profile.empty()) {  // gpu.memory is then the instance's
    return OnlyOne(boards, [&](const Model& model) {
      return ProfileNamed(model, name.mig_profile) != nullptr;
    });
  }
  if (!memory) return nullptr;
  return OnlyOne(boards, [&](const Model& model) { return MemoryAgrees(model, *memory); });
}

}  // namespace

ProductName ParseProduct(std::string_view product, std::optional<base::MiB> memory) {
  ProductName name;
  std::string label = AsLabel(product);
  if (label.ends_with(kShared)) {
    name.shared = true;
    label.resize(label.size() - kShared.size());
  }
  if (const auto at = label.rfind(kMig); at != std::string::npos) {
    name.mig_profile = label.substr(at + kMig.size());
    label.resize(at);
  }
  name.board = std::move(label);
  name.model = Choose(BoardsNamed(name.board), name, memory);
  return name;
}

const Model* ModelOfDevice(std::string_view product_name, std::optional<base::MiB> memory) {
  return ParseProduct(product_name, memory).model;
}

}  // namespace tangram::gpu
