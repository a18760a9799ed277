// tangram agent: the GPUs of the node that it runs on.
#include <fmt/format.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <ostream>

#include "agent/daemon.h"
#include "base/time_text.h"
#include "cli/agent_show.h"
#include "cli/command.h"
#include "cli/service.h"
#include "kube/client.h"
#include "kube/config.h"

namespace tangram::cli {
namespace {

struct AgentOptions {
  std::string library = agent::kNvmlLibrary;
  std::string output = "text";
  int timeout_ms = 20'000;
  bool once = false;
  ColorOption color;
  // Without --once.
  std::string every = "10s";
  std::string metrics_address;
  std::string health_address;
  std::string kubelet_socket = agent::kPodResourcesSocket;
  agent::OwnerPaths paths;
  std::string log_format = "text";
  bool report = false;
  bool mig = false;
  bool limit_memory = false;
  std::string cgroup_root = "/sys/fs/cgroup";
  std::string node;
  SourceOptions cluster;  // which one, alone
};

base::Result<ExitCode> ShowOnce(const AgentOptions& options, const Context& context) {
  agent::NvmlGuard nvml(
      [library = options.library](agent::CallWatch& watch) {
        return std::make_unique<agent::NvmlReader>(library, watch);
      },
      {.call = base::Milliseconds(options.timeout_ms)}, context.clock);
  const auto inventory = agent::ReadInventory(nvml, context.clock.Now());
  if (!inventory) return tl::unexpected(inventory.error());
  if (inventory->cards.empty()) {
    return base::Fail(
        base::ErrorCode::kUnavailable,
        fmt::format("the NVIDIA driver {} runs here, and sees no GPU", inventory->driver.version));
  }
  if (options.output == "text") {
    context.streams.out << RenderAgentText(*inventory, options.color.Mode(context.streams));
    return kDone;
  }
  const auto shown = ShowJson(RenderAgentJson(*inventory), options.output, context.streams);
  if (!shown) return tl::unexpected(shown.error());
  return kDone;
}

// Where the node's GPUs are reported, and what is asked of them is read.
base::Result<void> AddReport(const AgentOptions& options, agent::DaemonOptions& daemon) {
  if (options.mig && !options.report) {
    return base::Fail(base::ErrorCode::kInvalid,
                      "--mig: what is to be cut is asked by the GpuNode "
                      "that --report writes; add --report");
  }
  if (!options.report) return {};
  const char* named = std::getenv("NODE_NAME");
  daemon.node = !options.node.empty() ? options.node : named != nullptr ? named : "";
  if (daemon.node.empty()) {
    return base::Fail(base::ErrorCode::kInvalid,
                      "--report: the node's name is not known; give --node-name, or set NODE_NAME");
  }
  kube::ConfigSources sources;
  sources.kubeconfig = options.cluster.kubeconfig;
  sources.context = options.cluster.kube_context;
  const auto config = kube::LoadConfig(sources);
  if (!config) return tl::unexpected(config.error());
  kube::ClientOptions how;
  how.user_agent = "tangram-agent";
  auto client = kube::Client::Open(*config, std::move(how));
  if (!client) return tl::unexpected(client.error());
  daemon.gpu_node = agent::OverClient(*std::move(client), daemon.node,
                                      options.mig ? agent::Follow::kYes : agent::Follow::kNo);
  daemon.cuts = options.mig;
  return {};
}

base::Result<ExitCode> RunOn(const AgentOptions& options, const Context& context) {
  agent::DaemonOptions daemon;
  daemon.library = options.library;
  daemon.limits.call = base::Milliseconds(options.timeout_ms);
  daemon.kubelet_socket = options.kubelet_socket;
  daemon.paths = options.paths;
  daemon.version = TANGRAM_VERSION;
  const auto every = base::ParseSpan(options.every);
  if (!every) return base::Wrap(every.error(), "--every");
  constexpr base::Milliseconds kLeast{1'000};
  if (*every < kLeast) {
    return base::Fail(
        base::ErrorCode::kInvalid,
        "--every: found \"" + options.every + "\"; counters need 1s or more between samples");
  }
  daemon.sampler.every = *every;
  const auto metrics = ParseListen(options.metrics_address, "--metrics-address");
  if (!metrics) return tl::unexpected(metrics.error());
  daemon.metrics = *metrics;
  const auto health = ParseListen(options.health_address, "--health-address");
  if (!health) return tl::unexpected(health.error());
  daemon.health = *health;
  if (options.limit_memory && options.kubelet_socket.empty()) {
    return base::Fail(base::ErrorCode::kInvalid,
                      "--limit-memory: the kubelet says who shares a card; name its socket with "
                      "--pod-resources");
  }
  if (options.limit_memory) daemon.cgroup_root = options.cgroup_root;
  if (const auto added = AddReport(options, daemon); !added) {
    return tl::unexpected(added.error());
  }
  LineLog lines(context, options.log_format == "json");
  const auto log = [&](const std::string& line) { lines.Say(line); };
  daemon.log = log;

  std::atomic<bool> stop = false;
  const StopOnSignal on_signal(stop);
  const auto made = agent::Daemon::Open(std::move(daemon));
  if (!made) return tl::unexpected(made.error());
  if ((*made)->metrics_port() != 0) log(fmt::format("metrics on port {}", (*made)->metrics_port()));
  if ((*made)->health_port() != 0) log(fmt::format("health on port {}", (*made)->health_port()));
  (*made)->Run(stop);
  return kDone;
}

void AddRunOptions(CLI::App& command, AgentOptions& options) {
  command.add_option("--every", options.every, "Between two samples")->capture_default_str();
  command.add_option("--metrics-address", options.metrics_address,
                     "HOST:PORT of /metrics; none where it is not set");
  command.add_option("--health-address", options.health_address,
                     "HOST:PORT of /healthz and /readyz");
  command
      .add_option("--pod-resources", options.kubelet_socket,
                  "The kubelet's socket that says which pod holds which device; \"\" for none")
      ->capture_default_str();
  command.add_option("--proc", options.paths.proc, "Where the host's /proc is")
      ->capture_default_str();
  command
      .add_option("--container-links", options.paths.container_links,
                  "Where the kubelet links containers' logs: their names say whose a process is")
      ->capture_default_str();
  command.add_flag("--report", options.report,
                   "Write this node's GPUs to the cluster, as a GpuNode");
  command.add_flag("--mig", options.mig, "Cut cards as that GpuNode asks; needs --report");
  command.add_flag("--limit-memory", options.limit_memory,
                   "Hold pods on shared cards to their part of the memory, where the driver can");
  command
      .add_option("--cgroup-root", options.cgroup_root,
                  "Where the host's cgroups (version 2) are, for --limit-memory")
      ->capture_default_str();
  command.add_option("--node-name", options.node,
                     "This node, as the cluster calls it; $NODE_NAME where it is not set");
  AddClusterOptions(command, options.cluster);
  AddLogFormat(command, options.log_format);
}

}  // namespace

void AddAgent(CLI::App& app, const Context& context, Action& action) {
  auto options = std::make_shared<AgentOptions>();
  CLI::App* command = app.add_subcommand(
      "agent",
      "The GPUs of this node, as its driver says: MIG, processes, health, links; with "
      "--once printed, else sampled and served as metrics until it is stopped");
  CLI::Option* once = command->add_flag("--once", options->once, "Print what is there, and end");
  command
      ->add_option("--nvml", options->library,
                   "NVIDIA's management library: a path, or a name for the loader")
      ->capture_default_str();
  command
      ->add_option("--timeout-ms", options->timeout_ms,
                   "How long one call of the library may take before its card is left out")
      ->check(CLI::Range(1, 600'000))
      ->capture_default_str();
  command->add_option("-o,--output", options->output, "text, json or yaml")
      ->needs(once)
      ->check(CLI::IsMember({"text", "json", "yaml"}))
      ->capture_default_str();
  options->color.AddTo(*command);
  AddRunOptions(*command, *options);
  command->callback([options, &context, &action] {
    action = [options, &context] {
      return options->once ? ShowOnce(*options, context) : RunOn(*options, context);
    };
  });
}

}  // namespace tangram::cli
