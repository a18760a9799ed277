// Reading small files that others wrote.
#pragma once

#include <string>

#include "base/result.h"

namespace tangram::kube {

// The whole file, at most 4 MiB. kNotFound: there is none. Errors name the path and the reason.
base::Result<std::string> ReadSmallFile(const std::string& path);

}  // namespace tangram::kube
