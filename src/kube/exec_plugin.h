// Credentials from a command: client.authentication.k8s.io/v1 and v1beta1.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "kube/config.h"
#include "kube/process.h"

namespace tangram::kube {

struct ExecCredential {
  std::string token;            // secret; empty where there is a certificate
  std::string client_cert_pem;  // empty where there is a token
  std::string client_key_pem;   // secret
  std::optional<base::Time> expires;
};

// Runs the plugin; blocks up to its deadline. An error holds the command's name and what it wrote
// to stderr, with everything that looks like a credential masked.
base::Result<ExecCredential> RunExecPlugin(const ExecPlugin& plugin, const StopFlag& stop);

// What the plugin printed. No secret in an error.
base::Result<ExecCredential> ParseExecCredential(std::string_view json,
                                                 const std::string& api_version);

// `text` with every run of 24 or more characters of a token's alphabet in which a digit occurs
// replaced by "***".
std::string MaskSecrets(std::string_view text);

}  // namespace tangram::kube
