// The NodeOperation object, as report/operation_json.h writes it -> plan::NodeOperation.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "plan/operation.h"

namespace tangram::objects {

inline constexpr std::string_view kOperationKind = "NodeOperation";

// The operations of a YAML or JSON text, by name, as ReadPools reads pools. Error kInvalid: one is
// of a kind that this version does not carry out; or it names line, object, field, what was found
// and what to write.
base::Result<std::vector<plan::NodeOperation>> ReadOperations(std::string_view text);

}  // namespace tangram::objects
