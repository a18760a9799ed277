// Prometheus::Open: from a URL to a Fetch with credentials.
#include <fmt/format.h>
#include <openssl/evp.h>

#include <optional>
#include <utility>

#include "base/file.h"
#include "base/text.h"
#include "telemetry/prometheus.h"

namespace tangram::telemetry {
namespace {

using base::ErrorCode;
using base::Fail;
using std::chrono::milliseconds;

constexpr std::size_t kMostTokenBytes = std::size_t{1} << 20;

struct Parts {
  std::string base;  // scheme, host, port and prefix; no trailing slash
  std::string user;  // "user:password" as in the URL, decoded; a secret
};

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string PercentDecode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 &&
                        HexDigit(text[i + 2]) >= 0;
    if (escape) {
      out += static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// What people paste from a browser's address bar is not part of the prefix.
std::string_view CutPastedPath(std::string_view path) {
  const auto api = path.find("/api/v1");
  if (api != std::string_view::npos) path = path.substr(0, api);
  while (path.ends_with('/')) path.remove_suffix(1);
  for (const std::string_view page : {"/graph", "/query"}) {
    if (path.ends_with(page)) path.remove_suffix(page.size());
  }
  while (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

base::Result<Parts> Take(std::string_view url) {
  // The URL itself is never repeated in an error: it may hold a password.
  const auto scheme_end = url.find("://");
  const std::string_view scheme = url.substr(0, scheme_end);
  if (scheme_end == std::string_view::npos || (scheme != "http" && scheme != "https")) {
    return Fail(ErrorCode::kInvalid, "the Prometheus URL must start with http:// or https://");
  }
  std::string_view rest = url.substr(scheme_end + 3);
  if (const auto extra = rest.find_first_of("?#"); extra != std::string_view::npos) {
    rest = rest.substr(0, extra);
  }
  const auto slash = rest.find('/');
  std::string_view authority = rest.substr(0, slash);
  const std::string_view path = slash == std::string_view::npos ? "" : rest.substr(slash);
  Parts parts;
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    parts.user = PercentDecode(authority.substr(0, at));
    authority.remove_prefix(at + 1);
  }
  if (authority.empty() || authority.starts_with(':') ||
      authority.find_first_of(" \t\r\n\\\"<>") != std::string_view::npos) {
    return Fail(ErrorCode::kInvalid, "the Prometheus URL names no host");
  }
  parts.base = fmt::format("{}://{}{}", scheme, authority, CutPastedPath(path));
  return parts;
}

std::string Base64(std::string_view text) {
  std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');
  const int written = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                      reinterpret_cast<const unsigned char*>(text.data()),
                                      static_cast<int>(text.size()));
  out.resize(static_cast<std::size_t>(written));
  return out;
}

// Everything that a request needs; shared by the two functions of one Prometheus.
struct Route {
  Parts parts;
  PrometheusUrl where;
  net::HttpClient client;

  Route(Parts p, PrometheusUrl w)
      : parts(std::move(p)),
        where(std::move(w)),
        client(net::HttpClient::Options{where.tls, "", "tangram"}) {}
};

base::Result<net::Request> Authorized(const Route& route, const std::string& path) {
  net::Request request;
  request.url = route.parts.base + path;
  request.headers = route.where.headers;
  request.headers.emplace_back("Accept", "application/json");
  if (!route.where.token_file.empty()) {
    const auto file = base::ReadFile(route.where.token_file, kMostTokenBytes);
    if (!file) return Fail(ErrorCode::kDenied, "Prometheus' token: " + file.error().message);
    const std::string_view token = base::Trim(*file);
    if (token.empty() || token.find_first_of("\r\n") != std::string_view::npos) {
      return Fail(ErrorCode::kDenied, fmt::format("token file {}: it is empty or is not one line",
                                                  route.where.token_file));
    }
    request.headers.emplace_back("Authorization", fmt::format("Bearer {}", token));
  } else if (!route.parts.user.empty()) {
    request.headers.emplace_back("Authorization", "Basic " + Base64(route.parts.user));
  }
  return request;
}

base::Result<net::Response> Get(Route& route, const std::string& path, milliseconds timeout) {
  auto request = Authorized(route, path);
  if (!request) return tl::unexpected(request.error());
  request->timeout = timeout;
  return route.client.Send(*request);
}

base::Result<net::Response> Post(Route& route, const std::string& path, const std::string& form,
                                 milliseconds timeout) {
  auto request = Authorized(route, path);
  if (!request) return tl::unexpected(request.error());
  request->method = "POST";
  request->headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  request->body = form;
  request->timeout = timeout;
  return route.client.Send(*request);
}

}  // namespace

base::Result<Prometheus> Prometheus::Open(const PrometheusUrl& where) {
  auto parts = Take(base::Trim(where.url));
  if (!parts) return tl::unexpected(parts.error());
  auto route = std::make_shared<Route>(std::move(*parts), where);
  return Prometheus(
      [route](const std::string& path, milliseconds timeout) { return Get(*route, path, timeout); },
      [route](const std::string& path, const std::string& form, milliseconds timeout) {
        return Post(*route, path, form, timeout);
      });
}

}  // namespace tangram::telemetry
