// What the commands that run until they are stopped have in common.
#pragma once

#include <signal.h>

#include <atomic>
#include <optional>
#include <string>
#include <thread>

#include "base/mutex.h"
#include "base/result.h"
#include "cli/command.h"
#include "net/serve.h"

namespace tangram::cli {

// ":9402", "127.0.0.1:9402", "[::1]:9402"; a missing host is every interface; empty is none.
base::Result<std::optional<net::Listen>> ParseListen(const std::string& text, const char* option);

// Sets `stop` when the process is asked to end, until it goes.
class StopOnSignal {
 public:
  explicit StopOnSignal(std::atomic<bool>& stop);
  ~StopOnSignal();
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

 private:
  void Wait();

  std::atomic<bool>& stop_;
  std::atomic<bool> done_ = false;
  sigset_t signals_{};
  sigset_t before_{};
  std::thread thread_;
};

// One line an event, from any thread.
class LineLog {
 public:
  LineLog(const Context& context, bool as_json) : context_(context), as_json_(as_json) {}

  void Say(const std::string& line);

 private:
  const Context& context_;
  const bool as_json_;
  base::Mutex mutex_;
};

// --log-format.
void AddLogFormat(CLI::App& command, std::string& format);

}  // namespace tangram::cli
