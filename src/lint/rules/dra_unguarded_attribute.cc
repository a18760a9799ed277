// One device without the attribute that a selector reads aborts the scheduling of the whole pod.
#include <algorithm>
#include <array>
#include <set>

#include "lint/cel.h"
#include "lint/dra.h"
#include "lint/rule.h"

namespace tangram::lint {
namespace {

// What every device of NVIDIA's driver has, and what its MIG devices have beside.
constexpr std::array<std::string_view, 8> kOnAll = {
    "type",          "productName",       "brand", "architecture", "cudaComputeCapability",
    "driverVersion", "cudaDriverVersion", "memory"};
constexpr std::array<std::string_view, 8> kOnMig = {"profile",     "parentUUID", "multiprocessors",
                                                    "copyEngines", "decoders",   "encoders",
                                                    "jpegEngines", "ofaEngines"};

template <class Names>
bool Has(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// What is known of a device where the read is evaluated.
struct Known {
  enum class Devices { kAny, kNvidia, kNvidiaGpu, kNvidiaMig };
  Devices devices = Devices::kAny;
  std::set<std::string> tested;  // names guarded by `in`, has() or .?
};

Known KnownOf(const Selector& selector, const std::vector<CelToken>& tokens,
              const std::vector<CelRead>& reads) {
  Known known;
  for (const CelRead& read : reads) {
    if (read.form != CelRead::Form::kPlain) known.tested.insert(read.domain + "/" + read.name);
  }
  const bool driver = Compares(tokens, {"device", ".", "driver"}, kNvidiaDriver);
  if (driver) known.devices = Known::Devices::kNvidia;
  if (selector.device_class == "gpu.nvidia.com") known.devices = Known::Devices::kNvidiaGpu;
  const std::vector<std::string_view> type = {"device",      ".", "attributes", "[",
                                              kNvidiaDriver, "]", ".",          "type"};
  const bool mig_type = Compares(tokens, type, "mig");
  if (selector.device_class == "mig.nvidia.com" || mig_type) {
    known.devices = Known::Devices::kNvidiaMig;
  }
  return known;
}

bool IsSafe(const CelRead& read, const Known& known) {
  if (read.form != CelRead::Form::kPlain) return true;
  if (known.tested.contains(read.domain + "/" + read.name)) return true;
  if (read.domain != kNvidiaDriver) return false;
  if (known.devices == Known::Devices::kAny) return false;
  if (Has(kOnAll, read.name)) return true;
  if (known.devices == Known::Devices::kNvidiaGpu) return read.name == "uuid";
  return known.devices == Known::Devices::kNvidiaMig && Has(kOnMig, read.name);
}

// `"x" in device.attributes["d"] && ` before the expression, once for each unsafe read.
std::string Guarded(const std::string& text, const std::vector<CelToken>& tokens,
                    const std::vector<CelRead>& reads, const Known& known) {
  std::string guards;
  std::set<std::string> done;
  for (const CelRead& read : reads) {
    if (IsSafe(read, known) || !done.insert(read.domain + "/" + read.name).second) continue;
    guards += "\"" + read.name + "\" in " + MapText(read.map, read.domain) + " && ";
  }
  const bool loose = std::any_of(tokens.begin(), tokens.end(), [](const CelToken& token) {
    return token.kind == CelToken::Kind::kSign && (token.text == "||" || token.text == "?");
  });
  return guards + (loose ? "(" + text + ")" : text);
}

}  // namespace

Mistakes CheckDraUnguardedAttribute(const Object& object) {
  Mistakes mistakes;
  for (const Selector& selector : SelectorsOf(object)) {
    const std::string& text = selector.expression->text;
    const std::vector<CelToken> tokens = CelTokens(text);
    const std::vector<CelRead> reads = ReadsIn(tokens);
    const Known known = KnownOf(selector, tokens, reads);
    const auto unsafe = std::find_if(reads.begin(), reads.end(),
                                     [&](const CelRead& read) { return !IsSafe(read, known); });
    if (unsafe == reads.end()) continue;
    const bool certain = unsafe->domain == kNvidiaDriver &&
                         (known.devices != Known::Devices::kAny || selector.device_class.empty());
    mistakes.push_back(
        {certain ? Severity::kError : Severity::kWarning,
         selector.path,
         selector.expression->line,
         MapText(unsafe->map, unsafe->domain) + "." + unsafe->name,
         "One device without " + unsafe->name +
             " makes this a CEL error, and that aborts the scheduling of the whole "
             "pod, alternatives included.",
         "Test with in first, or read it as .?" + unsafe->name + ".orValue(...).",
         {{selector.path, Text(Guarded(text, tokens, reads, known)), std::nullopt}}});
  }
  return mistakes;
}

}  // namespace tangram::lint
