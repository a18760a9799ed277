#include "net/testing/grpc_server.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace tangram::net::testing {
namespace {

constexpr unsigned kData = 0;
constexpr unsigned kHeaders = 1;
constexpr unsigned kSettings = 4;
constexpr unsigned kPing = 6;
constexpr unsigned kEndStream = 1;  // of settings and pings: an acknowledgement
constexpr unsigned kEndHeaders = 4;

std::string Frame(unsigned type, unsigned flags, unsigned stream, const std::string& payload) {
  const auto size = static_cast<unsigned>(payload.size());
  std::string frame;
  for (const unsigned byte : {size >> 16, size >> 8, size, type, flags, stream >> 24, stream >> 16,
                              stream >> 8, stream}) {
    frame += static_cast<char>(byte & 0xFF);
  }
  return frame + payload;
}

// HPACK: a literal, not indexed, neither text compressed.
std::string Header(const std::string& name, const std::string& value) {
  std::string text(1, '\0');
  text += static_cast<char>(name.size());
  text += name;
  text += static_cast<char>(value.size());
  return text + value;
}

bool SendAll(int peer, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(peer, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

}  // namespace

GrpcServer::GrpcServer(std::string socket_path, Script script)
    : socket_(std::move(socket_path)), script_(std::move(script)) {
  unlink(socket_.c_str());
  listener_ = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_.size() >= sizeof(address.sun_path)) throw std::invalid_argument("path too long");
  std::strncpy(address.sun_path, socket_.c_str(), sizeof(address.sun_path) - 1);
  if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(listener_, 4) != 0) {
    throw std::runtime_error("cannot listen on " + socket_);
  }
  thread_ = std::thread([this] { Loop(); });
}

GrpcServer::~GrpcServer() {
  stop_ = true;
  thread_.join();
  close(listener_);
  unlink(socket_.c_str());
}

void GrpcServer::Loop() {
  while (!stop_) {
    pollfd waits{listener_, POLLIN, 0};
    if (poll(&waits, 1, 20) <= 0) continue;
    const int peer = accept(listener_, nullptr, nullptr);
    if (peer < 0) continue;
    Serve(peer);
    close(peer);
  }
}

void GrpcServer::Wait(int milliseconds) const {
  for (int waited = 0; waited < milliseconds && !stop_; waited += 10) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

void GrpcServer::Serve(int peer) {
  constexpr std::size_t kPreface = 24;
  constexpr std::size_t kHead = 9;
  std::string read;
  bool greeted = false;
  while (!stop_) {
    pollfd waits{peer, POLLIN, 0};
    if (poll(&waits, 1, 20) <= 0) continue;
    char buffer[4096];
    const ssize_t size = recv(peer, buffer, sizeof(buffer), 0);
    if (size <= 0) return;
    read.append(buffer, static_cast<std::size_t>(size));
    if (!greeted) {
      if (read.size() < kPreface) continue;
      read.erase(0, kPreface);
      greeted = SendAll(peer, Frame(kSettings, 0, 0, ""));
    }
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(read[at]); };
    while (read.size() >= kHead) {
      const std::size_t length =
          std::size_t{byte(0)} << 16 | std::size_t{byte(1)} << 8 | std::size_t{byte(2)};
      if (read.size() < kHead + length) break;
      const unsigned type = byte(3);
      const unsigned flags = byte(4);
      const unsigned stream = static_cast<unsigned>(byte(7)) << 8 | byte(8);
      const std::string payload = read.substr(kHead, length);
      read.erase(0, kHead + length);
      const bool ends = (type == kData || type == kHeaders) && (flags & kEndStream) != 0;
      if (ends && !Answer(peer, stream)) return;
      if ((type == kSettings || type == kPing) && flags == 0) {
        SendAll(peer, Frame(type, kEndStream, 0, type == kPing ? payload : ""));
      }
    }
  }
}

bool GrpcServer::Answer(int peer, unsigned stream) {
  ++calls_;
  const GrpcReply reply = script_();
  Wait(reply.delay_ms);
  if (reply.hang_up) return false;
  const std::string status_200(1, '\x88');
  std::string out =
      Frame(kHeaders, kEndHeaders, stream, status_200 + Header("content-type", "application/grpc"));
  std::string body = reply.raw;
  if (body.empty()) {
    body.assign(1, '\0');
    for (int shift = 24; shift >= 0; shift -= 8) {
      body += static_cast<char>(reply.message.size() >> shift & 0xFF);
    }
    body += reply.message;
  }
  constexpr std::size_t kMost = 16'384;
  for (std::size_t at = 0; at < body.size(); at += kMost) {
    const bool last = at + kMost >= body.size();
    out +=
        Frame(kData, last && reply.status.empty() ? kEndStream : 0, stream, body.substr(at, kMost));
  }
  if (!reply.status.empty()) {
    out += Frame(kHeaders, kEndHeaders | kEndStream, stream,
                 Header("grpc-status", reply.status) + Header("grpc-message", "so it is"));
  }
  return SendAll(peer, out);
}

}  // namespace tangram::net::testing
