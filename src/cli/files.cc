#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <istream>
#include <iterator>

#include "cli/command.h"

namespace tangram::cli {
namespace {

constexpr std::int64_t kMostBytes = std::int64_t{1} << 31;

base::Result<void> CannotWrite(const std::string& path) {
  return base::Fail(base::ErrorCode::kInvalid,
                    "cannot write " + path + ": " + std::strerror(errno));
}

}  // namespace

base::Result<std::string> ReadText(const std::string& path, std::istream& in) {
  if (path == "-") {
    return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0) {
    return base::Fail(base::ErrorCode::kInvalid,
                      "cannot read " + path + ": " + std::strerror(errno));
  }
  if (S_ISDIR(info.st_mode)) {
    return base::Fail(base::ErrorCode::kInvalid, "cannot read " + path + ": it is a directory");
  }
  if (info.st_size > kMostBytes) {
    return base::Fail(base::ErrorCode::kInvalid, "cannot read " + path + ": it is over 2 GiB");
  }
  std::ifstream file(path, std::ios::binary);
  std::string text;
  text.resize(static_cast<std::size_t>(info.st_size));
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  // A pipe or /dev/stdin has no size: take the rest piece by piece.
  text.append(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  if (!file.eof() && file.fail()) {
    return base::Fail(base::ErrorCode::kInvalid, "cannot read " + path + ": permission denied?");
  }
  return text;
}

base::Result<void> WriteText(const std::string& path, std::string_view text, std::ostream& out) {
  if (path.empty() || path == "-") {
    out << text;
    return {};
  }
  const std::string draft = path + ".tmp-" + std::to_string(getpid());
  std::ofstream file(draft, std::ios::binary | std::ios::trunc);
  if (!file) return CannotWrite(path);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  if (!file || std::rename(draft.c_str(), path.c_str()) != 0) {
    const auto failed = CannotWrite(path);
    std::remove(draft.c_str());
    return failed;
  }
  return {};
}

}  // namespace tangram::cli
