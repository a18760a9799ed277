// What every program of ours that listens says and does alike.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "net/server.h"

namespace tangram::net {

struct Listen {
  std::string address = "127.0.0.1";  // numeric
  std::uint16_t port = 0;             // 0: any that is free
};

// text/plain.
Response Plain(int status, std::string body);

// Over plain HTTP; no server where nothing is to listen.
base::Result<std::unique_ptr<HttpServer>> Serve(const std::optional<Listen>& where,
                                                HttpServer::Handler handler);

}  // namespace tangram::net
