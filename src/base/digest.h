// Short names for what must not be read, and content addresses.
#pragma once

#include <string>
#include <string_view>

namespace tangram::base {

// SHA-256 of `text`, 64 lower-case hex digits.
std::string Sha256Hex(std::string_view text);

}  // namespace tangram::base
