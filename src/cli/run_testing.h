// Commands run in this process, for tests.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "base/file_testing.h"
#include "base/time_text.h"
#include "cli/cli.h"

namespace tangram::cli::testing {

struct Ran {
  int code = 0;
  std::string out;
  std::string err;
};

enum class Terminal { kNo, kYes };

// `tangram ARGS...` with `in` on its standard input.
inline Ran Tangram(std::vector<std::string> args, const std::string& in = "",
                   Terminal terminal = Terminal::kNo) {
  std::istringstream input(in);
  std::ostringstream out;
  std::ostringstream err;
  const bool is_terminal = terminal == Terminal::kYes;
  Streams streams{input, out, err, is_terminal, is_terminal};
  const base::ManualClock clock(*base::ParseTime("2026-11-21T12:00:00Z"));
  args.insert(args.begin(), "tangram");
  const int code = Run(args, streams, clock);
  return {code, out.str(), err.str()};
}

inline std::string SourcePath(const std::string& name) {
  return std::string(TANGRAM_SOURCE_DIR) + "/" + name;
}

inline std::string TextOf(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

// Set TANGRAM_UPDATE_GOLDEN=1 to write what is printed now.
inline void ExpectGolden(const std::string& name, const std::string& text) {
  const std::string path = SourcePath("src/cli/testdata/" + name);
  if (std::getenv("TANGRAM_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << text;
  EXPECT_EQ(text, TextOf(path)) << "TANGRAM_UPDATE_GOLDEN=1 rewrites " << path;
}

// An environment variable for one test; the one before comes back.
class ScopedEnv {
 public:
  ScopedEnv(std::string name, const std::string& value) : name_(std::move(name)) {
    if (const char* before = std::getenv(name_.c_str())) before_ = before;
    setenv(name_.c_str(), value.c_str(), 1);
  }
  ~ScopedEnv() {
    if (before_) {
      setenv(name_.c_str(), before_->c_str(), 1);
    } else {
      unsetenv(name_.c_str());
    }
  }
  ScopedEnv(const ScopedEnv&) = delete;
  ScopedEnv& operator=(const ScopedEnv&) = delete;

 private:
  std::string name_;
  std::optional<std::string> before_;
};

using base::testing::InFolder;

}  // namespace tangram::cli::testing
