#include "net/serve.h"

#include <utility>

namespace tangram::net {

Response Plain(int status, std::string body) {
  return {.status = status,
          .headers = {{"content-type", "text/plain; charset=utf-8"}},
          .body = std::move(body)};
}

base::Result<std::unique_ptr<HttpServer>> Serve(const std::optional<Listen>& where,
                                                HttpServer::Handler handler) {
  if (!where) return std::unique_ptr<HttpServer>();
  ServerOptions options;
  options.address = where->address;
  options.port = where->port;
  return HttpServer::Open(std::move(options), std::move(handler));
}

}  // namespace tangram::net
