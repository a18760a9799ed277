// A client of the Kubernetes API server.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "kube/backoff.h"
#include "kube/call.h"
#include "kube/config.h"
#include "kube/flow.h"
#include "kube/list.h"
#include "kube/resource.h"
#include "metrics/metrics.h"
#include "net/http.h"

namespace tangram::kube {

// Around one attempt at a write.
enum class WriteMoment {
  kBefore,  // nothing was sent yet
  kAfter,   // the answer says that it was done, and nobody has heard of it
};

struct ClientOptions {
  // Borrowed, must outlive the client; null: the machine's clock. Tells when credentials expire.
  const base::Clock* clock = nullptr;
  Random random{};  // empty: SystemRandom
  // Attempts at a request that is safe to repeat, with these waits in between.
  int max_attempts = 5;
  Backoff::Limits backoff{};
  // A server that asks for a longer wait than this gets this.
  std::chrono::milliseconds max_retry_after{30'000};
  std::string user_agent = "tangram";
  // How fast to ask; nothing: as fast as the caller does.
  std::optional<FlowLimits> flow{};
  // Borrowed, must outlive the client; null: nothing is counted. See README.md for the names.
  metrics::Registry* metrics = nullptr;
  // Told of every write (whatever is no GET) on the client's thread; may be empty. Where tests end
  // the process.
  std::function<void(WriteMoment, const Asked&)> on_write{};
};

// Thread-safe. Everything asynchronous runs on the one thread of its HttpClient; the destructor
// ends what is in flight, and no callback runs after it.
//
// Errors: kUnavailable, where a later try may help (no connection, 429, 5xx, an answer that makes
// no sense); kDenied for 401 and 403, with the remedy; kNotFound, kConflict, kExpired, kInvalid as
// the server says; kLater for an eviction that a disruption budget forbids. GETs are retried by
// themselves on kUnavailable, and everything after a 429 with Retry-After, unless Call::repeat says
// otherwise; everything is retried once with renewed credentials after a 401.
class Client {
 public:
  // Connects to nothing yet. kInvalid: a configuration that can never work.
  static base::Result<std::unique_ptr<Client>> Open(const Config& config,
                                                    ClientOptions options = {});
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // The blocking calls; not on the client's own thread.

  // Hands over every item, page by page, on the caller's thread; memory holds one page.
  base::Result<ListMeta> List(const Resource& resource, const ListOptions& options,
                              const ListHandler& handler);
  // The object as JSON.
  base::Result<std::string> Get(const Resource& resource, std::string_view ns,
                                std::string_view name, Content content = Content::kFull);
  // Any path: "/version", "/readyz".
  base::Result<std::string> GetPath(const std::string& path);
  // Whether the server has the resource; a group or version that it does not know is a plain "no".
  base::Result<bool> Serves(const Resource& resource);
  // Any request, writes included. Only GETs are retried on their own.
  base::Result<net::Response> Send(const Call& call);

  // The asynchronous ones: `done` runs on the client's thread, and never if the scope was closed.

  using Done = std::function<void(base::Result<net::Response>)>;
  void Start(Call call, Done done, net::HttpClient::ScopeId scope);
  // One attempt; the head's status may be any. A watch: no time limit, cut after `idle_timeout`
  // without a byte. A 401 has been noted: the next call gets renewed credentials.
  void StartStream(Call call, net::HttpClient::StreamHandler handler,
                   std::chrono::milliseconds idle_timeout, net::HttpClient::ScopeId scope);

  net::HttpClient& http();
  const std::string& default_namespace() const;
  const Random& random() const;

 private:
  class Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Whether the APIResourceList of the resource's group and version names it.
base::Result<bool> ServedIn(std::string_view body, const Resource& resource);

// The whole list as values. `decode` gets each item, as ItemDecoder.
template <class T, class Decode>
base::Result<std::vector<T>> ListAll(Client& client, const Resource& resource,
                                     const ListOptions& options, const Decode& decode) {
  std::vector<T> all;
  ListHandler handler;
  handler.on_item = [&](simdjson::ondemand::object& item) -> base::Result<void> {
    base::Result<T> value = decode(item);
    if (!value) return tl::unexpected<base::Error>(value.error());
    all.push_back(std::move(*value));
    return {};
  };
  handler.on_restart = [&] { all.clear(); };
  const auto meta = client.List(resource, options, handler);
  if (!meta) return tl::unexpected<base::Error>(meta.error());
  return all;
}

}  // namespace tangram::kube
