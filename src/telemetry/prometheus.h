// A client of Prometheus' query API.
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
#include "net/http.h"
#include "telemetry/promql_answer.h"

namespace tangram::telemetry {

// Fetches "/api/v1/..." below wherever the server is: a URL, or the Kubernetes API server's proxy
// to a service. Adds credentials and the path prefix itself. Answers of any HTTP status are a
// Response. May be called from one thread at a time.
using Fetch = std::function<base::Result<net::Response>(const std::string& path_and_query,
                                                        std::chrono::milliseconds timeout)>;

// The same as a POST of a form, for queries longer than what proxies accept in a URL.
using PostForm = std::function<base::Result<net::Response>(
    const std::string& path, const std::string& form, std::chrono::milliseconds timeout)>;

// Where a Prometheus is, and who asks.
struct PrometheusUrl {
  // http(s)://[user:password@]host[:port][/prefix]. The prefix is kept (Mimir's /prometheus,
  // VictoriaMetrics' /select/0/prometheus, a Thanos or Prometheus behind a route prefix); a pasted
  // /graph, /query or /api/v1... at its end is cut.
  std::string url;
  std::string token_file;  // of a bearer token; read again for each request, as tokens rotate
  std::vector<std::pair<std::string, std::string>>
      headers;  // X-Scope-OrgID for Mimir; secrets allowed
  net::TlsOptions tls;
};

// Not thread-safe; one owner. Copies share the client below.
class Prometheus {
 public:
  explicit Prometheus(Fetch fetch, PostForm post = nullptr);
  // Refuses a URL it cannot use (kInvalid). Sends nothing yet. No error ever holds the user's
  // name, the password or the token.
  static base::Result<Prometheus> Open(const PrometheusUrl& where);

  // An instant query at `time`. `timeout` is told to the server too, and is the exchange's limit.
  base::Result<QueryAnswer> Query(const std::string& promql, base::Time time,
                                  std::chrono::milliseconds timeout = kTimeout) const;
  // A range query: one value at from, from + step, ... up to `to`.
  struct Range {
    base::Time from;
    base::Time to;
    std::chrono::milliseconds step{60'000};
  };
  base::Result<QueryAnswer> QueryRange(const std::string& promql, const Range& range,
                                       std::chrono::milliseconds timeout = kTimeout) const;
  // The values of `label` on the series that `selector` matches between two times; from the index
  // alone, so cheap, and coarse in time (two hours or a block).
  base::Result<std::vector<std::string>> LabelValues(const std::string& label,
                                                     const std::string& selector, base::Time from,
                                                     base::Time to) const;
  // Who answers. Also the readiness probe: a server that is still starting is kUnavailable.
  base::Result<BuildInfo> Build() const;

  // The same, which sends nothing more once `stopped` says so: kUnavailable.
  Prometheus Until(std::function<bool()> stopped) const;

  // Whether long queries can be sent (as a form).
  enum class LongQueries { kRefused, kAccepted };
  LongQueries long_queries() const;

  static constexpr std::chrono::milliseconds kTimeout{60'000};

 private:
  base::Result<std::string> Ask(const std::string& path, const std::string& form,
                                std::chrono::milliseconds timeout) const;

  Fetch fetch_;
  PostForm post_;
};

// Whether what `fetch` reaches speaks Prometheus' query API. An error is the reason why not.
base::Result<BuildInfo> LooksLikePrometheus(const Fetch& fetch);

}  // namespace tangram::telemetry
