// A TCP client that says whatever the test wants. For tests alone.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace tangram::net::testing {

// Connects to 127.0.0.1 at once. Reads give up after 20 s of silence.
class RawSocket {
 public:
  explicit RawSocket(std::uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) Close();
  }
  ~RawSocket() { Close(); }
  RawSocket(const RawSocket&) = delete;
  RawSocket& operator=(const RawSocket&) = delete;

  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }
  void EndSending() { shutdown(fd_, SHUT_WR); }
  // False: the other side is gone.
  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  // What comes until the other side closes.
  std::string ReadToEnd() { return ReadUntil({}); }
  // What comes up to and with `mark`, or to the end.
  std::string ReadUntil(std::string_view mark) {
    std::string got;
    while (mark.empty() || got.find(mark) == std::string::npos) {
      pollfd wanted{fd_, POLLIN, 0};
      if (poll(&wanted, 1, 20'000) <= 0) return got + " [silence]";
      std::array<char, 4096> buffer{};
      const auto count = recv(fd_, buffer.data(), buffer.size(), 0);
      if (count <= 0) return got;
      got.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return got;
  }

 private:
  int fd_;
};

}  // namespace tangram::net::testing
