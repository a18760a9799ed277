// Reading files that others wrote: bounded, and never half of one.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tangram::base {

// The bytes of a file. Movable, owns them.
class FileText {
 public:
  // Borrowed from this object.
  std::string_view text() const { return {bytes_.get(), size_}; }
  // Bytes from text().data() on that may be read: text().size() and what was asked for in
  // FileLimits::zeros_behind, or more.
  std::size_t capacity() const { return capacity_; }

 private:
  friend class FileLoader;
  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

struct FileLimits {
  std::size_t most_bytes = 0;    // a longer file is refused
  std::size_t zeros_behind = 0;  // zeros after the text, for parsers that read past its end
};

// The whole of a file, a pipe or a device, without a second copy of it in memory. Waits for what
// has no end yet. An error names the path and the reason; kNotFound: there is no such file;
// kUnavailable: there is not enough memory; else kInvalid. Safe from any thread.
Result<FileText> LoadFile(const std::string& path, const FileLimits& limits);

// The same as a string, for small files.
Result<std::string> ReadFile(const std::string& path, std::size_t most_bytes);

}  // namespace tangram::base
