// Text, compressed as gzip does (RFC 1952).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace tangram::adapter {

std::string Gzip(std::string_view text);
// kInvalid: it is not gzip, not whole, or longer than `most` bytes.
base::Result<std::string> Gunzip(std::string_view packed, std::size_t most);

}  // namespace tangram::adapter
