// What an operation writes to things that are not ours: a node's taint and labels, and
// mig-manager's ConfigMap. Each is read first, so that a person's change in between is seen and
// kept.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "control/actuator.h"

namespace tangram::adapter {

// The merge patch that makes the node, as the API server has it (JSON), what the write says;
// nothing: it is so. It holds only at that resourceVersion. kConflict: a label stands at neither
// value, or another operation has the node.
base::Result<std::optional<std::string>> NodePatch(const control::ChangeNode& write,
                                                   std::string_view node, const std::string& fence);

// The file that mig-manager reads, with the layouts that were not in it; nothing: it has them all.
// Whatever else stands there stays, letter by letter. kInvalid: there is no place for them, or one
// stands there otherwise than we write it.
base::Result<std::optional<std::string>> WithLayouts(const std::string& file,
                                                     const std::vector<plan::MigLayout>& layouts);

// Likewise, of the ConfigMap with that file in it.
base::Result<std::optional<std::string>> LayoutsPatch(const control::WriteLayouts& write,
                                                      std::string_view config_map,
                                                      const std::string& fence);

}  // namespace tangram::adapter
