// What proves to the API server who we are, renewed as it ages.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "kube/config.h"
#include "kube/exec_plugin.h"
#include "net/http.h"

namespace tangram::kube {

struct Credential {
  std::string authorization;                   // the header's value; empty: none. Secret
  std::shared_ptr<const net::TlsOptions> tls;  // empty: the client's own
  std::uint64_t generation = 0;                // which renewal it came from
};

// Thread-safe.
class CredentialSource {
 public:
  // Borrowed: `clock` must outlive the source.
  CredentialSource(const Config& config, const base::Clock& clock);

  // The credential at hand; nothing if it must be renewed first. Reads no file, runs nothing.
  std::optional<Credential> Cached() const;
  // Blocks: reads the token file or runs the plugin. An error holds no secret.
  base::Result<Credential> Renew();
  // The server answered 401 to it. True if a renewal may help: a plugin or a token file.
  bool Refused(const Credential& credential);
  // Ends a renewal that is running and every later one; for shutdown.
  void Stop() { stop_.Set(); }

 private:
  base::Result<void> RenewFromFile() REQUIRES(mutex_);
  void Keep(ExecCredential fresh) REQUIRES(mutex_);

  const Config config_;
  const base::Clock& clock_;
  StopFlag stop_;
  mutable base::Mutex mutex_;
  std::optional<Credential> current_ GUARDED_BY(mutex_);
  std::optional<base::Time> expires_ GUARDED_BY(mutex_);  // nothing: never
  std::uint64_t generation_ GUARDED_BY(mutex_) = 0;
};

}  // namespace tangram::kube
