// Any text: findings or an error, never a crash; and every correction is YAML again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lint/lint.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto findings = tangram::lint::Lint("fuzz.yaml", text);
  if (!findings) return 0;
  for (const tangram::lint::Finding& finding : *findings) {
    if (finding.line < 1 || finding.rule.empty()) std::abort();
    if (!tangram::lint::Lint("corrected.yaml", finding.corrected_yaml)) std::abort();
  }
  return 0;
}
