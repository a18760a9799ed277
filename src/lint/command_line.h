// Flags in a container's command and args, also inside of a shell's text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lint/fragment.h"
#include "lint/objects.h"

namespace tangram::lint {

// Where the value of a flag stands: in the scalar at `path`, at [begin, end).
struct FlagValue {
  Path path;
  const Value* item = nullptr;
  std::string flag;  // as written: "--gpu-memory-utilization"
  std::string text;  // the value
  std::size_t begin = 0;
  std::size_t end = 0;
};

// The last use of `flag` ("--tensor-parallel-size"), with '-' or '_' inside of it; the last one is
// the one that counts.
std::optional<FlagValue> FindFlag(const Container& container, std::string_view flag);

// The value of `found` replaced. A fragment shows no more than the flag and its value.
std::vector<Edit> WithValue(const FlagValue& found, const std::string& value);

// `flag=value` added to the vLLM server's command line.
Edit WithFlag(const Container& container, const std::string& flag, const std::string& value);

// True where the container starts vLLM's server: `vllm serve`, its api_server module, or a vLLM
// image with its own entry point.
bool IsVllmServer(const Container& container);

}  // namespace tangram::lint
