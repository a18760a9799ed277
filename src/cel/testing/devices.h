// The devices that the table of expressions (testdata/expressions.txt) is asked about, and the form
// in which devices and answers stand in files and pipes.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "cel/cel.h"

namespace tangram::cel {

std::vector<std::pair<std::string, Device>> TableDevices();

// The lines of testdata/expressions.txt that are expressions.
std::vector<std::string> TableExpressions();

// As a ResourceSlice has it; what testbed/cmd/dra reads.
nlohmann::json DeviceJson(const Device& device);

// "true", "false", "compile error", "runtime error" or "unknown"; `detail` is for people.
struct Answer {
  std::string kind;
  std::string detail{};
};
Answer OurAnswer(const std::string& expression, const Device& device);

}  // namespace tangram::cel
