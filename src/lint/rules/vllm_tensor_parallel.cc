// vLLM uses as many GPUs as its parallel sizes multiply to, not as many as the container has.
#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/text.h"
#include "lint/command_line.h"
#include "lint/rule.h"

namespace tangram::lint {
namespace {

constexpr const char* kTensor = "--tensor-parallel-size";

// A size that is not a number cannot be judged: nothing. A size that is not set is 1.
std::optional<std::int64_t> SizeOf(const Container& container, std::string_view flag,
                                   std::string_view brief) {
  auto found = FindFlag(container, flag);
  if (!found) found = FindFlag(container, brief);
  if (!found) return 1;
  const auto size = base::ParseInteger(found->text);
  return size && *size >= 1 && *size <= 10'000 ? size : std::nullopt;
}

// Over several nodes a pod has only a part of the GPUs.
bool SpansNodes(const Object& object, const Container& container) {
  if (object.kind == "LeaderWorkerSet" || object.kind.starts_with("Ray")) return true;
  for (const char* list : {"command", "args"}) {
    const Value* items = container.node->Find(list);
    if (items == nullptr) continue;
    const bool ray = std::any_of(items->items.begin(), items->items.end(), [](const Value& item) {
      return item.text.find("ray") != std::string::npos ||
             item.text.find("--nnodes") != std::string::npos ||
             item.text.find("--data-parallel-size-local") != std::string::npos;
    });
    if (ray) return true;
  }
  return false;
}

std::int64_t WholeGpusOf(const Container& container) {
  std::int64_t gpus = 0;
  for (const Ask& ask : AsksOf(container)) {
    const auto count = ask.resource == "nvidia.com/gpu" ? WholeCount(*ask.value) : std::nullopt;
    if (count && *count <= 10'000) gpus = *count;
  }
  return gpus;
}

std::optional<Mistake> CheckContainer(const Object& object, const Container& container) {
  const std::int64_t gpus = WholeGpusOf(container);
  if (gpus == 0 || !IsVllmServer(container) || SpansNodes(object, container)) return std::nullopt;
  const auto tensor = SizeOf(container, kTensor, "-tp");
  const auto pipeline = SizeOf(container, "--pipeline-parallel-size", "-pp");
  const auto data = SizeOf(container, "--data-parallel-size", "-dp");
  if (!tensor || !pipeline || !data) return std::nullopt;
  const std::int64_t used = *tensor * *pipeline * *data;
  if (used == gpus) return std::nullopt;
  const bool too_many = used > gpus;
  auto flag = FindFlag(container, kTensor);
  if (!flag) flag = FindFlag(container, "-tp");
  const std::int64_t others = *pipeline * *data;
  std::vector<Edit> edits;
  if (gpus % others == 0) {
    const std::string size = std::to_string(gpus / others);
    edits = flag ? WithValue(*flag, size) : std::vector<Edit>{WithFlag(container, kTensor, size)};
  } else {
    edits.push_back({container.path / "resources" / "limits" / "nvidia.com/gpu",
                     Number(std::to_string(used)), std::nullopt});
    if (At(*container.node, Path{} / "resources" / "requests" / "nvidia.com/gpu") != nullptr) {
      edits.push_back({container.path / "resources" / "requests" / "nvidia.com/gpu",
                       Number(std::to_string(used)), std::nullopt});
    }
  }
  return Mistake{too_many ? Severity::kError : Severity::kWarning,
                 flag ? flag->path : container.path,
                 flag ? flag->item->line : container.node->line,
                 "vLLM on " + std::to_string(used) + " of " + std::to_string(gpus) + " GPUs",
                 too_many ? "vLLM wants more GPUs than the container has, and does not start."
                          : "vLLM leaves GPUs idle that the container holds.",
                 "Make the parallel sizes multiply to the GPUs of the container.",
                 std::move(edits)};
}

}  // namespace

Mistakes CheckVllmTensorParallel(const Object& object) {
  Mistakes mistakes;
  for (const Pod& pod : object.pods) {
    for (const Container& container : pod.containers) {
      if (auto mistake = CheckContainer(object, container)) {
        mistakes.push_back(*std::move(mistake));
      }
    }
  }
  return mistakes;
}

}  // namespace tangram::lint
