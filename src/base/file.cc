#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <optional>

namespace tangram::base {
namespace {

constexpr std::size_t kPiece = std::size_t{64} << 10;

tl::unexpected<Error> Unreadable(const std::string& path, std::string_view why) {
  return Fail(ErrorCode::kInvalid, fmt::format("file {} cannot be read: {}", path, why));
}

tl::unexpected<Error> Unreadable(const std::string& path, int error) {
  if (error == EISDIR) return Unreadable(path, "it is a directory; name the file in it");
  const auto code = error == ENOENT ? ErrorCode::kNotFound : ErrorCode::kInvalid;
  return Fail(code, fmt::format("file {} cannot be read: {}", path, std::strerror(error)));
}

// Closes what it was given.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

}  // namespace

class FileLoader {
 public:
  FileLoader(const std::string& path, const FileLimits& limits) : path_(path), limits_(limits) {}

  Result<FileText> Load() {
    const Descriptor file(open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat info = {};
    if (file.get() < 0 || fstat(file.get(), &info) != 0) return Unreadable(path_, errno);
    if (S_ISDIR(info.st_mode)) return Unreadable(path_, EISDIR);
    // A hint alone: pipes and files of the kernel say 0, and a file may grow while it is read.
    const auto size = S_ISREG(info.st_mode) ? static_cast<std::size_t>(info.st_size) : 0;
    if (size > limits_.most_bytes) return TooLong();
    MakeRoom(size);
    if (const auto error = ReadAll(file.get())) return Unreadable(path_, *error);
    if (into_.size_ > limits_.most_bytes) return TooLong();
    std::memset(into_.bytes_.get() + into_.size_, 0, limits_.zeros_behind);
    return std::move(into_);
  }

 private:
  // errno where it failed. One byte above the limit is read, to tell that there is more.
  std::optional<int> ReadAll(int fd) {
    while (into_.size_ <= limits_.most_bytes) {
      if (Room() == 0) MakeRoom(2 * into_.size_);
      const ssize_t got = read(fd, into_.bytes_.get() + into_.size_, Room());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return errno;
      if (got == 0) break;
      into_.size_ += static_cast<std::size_t>(got);
    }
    return std::nullopt;
  }

  std::size_t Room() const { return into_.capacity_ - limits_.zeros_behind - into_.size_; }

  // For `size` bytes of text, and one to see the end by. What is read is not filled before.
  void MakeRoom(std::size_t size) {
    const std::size_t text = std::clamp(size, kPiece, std::max(limits_.most_bytes, kPiece)) + 1;
    into_.capacity_ = text + limits_.zeros_behind;
    auto bytes = std::make_unique_for_overwrite<char[]>(into_.capacity_);
    if (into_.size_ > 0) std::memcpy(bytes.get(), into_.bytes_.get(), into_.size_);
    into_.bytes_ = std::move(bytes);
  }

  tl::unexpected<Error> TooLong() const {
    return Unreadable(path_, fmt::format("it is longer than {} bytes", limits_.most_bytes));
  }

  const std::string& path_;
  const FileLimits limits_;
  FileText into_;
};

Result<FileText> LoadFile(const std::string& path, const FileLimits& limits) {
  try {
    return FileLoader(path, limits).Load();
  } catch (const std::bad_alloc&) {
    return Fail(ErrorCode::kUnavailable,
                fmt::format("file {} cannot be read: there is not enough memory", path));
  }
}

Result<std::string> ReadFile(const std::string& path, std::size_t most_bytes) {
  const auto file = LoadFile(path, {.most_bytes = most_bytes});
  if (!file) return tl::unexpected(file.error());
  return std::string(file->text());
}

}  // namespace tangram::base
