// What an operation writes to things that are not ours: a node's taint and labels, and the
// ConfigMaps of mig-manager and of the device plugin. Each is read first, so that a person's change
// in between is seen and kept.
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

// The ConfigMap that mig-manager reads; an empty name: none is told.
struct MigLayoutsIn {
  std::string ns{};
  std::string name{};
};

// A ConfigMap holds 1 MiB. Where the file of layouts is longer than this, those of ours go that are
// not in use; before, they stay: a node may come back with one.
inline constexpr std::size_t kLongLayouts = 256 * 1024;

// The file that mig-manager reads, with the layouts that were not in it; nothing: it has them all.
// Whatever else stands there stays, letter by letter. kInvalid: there is no place for them, or one
// stands there otherwise than we write it.
base::Result<std::optional<std::string>> WithLayouts(const std::string& file,
                                                     const control::WriteLayouts& write);

// Likewise, of the ConfigMap with that file in it.
base::Result<std::optional<std::string>> LayoutsPatch(const control::WriteLayouts& write,
                                                      std::string_view config_map,
                                                      const std::string& fence);

// The ConfigMap of the device plugin's configurations, one a key, and the key that nodes without a
// label use; an empty name: none is told.
struct SharingConfigsIn {
  std::string ns{};
  std::string name{};
  std::string fallback = "default";
};

// The reshare with what it does not know yet: which configuration shares so. kInvalid: the one that
// it is to be made of is not there, cannot be read, or does not allow it; the message says what to
// do.
base::Result<plan::Resharing> WithConfig(plan::Resharing reshare, std::string_view config_map,
                                         const SharingConfigsIn& in);

// The merge patch of the ConfigMap by which it has that configuration; nothing: it has. kInvalid:
// somebody changed it, or the one that it is made of.
base::Result<std::optional<std::string>> SharingPatch(const control::WriteSharing& write,
                                                      std::string_view config_map,
                                                      const SharingConfigsIn& in,
                                                      const std::string& fence);

}  // namespace tangram::adapter
