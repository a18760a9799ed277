#include "agent/look_again.h"

#include <fmt/format.h>
#include <signal.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>

#include "base/file.h"

namespace tangram::agent {
namespace {

constexpr std::size_t kMostCommandLine = 1 << 20;
constexpr std::string_view kDevicePlugin = "nvidia-device-plugin";
constexpr std::string_view kFeatureDiscovery = "gpu-feature-discovery";

std::optional<int> PidOf(const std::string& name) {
  int pid = 0;
  const char* end = name.data() + name.size();
  const auto [stopped, error] = std::from_chars(name.data(), end, pid);
  if (error != std::errc() || stopped != end || pid <= 1) return std::nullopt;
  return pid;
}

// "nvidia-device-plugin" of "/usr/bin/nvidia-device-plugin\0--flag\0"; empty: it is gone, or a
// thread of the kernel.
std::string ProgramOf(const std::string& proc, int pid) {
  const auto line = base::ReadFile(fmt::format("{}/{}/cmdline", proc, pid), kMostCommandLine);
  if (!line) return "";
  const std::string program = line->substr(0, line->find('\0'));
  return program.substr(program.rfind('/') + 1);
}

int HangUp(int pid) { return kill(pid, SIGHUP) == 0 ? 0 : errno; }

}  // namespace

ToldToLookAgain TellToLookAgain(const LookAgainDeps& deps) {
  ToldToLookAgain told;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(deps.proc, failed)) {
    const auto pid = PidOf(entry.path().filename().string());
    if (!pid) continue;
    const std::string program = ProgramOf(deps.proc, *pid);
    if (program != kDevicePlugin && program != kFeatureDiscovery) continue;
    const int error = deps.hang_up ? deps.hang_up(*pid) : HangUp(*pid);
    if (error == ESRCH) continue;  // it ended meanwhile
    if (error != 0) {
      told.problems.push_back(fmt::format("{}: {}", program, std::strerror(error)));
    } else if (program == kDevicePlugin) {
      ++told.device_plugins;
    }
  }
  if (failed) told.problems.push_back(fmt::format("{}: {}", deps.proc, failed.message()));
  return told;
}

std::string WhatIsLeftToDo(const ToldToLookAgain& told) {
  if (told.device_plugins > 0) return "";
  const std::string why = told.problems.empty()
                              ? "no process nvidia-device-plugin runs where the agent can see it"
                              : told.problems.front();
  return fmt::format(
      "The device plugin was not told ({}): delete its pod on the node, so that it "
      "looks at the cards again",
      why);
}

}  // namespace tangram::agent
