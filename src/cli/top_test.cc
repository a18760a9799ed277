// tangram top: one frame, and a terminal that is as it was when it ends.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/run_testing.h"

namespace tangram::cli {
namespace {

using ::testing::EndsWith;
using testing::ExpectGolden;
using ::testing::HasSubstr;
using testing::Ran;
using testing::SourcePath;
using testing::Tangram;

Ran Once(const std::vector<std::string>& more) {
  std::vector<std::string> args = {"top", "--snapshot", SourcePath("examples/messy.json")};
  args.insert(args.end(), more.begin(), more.end());
  return Tangram(args);
}

TEST(Top, OneFrame) {
  const Ran ran = Once({"--once"});
  EXPECT_EQ(ran.code, kDone) << ran.err;
  ExpectGolden("top.txt", ran.out);
  EXPECT_EQ(Once({}).out, ran.out) << "the output is no terminal";
}

TEST(Top, SortsAndGroupsByPool) {
  const Ran by_name = Once({"--sort", "name", "--policy", SourcePath("examples/pools.yaml")});
  EXPECT_THAT(by_name.out, HasSubstr("by name"));
  const auto json = nlohmann::json::parse(Once({"-o", "json"}).out);
  EXPECT_EQ(json["pools"][0]["name"], "h100-dra");
  EXPECT_EQ(json["all"]["nodes"], 38);
}

TEST(Top, RefusesWhatMakesNoSense) {
  EXPECT_EQ(Once({"--interval", "1ms"}).err, "tangram: --interval is 1ms; write 500ms or more\n");
  EXPECT_EQ(Once({"--sort", "luck"}).code, kBadInput);
}

// tangram top in a terminal of its own.
class Live {
 public:
  Live() {
    winsize size{.ws_row = 24, .ws_col = 90, .ws_xpixel = 0, .ws_ypixel = 0};
    child_ = forkpty(&terminal_, nullptr, nullptr, &size);
    if (child_ == 0) {
      Streams streams{std::cin, std::cout, std::cerr, true, true};
      const base::SystemClock clock;
      const std::string file = SourcePath("examples/messy.json");
      _exit(Run({"tangram", "top", "--snapshot", file, "--interval", "500ms"}, streams, clock));
    }
  }
  ~Live() {
    if (child_ > 0) kill(child_, SIGKILL);
    close(terminal_);
  }
  Live(const Live&) = delete;
  Live& operator=(const Live&) = delete;

  void ReadUntil(const std::string& text) {
    std::array<char, 4096> chunk{};
    pollfd readable{.fd = terminal_, .events = POLLIN, .revents = 0};
    const auto end = base::MonotonicNow() + std::chrono::seconds(20);
    while (said_.find(text) == std::string::npos && base::MonotonicNow() < end) {
      if (poll(&readable, 1, 1'000) <= 0) continue;
      const ssize_t count = read(terminal_, chunk.data(), chunk.size());
      if (count <= 0) break;
      said_.append(chunk.data(), static_cast<std::size_t>(count));
    }
    EXPECT_THAT(said_, HasSubstr(text));
  }
  void Press(char key) const { EXPECT_EQ(write(terminal_, &key, 1), 1); }
  void Signal(int signal) const { kill(child_, signal); }
  int ExitCode() {
    ReadUntil("\x1b[?1049l");
    if (::testing::Test::HasFailure()) kill(child_, SIGKILL);
    int status = 0;
    waitpid(std::exchange(child_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  const std::string& said() const { return said_; }

 private:
  int terminal_ = -1;
  pid_t child_ = -1;
  std::string said_;
};

TEST(TopLive, AKeyChangesTheOrderAndAnotherEndsIt) {
  Live live;
  live.ReadUntil("7d · by waste");
  live.ReadUntil("q quits");
  live.Press('n');
  live.ReadUntil("7d · by name");
  live.Press('q');
  EXPECT_EQ(live.ExitCode(), kDone);
  EXPECT_THAT(live.said(), EndsWith("\x1b[?25h\x1b[?1049l"));
}

TEST(TopLive, ASignalLeavesTheTerminalAsItWas) {
  for (const int signal : {SIGINT, SIGTERM}) {
    Live live;
    live.ReadUntil("q quits");
    live.Signal(signal);
    EXPECT_EQ(live.ExitCode(), kDone);
    EXPECT_THAT(live.said(), EndsWith("\x1b[?25h\x1b[?1049l"));
  }
}

}  // namespace
}  // namespace tangram::cli
