// What the connections of an HttpServer share: limits, the handler, counts, and who may be closed
// to make room. Used by server.cc and server_connection.h alone.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <list>
#include <memory>

#include "base/mutex.h"
#include "net/server.h"

namespace tangram::net {

// Thread-safe.
class ServerConnection {
 public:
  virtual ~ServerConnection() = default;
  // Closes it if the head of its next request is not whole.
  virtual void CloseIfWaiting() = 0;
  // Closes it if no byte of a request has come.
  virtual void CloseIfIdle() = 0;
};

// Thread-safe.
class ServerState {
 public:
  ServerState(ServerLimits limits, HttpServer::Handler handler)
      : limits_(limits), handler_(std::move(handler)) {}

  const ServerLimits& limits() const { return limits_; }
  // The handler's answer; 500 for one that throws.
  Response Answer(const ServerRequest& request) const;

  // One more connection; false: it must be closed at once.
  bool Admit();
  void Leave();

  // Connections that wait for the head of a request, the longest waiting first: those that may be
  // closed to make room.
  struct Waiting {
    std::weak_ptr<ServerConnection> connection;
    bool told_to_close = false;
  };
  using Place = std::list<Waiting>::iterator;
  Place BeginWaiting(std::weak_ptr<ServerConnection> connection);
  void EndWaiting(Place place);

  // Room for a body; false: too much is being read already.
  bool ReserveBody(std::size_t bytes);
  void ReleaseBody(std::size_t bytes) { body_bytes_ -= bytes; }

  // No request after those that have begun.
  void BeginStop();
  bool stopping() const { return stopping_; }
  // Blocks until no connection is left, or until then.
  void WaitEmpty(std::chrono::steady_clock::time_point until);

  HttpServer::Counts Read() const;

  std::atomic<std::uint64_t> requests = 0;
  std::atomic<std::uint64_t> bad_requests = 0;
  std::atomic<std::uint64_t> failed_handshakes = 0;

 private:
  std::shared_ptr<ServerConnection> LongestWaiting() REQUIRES(mutex_);

  const ServerLimits limits_;
  const HttpServer::Handler handler_;
  std::atomic<std::size_t> body_bytes_ = 0;
  std::atomic<bool> stopping_ = false;

  mutable base::Mutex mutex_;
  base::CondVar left_;
  std::size_t open_ GUARDED_BY(mutex_) = 0;
  std::uint64_t accepted_ GUARDED_BY(mutex_) = 0;
  std::uint64_t refused_ GUARDED_BY(mutex_) = 0;
  std::uint64_t evicted_ GUARDED_BY(mutex_) = 0;
  std::list<Waiting> waiting_ GUARDED_BY(mutex_);
};

}  // namespace tangram::net
