// Strings out of simdjson's on-demand values.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>

namespace tangram::kube {

// A copy of the string; nothing if the value is none. Unlike get_string it takes no room in the
// parser's string buffer, so the same value may be read again after a reset().
std::optional<std::string> StringOf(simdjson::ondemand::value value);

}  // namespace tangram::kube
