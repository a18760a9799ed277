// What is wrong with a file, and where: gathered on the way out of a failed read.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tangram::cluster {

// `text` as it may stand in a message: at most 40 columns, no control characters.
std::string Shown(std::string_view text);

class Fault {
 public:
  // `what` says what was found and what to do.
  void Set(std::string what) { what_ = std::move(what); }
  bool IsSet() const { return !what_.empty(); }

  // The way to the value, innermost step first.
  void Within(std::string_view field);
  void Within(std::size_t index);
  // The object that the way leads through; the outermost one is kept.
  void Of(std::string object);

  // "nodes[3].gpus[0].index of "gpu-a100-1": found -1; write ..."
  base::Error ToError() const;

 private:
  std::string path_;
  std::string object_;
  std::string what_;
};

}  // namespace tangram::cluster
