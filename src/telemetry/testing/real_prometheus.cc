#include "telemetry/testing/real_prometheus.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

extern char** environ;

namespace tangram::telemetry::fake {
namespace {

using namespace std::chrono_literals;

constexpr const char* kServer = "/usr/bin/prometheus";
constexpr const char* kTool = "/usr/bin/promtool";

pid_t Spawn(std::vector<std::string> arguments, const std::string& log) {
  std::vector<char*> raw;
  for (std::string& argument : arguments) raw.push_back(argument.data());
  raw.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t pid = -1;
  if (posix_spawn(&pid, raw[0], &actions, nullptr, raw.data(), environ) != 0) pid = -1;
  posix_spawn_file_actions_destroy(&actions);
  return pid;
}

int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  bind(fd, reinterpret_cast<sockaddr*>(&address), length);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  close(fd);
  return ntohs(address.sin_port);
}

}  // namespace

bool RealPrometheus::IsInstalled() {
  return access(kServer, X_OK) == 0 && access(kTool, X_OK) == 0;
}

std::unique_ptr<RealPrometheus> RealPrometheus::Start(const std::vector<RawSeries>& series,
                                                      const std::vector<std::string>& options) {
  std::unique_ptr<RealPrometheus> made(new RealPrometheus());
  if (!made->Write(series)) return nullptr;
  const std::string& folder = made->folder_;
  const int port = FreePort();
  std::vector<std::string> command = {kServer, "--config.file=" + folder + "/prometheus.yml",
                                      "--storage.tsdb.path=" + folder + "/tsdb",
                                      "--storage.tsdb.retention.time=100y",
                                      fmt::format("--web.listen-address=127.0.0.1:{}", port)};
  command.insert(command.end(), options.begin(), options.end());
  made->server_ = Spawn(std::move(command), folder + "/log");
  made->url_ = fmt::format("http://127.0.0.1:{}", port);
  return made->Answers() ? std::move(made) : nullptr;
}

RealPrometheus::~RealPrometheus() {
  if (server_ > 0) {
    kill(server_, SIGTERM);
    waitpid(server_, nullptr, 0);
  }
  if (!folder_.empty()) std::filesystem::remove_all(folder_);
}

Prometheus RealPrometheus::Open() const {
  return *Prometheus::Open({.url = url_, .token_file = "", .headers = {}, .tls = {}});
}

bool RealPrometheus::Write(const std::vector<RawSeries>& series) {
  std::string name =
      (std::filesystem::temp_directory_path() / "tangram-prometheus-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) return false;
  folder_ = name;
  std::ofstream(folder_ + "/data.om") << OpenMetrics(series);
  std::ofstream(folder_ + "/prometheus.yml") << "global:\n  scrape_interval: 1h\n";
  const std::vector<std::string> command = {
      kTool, "tsdb", "create-blocks-from", "openmetrics", folder_ + "/data.om", folder_ + "/tsdb"};
  const pid_t tool = Spawn(command, folder_ + "/log");
  int status = 1;
  if (tool > 0) waitpid(tool, &status, 0);
  EXPECT_EQ(status, 0) << "promtool did not write " << folder_;
  return status == 0;
}

// Polls the readiness probe; the server says so itself.
bool RealPrometheus::Answers() const {
  const Prometheus prometheus = Open();
  const auto until = base::MonotonicNow() + 60s;
  while (true) {
    const auto build = prometheus.Build();
    if (build) return true;
    if (base::MonotonicNow() > until) {
      ADD_FAILURE() << build.error().message;
      return false;
    }
    std::this_thread::sleep_for(50ms);
  }
}

}  // namespace tangram::telemetry::fake
