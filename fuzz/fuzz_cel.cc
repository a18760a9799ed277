// Any text is compiled, and asked about one device: no crash, no hang, an answer with its reason.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "cel/cel.h"

namespace {

const tangram::cel::Device kDevice = {"a.io",
                                      true,
                                      {{"type", std::string("gpu")},
                                       {"count", std::int64_t{3}},
                                       {"flag", true},
                                       {"version", tangram::cel::VersionText{"1.2.3"}}},
                                      {{"memory", "80Gi"}, {"half", "1.5Gi"}}};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto program = tangram::cel::Compile(text);
  if (!program) {
    if (program.error().message.empty()) std::abort();
    return 0;
  }
  const tangram::cel::Outcome outcome = program->Matches(kDevice);
  if (program->Matches(kDevice) != outcome) std::abort();
  return 0;
}
