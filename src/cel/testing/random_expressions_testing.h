// Random selectors: mostly of right types, sometimes not. For tests.
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "cel/cel.h"

namespace tangram::cel {

std::string RandomExpression(std::mt19937_64& random);
Device RandomDevice(std::mt19937_64& random);

}  // namespace tangram::cel
