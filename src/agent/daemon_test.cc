// The whole agent: a fake library, a fake kubelet, a /proc of our own, and what is served of them.
#include "agent/daemon.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <thread>

#include "agent/testing/run_fake.h"
#include "agent/testing/wire.h"
#include "base/mutex.h"
#include "base/text.h"
#include "net/http.h"
#include "net/testing/grpc_server.h"

namespace tangram::agent {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using net::testing::GrpcReply;
using net::testing::GrpcServer;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

class DaemonTest : public testing::WithFake {
 protected:
  void TearDown() override {
    Stop();
    WithFake::TearDown();
  }
  void Start() {
    DaemonOptions options;
    options.library = library_;
    options.limits.call = base::Milliseconds(2'000);
    options.sampler.every = 1s;
    options.sampler.tick = base::Milliseconds(200);
    options.sampler.first_retry = 1s;
    options.kubelet_socket = Path("kubelet.sock");
    options.kubelet_timeout = base::Milliseconds(500);
    options.paths = {Path("proc"), Path("links")};
    options.metrics = net::Listen{};
    options.health = net::Listen{};
    options.version = "1.2.3";
    options.cgroup_root = cgroup_root_;
    auto made = Daemon::Open(std::move(options));
    ASSERT_TRUE(made) << made.error().message;
    daemon_ = *std::move(made);
    thread_ = std::thread([this] { daemon_->Run(stop_); });
  }
  void Stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
    daemon_.reset();
  }
  net::Response Get(std::uint16_t port, const std::string& path) {
    net::Request request;
    request.url = "http://127.0.0.1:" + std::to_string(port) + path;
    const auto answer = client_.Send(request);
    EXPECT_TRUE(answer) << answer.error().message;
    return answer.value_or(net::Response{});
  }
  std::string Metrics() { return Get(daemon_->metrics_port(), "/metrics").body; }
  // The page once it has `text`; what it was last, where it never has.
  std::string Await(const std::string& text) {
    std::string page;
    for (int i = 0; i < 200; ++i) {
      page = Metrics();
      if (page.find(text) != std::string::npos) return page;
      std::this_thread::sleep_for(50ms);
    }
    ADD_FAILURE() << "no " << text << " in\n" << page;
    return page;
  }
  static double ValueOf(const std::string& page, const std::string& series) {
    const std::size_t at = page.find("\n" + series + " ");
    return at == std::string::npos ? -1 : std::stod(page.substr(at + series.size() + 2));
  }
  void InPod(int pid, const std::string& pod) {
    const std::string uid = "0f1e2d3c-4b5a-6978-8796-" + std::to_string(100'000'000'000 + pid);
    const std::string id = std::string(52, 'a') + std::to_string(100'000'000'000 + pid);
    fs::create_directories(Path("proc/" + std::to_string(pid)));
    fs::create_directories(Path("links"));
    Write("proc/" + std::to_string(pid) + "/cgroup", "0::/kubepods/pod" + uid + "/" + id + "\n");
    fs::create_symlink("/var/log/pods/ns_" + pod + "_" + uid + "/main/0.log",
                       Path("links/" + pod + "_ns_main-" + id + ".log"));
  }

  std::string library_ = TANGRAM_FAKE_NVML_LIBRARY;
  std::optional<std::string> cgroup_root_;
  std::atomic<bool> stop_ = false;
  std::unique_ptr<Daemon> daemon_;
  std::thread thread_;
  net::HttpClient client_{{}};
};

// The law: a card shared by four, in bursts; each gets what the library says it used, to 2 points.
TEST_F(DaemonTest, FourPodsOfASharedCardGetWhatTheyUsed) {
  const std::map<int, std::vector<int>> use = {
      {11, {35}}, {12, {40, 0}}, {13, {30, 20, 10, 0}}, {14, {5}}};
  json processes = json::array();
  std::string pods;
  for (const auto& [pid, percent] : use) {
    const std::string pod = "pod-" + std::to_string(pid);
    InPod(pid, pod);
    processes.push_back({{"pid", pid}, {"memoryMiB", 1000 + pid}, {"smPercent", percent}});
    pods += testing::Pod(
        "ns", pod,
        testing::Container("main", testing::Devices("nvidia.com/gpu.shared",
                                                    "GPU-00000000-0000-4000-8000-000000000000::" +
                                                        std::to_string(pid))));
  }
  Play({{"samplePeriodMilliseconds", 50},
        {"cards", {{{"name", "NVIDIA A10"}, {"processes", processes}}}}});
  const GrpcServer kubelet(Path("kubelet.sock"), [&] { return GrpcReply{.message = pods}; });
  Start();
  const std::string labels = R"(gpu_instance="",index="0",namespace="ns",pod="pod-11")";
  std::string page = Await("tangram_gpu_pod_sm_ratio{container=\"main\"," + labels);
  for (const auto& [pid, percent] : use) {
    double mean = 0;
    for (const int one : percent) mean += one / 100.0 / static_cast<double>(percent.size());
    const std::string series =
        R"({container="main",gpu_instance="",index="0",namespace="ns",pod="pod-)" +
        std::to_string(pid) + R"(",profile="")";
    const std::string uuid = R"(,uuid="GPU-00000000-0000-4000-8000-000000000000"})";
    EXPECT_NEAR(ValueOf(page, "tangram_gpu_pod_sm_ratio" + series + uuid), mean, 0.02) << page;
    EXPECT_EQ(ValueOf(page, "tangram_gpu_pod_memory_used_bytes" + series + uuid),
              (1000.0 + pid) * (1 << 20));
    EXPECT_EQ(ValueOf(page, "tangram_gpu_pod_devices" + series +
                                R"(,resource="nvidia.com/gpu.shared")" + uuid),
              1);
  }
  EXPECT_THAT(page, Not(HasSubstr("tangram_gpu_other_")));
}

// Two pods of a card in four: one is held to a quarter of it, the other to half.
TEST_F(DaemonTest, PodsOfASharedCardAreHeldToTheirPartOfItsMemory) {
  const std::string uuid = "GPU-00000000-0000-4000-8000-000000000000";
  const auto replica = [&](int number) { return uuid + "::" + std::to_string(number); };
  fs::create_directories(Path("cgroup/kubepods"));
  Write("cgroup/cgroup.controllers", "memory\n");
  for (const int pid : {11, 12}) {
    InPod(pid, "pod-" + std::to_string(pid));
    fs::create_directories(Path("cgroup/kubepods/pod0f1e2d3c-4b5a-6978-8796-" +
                                std::to_string(100'000'000'000 + pid)));
  }
  const auto pod = [&](const std::string& name, const std::string& devices) {
    return testing::Pod("ns", name, testing::Container("main", devices));
  };
  // Of one message each of the two calls takes its own.
  const std::string answer =
      pod("pod-11", testing::Devices("nvidia.com/gpu.shared", replica(0))) +
      pod("pod-12", testing::Devices("nvidia.com/gpu.shared", replica(1), replica(3))) +
      testing::Allocatable("nvidia.com/gpu.shared", replica(0), replica(1), replica(2), replica(3));
  Play({{"cards",
         {{{"name", "NVIDIA A100-SXM4-40GB"},
           {"memory", {{"totalMiB", 40960}, {"usedMiB", 0}, {"reservedMiB", 0}}},
           {"memoryLimits", true}}}}});
  const GrpcServer kubelet(Path("kubelet.sock"), [&] { return GrpcReply{.message = answer}; });
  cgroup_root_ = Path("cgroup");
  Start();
  const auto limit = [&](const std::string& name) {
    return "tangram_gpu_pod_memory_limit_bytes{namespace=\"ns\",pod=\"" + name + "\",uuid=\"" +
           uuid + "\"}";
  };
  const std::string page = Await(limit("pod-12"));
  EXPECT_EQ(ValueOf(page, limit("pod-11")), 10'240.0 * (1 << 20));
  EXPECT_EQ(ValueOf(page, limit("pod-12")), 20'480.0 * (1 << 20));
}

TEST_F(DaemonTest, WithoutALibraryItIsReadyAndSaysWhy) {
  library_ = "libtangram-none.so.1";
  Start();
  const std::string page = Await("tangram_agent_idle{reason=\"there is no NVIDIA library here");
  EXPECT_THAT(page, HasSubstr("\ntangram_agent_gpus 0\n"));
  EXPECT_THAT(page, HasSubstr("version=\"1.2.3\""));
  EXPECT_EQ(Get(daemon_->health_port(), "/readyz").status, 200);
  EXPECT_EQ(Get(daemon_->health_port(), "/healthz").status, 200);
  EXPECT_EQ(Get(daemon_->health_port(), "/metrics").status, 404);
  EXPECT_EQ(Get(daemon_->metrics_port(), "/").status, 404);
}

TEST_F(DaemonTest, AHungCardHidesNoOther) {
  const json card = {{"name", "NVIDIA L4"}};
  Play({{"cards", {card, card, card}},
        {"faults", {{{"call", "nvmlDeviceGetTemperature"}, {"card", 1}, {"milliseconds", -1}}}}});
  Start();
  const std::string page = Await("tangram_agent_nvml_calls_hung_total 1");
  EXPECT_THAT(page, HasSubstr(R"(tangram_gpu_up{index="0",uuid="GPU-00000000-)"));
  EXPECT_EQ(ValueOf(page, R"(tangram_gpu_up{index="1",uuid=""})"), 0);
  EXPECT_THAT(page, HasSubstr(R"(tangram_gpu_temperature_celsius{index="2",)"));
  EXPECT_EQ(Get(daemon_->health_port(), "/healthz").status, 200);
}

TEST_F(DaemonTest, AKubeletThatLiesOrHangsCostsNoSample) {
  Play({{"cards", {{{"name", "NVIDIA L4"}}}}});
  base::Mutex mutex;
  GrpcReply reply{.message = "<html>"};
  const GrpcServer kubelet(Path("kubelet.sock"), [&] {
    const base::MutexLock lock(mutex);
    return reply;
  });
  const auto now_say = [&](GrpcReply next) {
    const base::MutexLock lock(mutex);
    reply = std::move(next);
  };
  Start();
  Await("tangram_agent_pod_resources_up 0");
  for (const GrpcReply& lie :
       {GrpcReply{.delay_ms = 700}, GrpcReply{.message = std::string(std::size_t{17} << 20, 'x')},
        GrpcReply{.status = "8"}, GrpcReply{.hang_up = true}}) {
    now_say(lie);
    const double before = ValueOf(Metrics(), "tangram_agent_pod_resources_failures_total");
    for (int i = 0; i < 200; ++i) {
      if (ValueOf(Metrics(), "tangram_agent_pod_resources_failures_total") >= before + 2) break;
      std::this_thread::sleep_for(50ms);
    }
    EXPECT_GE(ValueOf(Metrics(), "tangram_agent_pod_resources_failures_total"), before + 2);
  }
  now_say({});
  const std::string page = Await("tangram_agent_pod_resources_up 1");
  EXPECT_THAT(page, HasSubstr("tangram_gpu_temperature_celsius"));
  EXPECT_EQ(ValueOf(page, "tangram_agent_samples_failed_total"), 0);
}

TEST_F(DaemonTest, XidsAreSeenBetweenSamplesAndTheEndIsQuick) {
  Play({{"cards", {{{"name", "NVIDIA L4"}}}},
        {"events", {{{"card", 0}, {"xid", 48}, {"afterMilliseconds", 300}}}}});
  Start();
  const std::string page = Await("tangram_gpu_xid_errors_total{");
  EXPECT_THAT(page, HasSubstr(R"(xid="48"} 1)"));
  EXPECT_EQ(ValueOf(page, "tangram_agent_events_watched"), 1);
  const auto began = base::MonotonicNow();
  Stop();
  EXPECT_LT(base::MonotonicNow() - began, 3s);
}

}  // namespace
}  // namespace tangram::agent
