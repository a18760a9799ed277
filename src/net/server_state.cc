#include "net/server_state.h"

#include <utility>
#include <vector>

#include "base/clock.h"

namespace tangram::net {

Response ServerState::Answer(const ServerRequest& request) const {
  try {
    return handler_(request);
  } catch (...) {
    return {.status = 500, .headers = {}, .body = "internal error\n"};
  }
}

// Nothing: all are at work, or have been told already.
std::shared_ptr<ServerConnection> ServerState::LongestWaiting() {
  for (Waiting& waiting : waiting_) {
    if (waiting.told_to_close) continue;
    waiting.told_to_close = true;
    if (auto connection = waiting.connection.lock()) return connection;
  }
  return nullptr;
}

bool ServerState::Admit() {
  std::shared_ptr<ServerConnection> evicted;  // goes after the lock, which its end may take
  const base::MutexLock lock(mutex_);
  if (stopping_) return false;
  ++accepted_;
  if (open_ >= limits_.max_connections) {
    evicted = LongestWaiting();
    if (!evicted) {
      ++refused_;
      return false;
    }
    ++evicted_;
    evicted->CloseIfWaiting();
  }
  ++open_;
  return true;
}

void ServerState::Leave() {
  const base::MutexLock lock(mutex_);
  --open_;
  left_.NotifyAll();
}

ServerState::Place ServerState::BeginWaiting(std::weak_ptr<ServerConnection> connection) {
  const base::MutexLock lock(mutex_);
  return waiting_.insert(waiting_.end(), Waiting{std::move(connection)});
}

void ServerState::EndWaiting(Place place) {
  const base::MutexLock lock(mutex_);
  waiting_.erase(place);
}

bool ServerState::ReserveBody(std::size_t bytes) {
  if (body_bytes_.fetch_add(bytes) + bytes <= limits_.max_total_body) return true;
  body_bytes_ -= bytes;
  return false;
}

void ServerState::BeginStop() {
  std::vector<std::shared_ptr<ServerConnection>> waiting;
  {
    const base::MutexLock lock(mutex_);
    stopping_ = true;
    for (const Waiting& entry : waiting_) waiting.push_back(entry.connection.lock());
  }
  for (const auto& connection : waiting) {
    if (connection) connection->CloseIfIdle();
  }
}

void ServerState::WaitEmpty(std::chrono::steady_clock::time_point until) {
  const base::MutexLock lock(mutex_);
  while (open_ > 0 && base::MonotonicNow() < until) left_.WaitUntil(mutex_, until);
}

HttpServer::Counts ServerState::Read() const {
  const base::MutexLock lock(mutex_);
  return {.accepted = accepted_,
          .refused = refused_,
          .evicted = evicted_,
          .requests = requests,
          .bad_requests = bad_requests,
          .failed_handshakes = failed_handshakes,
          .open = open_};
}

}  // namespace tangram::net
