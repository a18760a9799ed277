// Writing JSON straight into a string: for answers that are made thousands of times a second.
#pragma once

#include <string>
#include <string_view>

namespace tangram::adapter {

// `text` as a JSON string, quotes included. Bytes that are no UTF-8 become U+FFFD.
void AppendJson(std::string& out, std::string_view text);

// `key` as one step of a JSON pointer (RFC 6901): '~' and '/' escaped. Not yet JSON.
std::string PointerStep(std::string_view key);

}  // namespace tangram::adapter
