// A gRPC server on a unix socket for tests: one thread, one connection at a time, scripted
// answers. It speaks as much of HTTP/2 as an answer takes. Not for production.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <thread>

namespace tangram::net::testing {

struct GrpcReply {
  std::string message{};     // without its length
  std::string status = "0";  // grpc-status; empty: no trailers
  std::string raw{};         // in place of a frame around the message
  int delay_ms = 0;
  bool hang_up = false;  // in place of an answer
};

// Listens from construction to destruction, which closes and joins.
class GrpcServer {
 public:
  // Runs on the server's thread, once for each call.
  using Script = std::function<GrpcReply()>;
  GrpcServer(std::string socket, Script script);
  ~GrpcServer();
  GrpcServer(const GrpcServer&) = delete;
  GrpcServer& operator=(const GrpcServer&) = delete;

  int calls() const { return calls_; }

 private:
  void Loop();
  void Serve(int peer);
  bool Answer(int peer, unsigned stream);
  void Wait(int milliseconds) const;

  const std::string socket_;
  const Script script_;
  int listener_ = -1;
  std::atomic<bool> stop_ = false;
  std::atomic<int> calls_ = 0;
  std::thread thread_;
};

}  // namespace tangram::net::testing
