#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <istream>
#include <ostream>
#include <utility>

#include "base/file.h"
#include "cli/command.h"
#include "report/json.h"

namespace tangram::cli {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 31;
constexpr std::size_t kPiece = std::size_t{1} << 20;

// Piece by piece: character by character takes ten times as long.
base::Result<std::string> ReadStream(std::istream& in) {
  std::string text;
  while (in.good() && text.size() <= kMostBytes) {
    const std::size_t used = text.size();
    text.resize(used + std::max(used / 2, kPiece));
    in.read(text.data() + used, static_cast<std::streamsize>(text.size() - used));
    text.resize(used + static_cast<std::size_t>(in.gcount()));
  }
  if (in.bad()) return base::Fail(base::ErrorCode::kInvalid, "standard input cannot be read");
  if (text.size() > kMostBytes) {
    return base::Fail(base::ErrorCode::kInvalid,
                      fmt::format("standard input is longer than {} bytes", kMostBytes));
  }
  return text;
}

tl::unexpected<base::Error> CannotWrite(const std::string& path, int error) {
  std::string why = std::strerror(error);
  if (error == ENOENT) why = "its folder does not exist; make it, or name another";
  if (error == EISDIR) why = "it is a directory; name a file in it";
  return base::Fail(base::ErrorCode::kInvalid, fmt::format("cannot write {}: {}", path, why));
}

// An open file. Whatever fails leaves its errno.
class Output {
 public:
  Output(const std::string& path, int flags) : fd_(open(path.c_str(), flags | O_CLOEXEC, 0666)) {}
  ~Output() { Close(); }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  bool is_open() const { return fd_ >= 0; }
  bool SetMode(mode_t mode) const { return fchmod(fd_, mode) == 0; }
  bool Write(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t written = write(fd_, text.data(), text.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return false;
      text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
  }
  bool Close() {
    const int fd = std::exchange(fd_, -1);
    return fd < 0 || close(fd) == 0;
  }

 private:
  int fd_;
};

// A name beside `path` that is not taken: what a killed run left does not stop the next one.
std::string DraftName(const std::string& path) {
  std::string name;
  struct stat info = {};
  for (int i = 0; i == 0 || (i < 100 && lstat(name.c_str(), &info) == 0); ++i) {
    name = fmt::format("{}.tmp-{}-{}", path, getpid(), i);
  }
  return name;
}

// `old` is what `path` was, where there was anything: its mode is kept. 0, or an errno.
int Replace(const std::string& path, std::string_view text, const struct stat* old) {
  const std::string draft = DraftName(path);
  Output file(draft, O_WRONLY | O_CREAT | O_EXCL);
  if (!file.is_open()) return errno;
  const bool done = (old == nullptr || file.SetMode(old->st_mode & 07777U)) && file.Write(text) &&
                    file.Close() && std::rename(draft.c_str(), path.c_str()) == 0;
  if (done) return 0;
  const int error = errno;
  std::remove(draft.c_str());
  return error;
}

// A device or a pipe has nothing that could be replaced. 0, or an errno.
int WriteInto(const std::string& path, std::string_view text) {
  Output file(path, O_WRONLY);
  return file.is_open() && file.Write(text) && file.Close() ? 0 : errno;
}

// 0, or an errno.
int WriteFile(const std::string& path, std::string_view text) {
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0) return Replace(path, text, nullptr);
  if (S_ISDIR(info.st_mode)) return EISDIR;
  if (!S_ISREG(info.st_mode)) return WriteInto(path, text);
  // A link stays; what it leads to is replaced.
  std::error_code failed;
  const auto target = std::filesystem::canonical(path, failed);
  return failed ? failed.value() : Replace(target.string(), text, &info);
}

}  // namespace

base::Result<void> ShowJson(std::string_view json, std::string_view output, Streams& streams) {
  if (output == "json") {
    streams.out << json;
    return {};
  }
  const auto yaml = report::JsonToYaml(std::string(json));
  if (!yaml) return tl::unexpected(yaml.error());
  streams.out << *yaml;
  return {};
}

base::Result<std::string> ReadText(const std::string& path, std::istream& in) {
  return path == "-" ? ReadStream(in) : base::ReadFile(path, kMostBytes);
}

base::Result<void> WriteText(const std::string& path, std::string_view text, std::ostream& out) {
  if (path.empty() || path == "-") {
    out << text;
    return {};
  }
  if (const int error = WriteFile(path, text)) return CannotWrite(path, error);
  return {};
}

}  // namespace tangram::cli
