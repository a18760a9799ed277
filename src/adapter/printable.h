// Text of the cluster in messages for people.
#pragma once

#include <string>
#include <string_view>

namespace tangram::adapter {

// At most 60 bytes of `text`, what is not printable ASCII as '?': no terminal codes get through.
std::string Printable(std::string_view text);

}  // namespace tangram::adapter
