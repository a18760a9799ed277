// Runs one command to its end and keeps what it wrote.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace tangram::kube {

// Set by one thread, waited for by another in poll(). Thread-safe.
class StopFlag {
 public:
  StopFlag();
  ~StopFlag();
  StopFlag(const StopFlag&) = delete;
  StopFlag& operator=(const StopFlag&) = delete;
  void Set();
  int fd() const { return fd_; }  // readable once set

 private:
  int fd_;
};

struct Command {
  std::vector<std::string> argv;  // argv[0]: a path, or a name looked up in PATH
  std::vector<std::pair<std::string, std::string>> env;  // on top of this process's
  enum class Input { kNone, kTerminal } input = Input::kNone;
  std::chrono::milliseconds deadline{60'000};
  std::size_t max_output = std::size_t{1} << 20;  // of each stream; more ends the command
};

struct CommandResult {
  int exit_code = 0;  // 128 + n: ended by signal n
  std::string out;
  std::string err;
};

// Blocks. The command gets a process group of its own, which is killed at the deadline or when
// `stop` is set. kNotFound: no such command. kUnavailable: deadline or stop. An error never holds
// what the command wrote, nor its environment.
base::Result<CommandResult> RunCommand(const Command& command, const StopFlag& stop);

}  // namespace tangram::kube
