#include "kube/credentials.h"

#include <fmt/format.h>

#include <utility>

#include "base/file.h"
#include "base/text.h"
#include "kube/base64.h"

namespace tangram::kube {
namespace {

constexpr std::chrono::minutes kTokenFileAge{1};

// What never changes; nothing where there is a plugin or a file.
std::optional<Credential> FixedCredential(const Config& config) {
  if (config.exec || !config.token_file.empty()) return std::nullopt;
  Credential fixed;
  if (!config.token.empty()) fixed.authorization = "Bearer " + config.token;
  if (config.token.empty() && !config.username.empty()) {
    fixed.authorization = "Basic " + EncodeBase64(config.username + ":" + config.password);
  }
  return fixed;
}

}  // namespace

CredentialSource::CredentialSource(const Config& config, const base::Clock& clock)
    : config_(config), clock_(clock), current_(FixedCredential(config)) {}

std::optional<Credential> CredentialSource::Cached() const {
  const base::MutexLock lock(mutex_);
  if (current_ && expires_ && clock_.Now() >= *expires_) return std::nullopt;
  return current_;
}

base::Result<Credential> CredentialSource::Renew() {
  if (config_.exec) {
    auto fresh = RunExecPlugin(*config_.exec, stop_);
    if (!fresh) return tl::unexpected<base::Error>(fresh.error());
    const base::MutexLock lock(mutex_);
    Keep(std::move(*fresh));
    return *current_;
  }
  const base::MutexLock lock(mutex_);
  if (!config_.token_file.empty()) {
    // As client-go: while a new token cannot be read, the old one goes on.
    if (auto read = RenewFromFile(); !read && !current_) {
      return tl::unexpected<base::Error>(read.error());
    }
  }
  return *current_;
}

base::Result<void> CredentialSource::RenewFromFile() {
  expires_ = clock_.Now() + kTokenFileAge;
  const auto text = base::ReadFile(config_.token_file, kMostFileBytes);
  if (!text) return base::Wrap(text.error(), "token file");
  const std::string token(base::Trim(*text));
  if (token.empty()) {
    return base::Fail(base::ErrorCode::kInvalid, "token file " + config_.token_file + " is empty");
  }
  Keep({.token = token, .client_cert_pem = {}, .client_key_pem = {}, .expires = expires_});
  return {};
}

void CredentialSource::Keep(ExecCredential fresh) {
  Credential credential;
  credential.generation = ++generation_;
  if (!fresh.token.empty()) credential.authorization = "Bearer " + fresh.token;
  if (!fresh.client_cert_pem.empty()) {
    auto tls = std::make_shared<net::TlsOptions>(config_.tls);
    tls->client_cert_pem = std::move(fresh.client_cert_pem);
    tls->client_key_pem = std::move(fresh.client_key_pem);
    credential.tls = std::move(tls);
  }
  current_ = std::move(credential);
  expires_ = fresh.expires;
}

bool CredentialSource::Refused(const Credential& credential) {
  if (!config_.exec && config_.token_file.empty()) return false;
  const base::MutexLock lock(mutex_);
  // Somebody may have renewed it meanwhile; then that one has not been refused yet.
  if (current_ && current_->generation == credential.generation) expires_ = base::Time{};
  return true;
}

}  // namespace tangram::kube
