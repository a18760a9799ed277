// Any text: classes that keep within their bounds, or an error that says where.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "cluster/fallbacks.h"
#include "gpu/gpu.h"
#include "objects/read_gpu_classes.h"

namespace {

using tangram::cluster::GpuClass;

bool IsSound(const GpuClass& one) {
  const bool memory = !one.memory || (one.memory->value() >= 1 && one.memory->value() <= 1 << 20);
  const bool compute = !one.compute || (*one.compute >= 1 && *one.compute <= 100);
  const bool models = std::all_of(one.models.begin(), one.models.end(), [](const auto& name) {
    return tangram::gpu::ModelNamed(name) != nullptr;
  });
  const bool shared_one = one.isolation != GpuClass::Isolation::kShared || one.count == 1;
  return !one.name.empty() && one.name.size() <= 63 && one.count >= 1 && one.count <= 32 &&
         memory && compute && models && shared_one;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto classes = tangram::objects::ReadGpuClasses(text);
  if (!classes) {
    if (!classes.error().message.starts_with("line ")) std::abort();
    return 0;
  }
  const auto same = [](const auto& a, const auto& b) { return a.name == b.name; };
  if (classes->empty() ||
      std::adjacent_find(classes->begin(), classes->end(), same) != classes->end()) {
    std::abort();
  }
  for (const GpuClass& one : *classes) {
    if (!IsSound(one)) std::abort();
    if (!tangram::cluster::FallbackCycle(*classes, one.name).empty()) std::abort();
  }
  return 0;
}
