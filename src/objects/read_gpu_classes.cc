#include "objects/read_gpu_classes.h"

#include <fmt/format.h>

#include <cctype>

#include "base/quantity_text.h"
#include "base/text.h"
#include "cluster/fallbacks.h"
#include "gpu/gpu.h"
#include "objects/object.h"

namespace tangram::objects {
namespace {

using base::Result;
using cluster::GpuClass;
using yaml::Fields;
using yaml::Found;
using yaml::Value;
using yaml::Words;

constexpr Words<GpuClass::Isolation, 3> kIsolations = {
    {{"Hardware", GpuClass::Isolation::kHardware},
     {"Shared", GpuClass::Isolation::kShared},
     {"Exclusive", GpuClass::Isolation::kExclusive}}};
constexpr Words<GpuClass::Latency, 2> kLatencies = {
    {{"Sensitive", GpuClass::Latency::kSensitive}, {"Tolerant", GpuClass::Latency::kTolerant}}};
constexpr Words<std::string_view, 5> kLevels = {{{"Host", "Host"},
                                                 {"NVLink", "NVLink"},
                                                 {"Rack", "Rack"},
                                                 {"Block", "Block"},
                                                 {"Zone", "Zone"}}};

constexpr int kMostDevices =
    32;  // of a ResourceClaim: k8s.io/api/resource, AllocationResultsMaxSize
constexpr std::size_t kMostSelectors = 32;        // likewise, DeviceSelectorsMaxSize
constexpr std::size_t kLongestSelector = 10'240;  // likewise, CELSelectorExpressionMaxLength
constexpr std::size_t kMostFallbacks = 8;

constexpr std::int64_t kMilliBytesPerMiB = std::int64_t{1000} << 20U;
constexpr std::int64_t kMostMiB = std::int64_t{1} << 20U;  // 1Ti

KnownNames KnownModels() {
  KnownNames known{.names = {}, .unknown = "a model that is not known", .example = "A100-40GB"};
  for (const gpu::Model& model : gpu::Models()) known.names.emplace_back(model.name);
  return known;
}

// Digits, at most three after the point, and a unit: what both the schema and a thousandth of a
// byte can say.
bool IsPlainQuantity(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789";
  constexpr std::size_t kLongest = 24;
  constexpr std::size_t kMostDecimals = 3;
  if (text.size() > kLongest) return false;
  const auto digits_end = std::min(text.find_first_not_of(kDigits), text.size());
  if (digits_end == 0) return false;
  text.remove_prefix(digits_end);
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    const auto decimals = std::min(text.find_first_not_of(kDigits), text.size());
    if (decimals == 0 || decimals > kMostDecimals) return false;
    text.remove_prefix(decimals);
  }
  constexpr std::array<std::string_view, 9> kUnits = {"",   "k",  "M",  "G", "T",
                                                      "Ki", "Mi", "Gi", "Ti"};
  return std::find(kUnits.begin(), kUnits.end(), text) != kUnits.end();
}

class ClassReader {
 public:
  explicit ClassReader(const Value& value) : object_(value, kGpuClassKind) {}

  Result<GpuClass> Read() && {
    object_.CheckKind();
    ReadMetadata();
    Fields spec = object_.Spec();
    spec.Allow({"count", "memory", "compute", "models", "selectors", "isolation", "latency",
                "interruptible", "topology", "priorityClassName", "fallbacks"});
    ReadDevices(spec);
    ReadKindOfUse(spec);
    ReadSelectors(spec);
    ReadPriorityClass(spec);
    ReadFallbacks(spec);
    if (object_.faults().first()) return tl::unexpected(*object_.faults().first());
    return std::move(class_);
  }

 private:
  void ReadMetadata() {
    Metadata metadata = object_.ReadMetadata();
    if (metadata.name.size() > kLongestLabelValue) {
      object_.WrongName(fmt::format("has {} characters; pods name it in a label, which holds {}",
                                    metadata.name.size(), kLongestLabelValue));
    }
    class_.name = std::move(metadata.name);
    class_.uid = std::move(metadata.uid);
    class_.generation = metadata.generation;
  }

  void ReadDevices(Fields& spec) {
    class_.count = spec.Whole("count", {1, kMostDevices}).value_or(class_.count);
    ReadMemory(spec);
    class_.compute = spec.Whole("compute", {1, 100});
    class_.models = ReadNames(spec, "models", KnownModels());
  }

  void ReadMemory(Fields& spec) {
    const Value* memory = spec.Find("memory");
    if (memory == nullptr) return;
    const bool integer =
        memory->is_scalar() && !memory->is_text() && base::ParseInteger(memory->text).has_value();
    if (integer || (memory->is_text() && IsPlainQuantity(memory->text))) {
      const auto amount = base::ParseMilli(memory->text);
      if (amount && *amount >= kMilliBytesPerMiB && *amount <= kMostMiB * kMilliBytesPerMiB) {
        class_.memory = base::MiB((*amount + kMilliBytesPerMiB - 1) / kMilliBytesPerMiB);
        return;
      }
    }
    spec.Wrong("memory",
               fmt::format("is {}; write the memory of one device with its unit, from 1Mi to 1Ti, "
                           "as 20Gi",
                           Found(*memory)));
  }

  void ReadKindOfUse(Fields& spec) {
    class_.isolation = spec.OneOf("isolation", kIsolations).value_or(class_.isolation);
    class_.latency = spec.OneOf("latency", kLatencies).value_or(class_.latency);
    class_.interruptible = spec.Flag("interruptible").value_or(class_.interruptible);
    class_.topology = spec.OneOf("topology", kLevels).value_or("");
    if (class_.isolation == GpuClass::Isolation::kShared && class_.count > 1) {
      spec.Wrong("count",
                 fmt::format("is {}, and two shares may be of one card, and add nothing; write 1, "
                             "or isolation Hardware",
                             class_.count));
    }
    if (class_.isolation == GpuClass::Isolation::kExclusive && class_.compute) {
      spec.Wrong("compute",
                 fmt::format("is {}, and Exclusive is always a whole card; leave compute "
                             "out, or write isolation Hardware",
                             *class_.compute));
    }
  }

  void ReadSelectors(Fields& spec) {
    const Value* list = spec.Find("selectors");
    if (list == nullptr) return;
    std::vector<Fields> selectors = spec.Maps("selectors");
    if (list->is_list() && (selectors.empty() || selectors.size() > kMostSelectors)) {
      spec.Wrong("selectors", fmt::format("has {} of them; list from 1 to {}, or leave it out",
                                          selectors.size(), kMostSelectors));
      return;
    }
    for (Fields& selector : selectors) {
      constexpr std::string_view kRemedy = "write cel: {expression: CONDITION}";
      selector.Allow({"cel"});
      selector.Need("cel", kRemedy);
      Fields cel = selector.Map("cel");
      cel.Allow({"expression"});
      cel.Need("expression", kRemedy);
      const auto expression = cel.Text("expression");
      if (!expression) continue;
      const std::size_t characters = Characters(*expression);
      if (characters == 0 || characters > kLongestSelector) {
        cel.Wrong("expression", fmt::format("has {} characters; write from 1 to {}", characters,
                                            kLongestSelector));
      }
      class_.selectors.push_back(*expression);
    }
  }

  void ReadPriorityClass(Fields& spec) {
    const auto name = spec.Text("priorityClassName");
    if (!name) return;
    if (!IsObjectName(*name)) {
      spec.Wrong("priorityClassName",
                 fmt::format("is {}; write the name of a PriorityClass, or leave it out",
                             Found(*spec.Find("priorityClassName"))));
    } else if (name->starts_with("system-")) {
      spec.Wrong(
          "priorityClassName",
          fmt::format("is \"{}\", and system- classes are for the cluster's own pods; name a "
                      "PriorityClass of yours",
                      *name));
    }
    class_.priority_class = *name;
  }

  void ReadFallbacks(Fields& spec) {
    class_.fallbacks = ReadSet(spec, "fallbacks");
    if (class_.fallbacks.size() > kMostFallbacks) {
      spec.Wrong("fallbacks", fmt::format("has {} of them; list at most {}",
                                          class_.fallbacks.size(), kMostFallbacks));
    }
    for (std::size_t i = 0; i < class_.fallbacks.size(); ++i) {
      const std::string& name = class_.fallbacks[i];
      if (!IsObjectName(name) || name.size() > kLongestLabelValue) {
        spec.WrongItem("fallbacks", i,
                       fmt::format("is {}; write the name of a GpuClass",
                                   Found(spec.Find("fallbacks")->items[i])));
      } else if (name == class_.name) {
        spec.WrongItem("fallbacks", i, "is the class itself; take it out");
      }
    }
  }

  Object object_;
  GpuClass class_;
};

}  // namespace

Result<std::vector<GpuClass>> ReadGpuClasses(std::string_view text) {
  auto classes = ReadAll<GpuClass>(text, kGpuClassKind,
                                   [](const Value& value) { return ClassReader(value).Read(); });
  if (!classes) return classes;
  for (const GpuClass& one : *classes) {
    const std::vector<std::string> cycle = cluster::FallbackCycle(*classes, one.name);
    if (cycle.empty()) continue;
    return base::Fail(base::ErrorCode::kInvalid,
                      fmt::format("line 1: GpuClass {}: spec.fallbacks lead back to it: {}; take "
                                  "one of them out",
                                  one.name, fmt::join(cycle, " -> ")));
  }
  return classes;
}

}  // namespace tangram::objects
