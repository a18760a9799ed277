#include "telemetry/prometheus.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace tangram::telemetry {
namespace {

using base::ErrorCode;
using std::chrono::milliseconds;

// Proxies and load balancers cut request lines at 8 KiB.
constexpr std::size_t kLongestUrl = 6000;

std::string Seconds(base::Time time) {
  return fmt::format("{}.{:03}", time.time_since_epoch().count() / 1000,
                     time.time_since_epoch().count() % 1000);
}

std::string Pair(std::string_view name, std::string_view value) {
  return fmt::format("{}={}", name, net::UrlEncode(value));
}

// What the server may take; a little less than the exchange, so that its own error arrives.
std::string ServerTimeout(milliseconds timeout) {
  return Pair("timeout", fmt::format("{}ms", std::max<std::int64_t>(timeout.count() - 1000, 500)));
}

}  // namespace

Prometheus::Prometheus(Fetch fetch, PostForm post)
    : fetch_(std::move(fetch)), post_(std::move(post)) {}

Prometheus Prometheus::Until(std::function<bool()> stopped) const {
  const auto unless = [stopped = std::move(stopped)](const auto& send) {
    return [stopped, send](const auto&... request) -> base::Result<net::Response> {
      if (stopped()) return base::Fail(ErrorCode::kUnavailable, "it was told to stop");
      return send(request...);
    };
  };
  return Prometheus(unless(fetch_), post_ ? PostForm(unless(post_)) : nullptr);
}

Prometheus::LongQueries Prometheus::long_queries() const {
  return post_ ? LongQueries::kAccepted : LongQueries::kRefused;
}

base::Result<std::string> Prometheus::Ask(const std::string& path, const std::string& form,
                                          milliseconds timeout) const {
  const bool as_form = form.size() > kLongestUrl && post_;
  auto response = as_form ? post_(path, form, timeout)
                          : fetch_(form.empty() ? path : path + "?" + form, timeout);
  if (!response) return tl::unexpected(response.error());
  if (response->status < 200 || response->status > 299) {
    return tl::unexpected(ErrorOf(response->status, response->body));
  }
  return std::move(response->body);
}

base::Result<QueryAnswer> Prometheus::Query(const std::string& promql, base::Time time,
                                            milliseconds timeout) const {
  const std::string form = fmt::format("{}&{}&{}", Pair("query", promql),
                                       Pair("time", Seconds(time)), ServerTimeout(timeout));
  const auto body = Ask("/api/v1/query", form, timeout);
  if (!body) return tl::unexpected(body.error());
  return ParseQueryAnswer(*body);
}

base::Result<QueryAnswer> Prometheus::QueryRange(const std::string& promql, const Range& range,
                                                 milliseconds timeout) const {
  if (range.step <= milliseconds(0) || range.to < range.from) {
    return base::Fail(ErrorCode::kInvalid, "a range query needs a positive step and from <= to");
  }
  const std::string form =
      fmt::format("{}&{}&{}&{}&{}", Pair("query", promql), Pair("start", Seconds(range.from)),
                  Pair("end", Seconds(range.to)),
                  Pair("step", fmt::format("{}", static_cast<double>(range.step.count()) / 1000)),
                  ServerTimeout(timeout));
  const auto body = Ask("/api/v1/query_range", form, timeout);
  if (!body) return tl::unexpected(body.error());
  return ParseQueryAnswer(*body);
}

base::Result<std::vector<std::string>> Prometheus::LabelValues(const std::string& label,
                                                               const std::string& selector,
                                                               base::Time from,
                                                               base::Time to) const {
  const std::string form =
      fmt::format("{}={}&{}&{}", net::UrlEncode("match[]"), net::UrlEncode(selector),
                  Pair("start", Seconds(from)), Pair("end", Seconds(to)));
  const auto body = Ask("/api/v1/label/" + net::UrlEncode(label) + "/values?" + form, "", kTimeout);
  if (!body) return tl::unexpected(body.error());
  return ParseLabelValues(*body);
}

base::Result<BuildInfo> Prometheus::Build() const {
  constexpr milliseconds kProbe{10'000};
  const auto body = Ask("/api/v1/status/buildinfo", "", kProbe);
  if (body) return ParseBuildInfo(*body);
  if (body.error().code != ErrorCode::kNotFound) return tl::unexpected(body.error());
  // Some routes let only queries through; a query that needs no data then answers for it.
  const auto answer = Ask("/api/v1/query", Pair("query", "vector(1)"), kProbe);
  if (!answer) return tl::unexpected(answer.error());
  const auto parsed = ParseQueryAnswer(*answer);
  if (!parsed) return tl::unexpected(parsed.error());
  return BuildInfo{BuildInfo::Kind::kOther, ""};
}

base::Result<BuildInfo> LooksLikePrometheus(const Fetch& fetch) {
  return Prometheus(fetch).Build();
}

}  // namespace tangram::telemetry
