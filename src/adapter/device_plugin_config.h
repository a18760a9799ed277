// Configurations of NVIDIA's device plugin (file form v1), of which its ConfigMap holds one a key.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "plan/share/sharing_config.h"

namespace tangram::adapter {

// Names of configurations that Tangram made begin so.
inline constexpr std::string_view kConfigPrefix = "tangram-";

// What the configuration shares. `object` names it in messages. kInvalid: it cannot be read; the
// message says where, what was found and what to write.
base::Result<plan::SharingConfig> ReadSharingConfig(const std::string& text,
                                                    const std::string& object);

struct NamedConfig {
  std::string name{};  // tangram-..., of the text: equal ones have equal names
  std::string text{};
  bool operator==(const NamedConfig&) const = default;
};

// The configuration with only its sharing changed; every other line stays letter by letter.
// kInvalid: it cannot be read, or not be changed line by line.
base::Result<NamedConfig> WithSharing(const std::string& text, const std::string& object,
                                      const plan::SharingConfig& sharing);

}  // namespace tangram::adapter
