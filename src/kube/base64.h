// Base64 as kubeconfig files hold it (RFC 4648, with padding).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tangram::kube {

std::string EncodeBase64(std::string_view bytes);
// Blanks and line ends are skipped; nothing else may be in it.
std::optional<std::string> DecodeBase64(std::string_view text);

}  // namespace tangram::kube
