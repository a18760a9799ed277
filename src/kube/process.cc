#include "kube/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <map>
#include <string_view>

#include "base/clock.h"
#include "base/time_text.h"

namespace tangram::kube {
namespace {

// An open file descriptor, closed at the end.
class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  ~Fd() { Close(); }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  void Reset(int fd) {
    Close();
    fd_ = fd;
  }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

struct Pipe {
  Fd read;
  Fd write;
  bool Open() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    read.Reset(ends[0]);
    write.Reset(ends[1]);
    return true;
  }
};

std::vector<std::string> EnvironmentWith(
    const std::vector<std::pair<std::string, std::string>>& more) {
  std::map<std::string, std::string, std::less<>> merged;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    merged.insert_or_assign(std::string(text.substr(0, equals)),
                            std::string(text.substr(equals + 1)));
  }
  for (const auto& [name, value] : more) merged.insert_or_assign(name, value);
  std::vector<std::string> lines;
  for (const auto& [name, value] : merged) lines.push_back(name + "=" + value);
  return lines;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Starts the command in a process group of its own, with no signal blocked. 0 or an errno.
int Spawn(const Command& command, const Pipe& out, const Pipe& err, pid_t* pid) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (command.input == Command::Input::kNone) {
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  }
  posix_spawn_file_actions_adddup2(&actions, out.write.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err.write.get(), STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  int flags = POSIX_SPAWN_SETSIGMASK;
  // A command that talks to the terminal has to stay in the foreground group.
  if (command.input == Command::Input::kNone) flags |= POSIX_SPAWN_SETPGROUP;
  posix_spawnattr_setflags(&attributes, static_cast<short>(flags));
  std::vector<std::string> argv_texts = command.argv;
  std::vector<std::string> env_texts = EnvironmentWith(command.env);
  std::vector<char*> argv = Pointers(argv_texts);
  std::vector<char*> env = Pointers(env_texts);
  const int error = posix_spawnp(pid, argv[0], &actions, &attributes, argv.data(), env.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

enum class Ending { kClosed, kDeadline, kStopped, kTooMuch };

// Moves what is there into `text`; false once the other end is closed.
bool Drain(Fd& fd, std::string& text) {
  std::array<char, 16384> buffer{};
  const ssize_t got = read(fd.get(), buffer.data(), buffer.size());
  if (got > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(got));
    return true;
  }
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return true;
  fd.Close();
  return false;
}

struct Watched {
  Fd& out;
  Fd& err;
  const StopFlag& stop;
  std::chrono::steady_clock::time_point until;
};

// Reads both streams until they are closed, or something ends it early.
Ending Collect(const Command& command, const Watched& watched, CommandResult& result) {
  const auto until = watched.until;
  while (watched.out.get() >= 0 || watched.err.get() >= 0) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until - base::MonotonicNow()).count();
    if (left <= 0) return Ending::kDeadline;
    std::array<pollfd, 3> set = {{{watched.out.get(), POLLIN, 0},
                                  {watched.err.get(), POLLIN, 0},
                                  {watched.stop.fd(), POLLIN, 0}}};
    poll(set.data(), set.size(), static_cast<int>(std::min<std::int64_t>(left, 60'000)));
    if (set[2].revents != 0) return Ending::kStopped;
    if (set[0].revents != 0) Drain(watched.out, result.out);
    if (set[1].revents != 0) Drain(watched.err, result.err);
    if (std::max(result.out.size(), result.err.size()) > command.max_output) {
      return Ending::kTooMuch;
    }
  }
  return Ending::kClosed;
}

// Waits for a command that closed its streams and may still run; false: not in time, or stopped.
bool WaitForEnd(pid_t pid, const StopFlag& stop, std::chrono::steady_clock::time_point until) {
  siginfo_t info{};
  while (base::MonotonicNow() < until) {
    info.si_pid = 0;
    if (waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0) return true;
    if (info.si_pid != 0) return true;
    pollfd stopped{stop.fd(), POLLIN, 0};
    if (poll(&stopped, 1, 5) > 0) return false;
  }
  return false;
}

int Reap(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  return 128 + (WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

}  // namespace

StopFlag::StopFlag() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
StopFlag::~StopFlag() { close(fd_); }
void StopFlag::Set() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = write(fd_, &one, sizeof(one));
}

base::Result<CommandResult> RunCommand(const Command& command, const StopFlag& stop) {
  if (command.argv.empty() || command.argv[0].empty()) {
    return base::Fail(base::ErrorCode::kInvalid, "no command is given");
  }
  const std::string& name = command.argv[0];
  Pipe out;
  Pipe err;
  if (!out.Open() || !err.Open()) {
    return base::Fail(base::ErrorCode::kUnavailable, "no pipe for command " + name);
  }
  pid_t pid = -1;
  if (const int error = Spawn(command, out, err, &pid); error != 0) {
    const auto code = error == ENOENT ? base::ErrorCode::kNotFound : base::ErrorCode::kUnavailable;
    return base::Fail(code, fmt::format("command {}: {}", name, std::strerror(error)));
  }
  out.write.Close();
  err.write.Close();
  CommandResult result;
  const auto until = base::MonotonicNow() + command.deadline;
  Ending ending = Collect(command, {out.read, err.read, stop, until}, result);
  if (ending == Ending::kClosed && !WaitForEnd(pid, stop, until)) ending = Ending::kDeadline;
  if (ending != Ending::kClosed) kill(command.input == Command::Input::kNone ? -pid : pid, SIGKILL);
  result.exit_code = Reap(pid);
  switch (ending) {
    case Ending::kClosed:
      return result;
    case Ending::kDeadline:
      return base::Fail(
          base::ErrorCode::kUnavailable,
          fmt::format("command {} was ended after {}", name, base::FormatSpan(command.deadline)));
    case Ending::kStopped:
      return base::Fail(base::ErrorCode::kUnavailable, "command " + name + " was stopped");
    case Ending::kTooMuch:
      break;
  }
  return base::Fail(base::ErrorCode::kInvalid,
                    fmt::format("command {} wrote more than {} bytes", name, command.max_output));
}

}  // namespace tangram::kube
