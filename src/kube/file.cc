#include "kube/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace tangram::kube {
namespace {

constexpr std::size_t kMaxFile = std::size_t{4} << 20;

tl::unexpected<base::Error> Unreadable(const std::string& path, int error) {
  const auto code = error == ENOENT ? base::ErrorCode::kNotFound : base::ErrorCode::kInvalid;
  return base::Fail(code, fmt::format("file {} cannot be read: {}", path, std::strerror(error)));
}

base::Result<std::string> ReadOpen(int fd, const std::string& path) {
  struct stat info{};
  if (fstat(fd, &info) != 0) return Unreadable(path, errno);
  if (S_ISDIR(info.st_mode)) return Unreadable(path, EISDIR);
  std::string text;
  std::array<char, 16384> buffer{};
  while (true) {
    const ssize_t got = read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Unreadable(path, errno);
    if (got == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
    if (text.size() > kMaxFile) {
      return base::Fail(base::ErrorCode::kInvalid,
                        fmt::format("file {} is longer than {} bytes", path, kMaxFile));
    }
  }
}

}  // namespace

base::Result<std::string> ReadSmallFile(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return Unreadable(path, errno);
  auto text = ReadOpen(fd, path);
  close(fd);
  return text;
}

}  // namespace tangram::kube
