#include "agent/look_again.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

namespace tangram::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class LookAgainTest : public ::testing::Test {
 protected:
  LookAgainTest() {
    proc_ = std::filesystem::path(::testing::TempDir()) /
            ("look-again-" + std::to_string(getpid()) + "-" +
             ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(proc_);
  }
  ~LookAgainTest() override { std::filesystem::remove_all(proc_); }

  void Add(const std::string& pid, const std::string& command_line) {
    std::filesystem::create_directories(proc_ / pid);
    std::ofstream(proc_ / pid / "cmdline", std::ios::binary) << command_line;
  }
  ToldToLookAgain Tell(int answer = 0) {
    return TellToLookAgain({proc_.string(), [&, answer](int pid) {
                              told_.push_back(pid);
                              return answer;
                            }});
  }

  std::filesystem::path proc_;
  std::vector<int> told_;
};

TEST_F(LookAgainTest, BothAreToldAndNobodyElse) {
  Add("7", std::string("/usr/bin/nvidia-device-plugin\0--mig-strategy=mixed\0", 51));
  Add("8", std::string("gpu-feature-discovery\0", 22));
  Add("9", std::string("/bin/sh\0-c\0exec nvidia-device-plugin\0", 37));
  Add("10", std::string("nvidia-device-plugin-exporter\0", 30));
  Add("11", "");  // of the kernel
  Add("self", std::string("nvidia-device-plugin\0", 21));
  Add("1", std::string("nvidia-device-plugin\0", 21));  // never who started everything
  std::filesystem::create_directories(proc_ / "12");    // gone meanwhile
  const ToldToLookAgain told = Tell();
  EXPECT_THAT(told_, UnorderedElementsAre(7, 8));
  EXPECT_EQ(told.device_plugins, 1);
  EXPECT_EQ(WhatIsLeftToDo(told), "");
}

TEST_F(LookAgainTest, WhereNoneRunsAPersonIsTold) {
  Add("8", std::string("gpu-feature-discovery\0", 22));
  const ToldToLookAgain told = Tell();
  EXPECT_THAT(told_, ElementsAre(8));
  EXPECT_THAT(WhatIsLeftToDo(told), HasSubstr("no process nvidia-device-plugin runs"));
}

TEST_F(LookAgainTest, WhereItMayNotBeToldThatIsSaid) {
  Add("7", std::string("nvidia-device-plugin\0", 21));
  const ToldToLookAgain told = Tell(EPERM);
  EXPECT_EQ(told.device_plugins, 0);
  EXPECT_THAT(WhatIsLeftToDo(told), HasSubstr("nvidia-device-plugin: Operation not permitted"));
  EXPECT_THAT(WhatIsLeftToDo(told), HasSubstr("delete its pod"));
}

TEST_F(LookAgainTest, WhoEndedMeanwhileIsNoProblem) {
  Add("7", std::string("nvidia-device-plugin\0", 21));
  EXPECT_THAT(Tell(ESRCH).problems, IsEmpty());
}

TEST_F(LookAgainTest, WithoutProcThatIsSaid) {
  EXPECT_THAT(WhatIsLeftToDo(TellToLookAgain({proc_.string() + "/none", {}})),
              HasSubstr("No such file"));
}

// A real process under that name, which a hangup ends.
TEST_F(LookAgainTest, ARealProcessIsHungUp) {
  std::string name = "nvidia-device-plugin";
  std::string seconds = "60";
  std::array<char*, 3> arguments = {name.data(), seconds.data(), nullptr};
  pid_t pid = 0;
  ASSERT_EQ(posix_spawn(&pid, "/bin/sleep", nullptr, nullptr, arguments.data(), nullptr), 0);
  // The kernel lets us go on before the new program's command line is there to be read.
  const std::string line = "/proc/" + std::to_string(pid) + "/cmdline";
  while (std::filesystem::exists(line) && std::ifstream(line).get() != 'n') {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  const ToldToLookAgain told = TellToLookAgain({});
  int status = 0;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  EXPECT_GE(told.device_plugins, 1);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGHUP);
}

}  // namespace
}  // namespace tangram::agent
