// A loopback HTTP/1.1 server for tests: one thread, scripted answers. Not for production.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tangram::net::testing {

struct SeenRequest {
  std::string method;
  std::string target;                                        // path and query, as sent
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;
  std::string_view Header(std::string_view name) const;
};

// An answer is a list of steps; the connection is kept for the next request unless Close is among
// them or the bytes say otherwise.
struct SendBytes {
  std::string bytes;
};
struct Pause {
  std::chrono::milliseconds span;
};
// Waits until the test calls Open(gate).
struct WaitForGate {
  std::string gate;
};
struct Close {};
using Step = std::variant<SendBytes, Pause, WaitForGate, Close>;
using Answer = std::vector<Step>;

using Headers = std::vector<std::pair<std::string, std::string>>;

// A whole answer with Content-Length.
Answer Reply(int status, std::string_view body, const Headers& headers = {});
// The head of a chunked answer; follow it with Chunk() steps and LastChunk().
SendBytes ChunkedHead(int status, const Headers& headers = {});
SendBytes Chunk(std::string_view data);
SendBytes LastChunk();

struct ServerTls {
  std::string cert_pem{};
  std::string key_pem{};
  std::string client_ca_pem{};  // not empty: a client certificate from it is demanded
};

// Listens on 127.0.0.1 from construction to destruction, which joins the thread and closes every
// connection whatever its script still holds. Thread-safe.
class TestServer {
 public:
  // Runs on the server's thread, once for each request.
  using Script = std::function<Answer(const SeenRequest&)>;
  explicit TestServer(Script script);
  TestServer(Script script, const ServerTls& tls);
  ~TestServer();
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  // "http://127.0.0.1:PORT" (or https).
  std::string Url() const;
  // Lets every answer that waits for the gate go on, now and later.
  void Open(const std::string& gate);
  std::vector<SeenRequest> Requests() const;
  // Blocks until `count` requests came; false after `limit`.
  bool WaitForRequests(std::size_t count,
                       std::chrono::milliseconds limit = std::chrono::seconds(20)) const;
  // Connections accepted so far.
  std::size_t Connections() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tangram::net::testing
