// tangram controller: places pods that picked a class, on a live cluster.
#include <fmt/format.h>

#include <atomic>
#include <memory>
#include <ostream>

#include "adapter/live/control_plane.h"
#include "adapter/live/fault_point.h"
#include "base/time_text.h"
#include "cli/ask.h"
#include "cli/command.h"
#include "cli/service.h"
#include "cluster/price.h"

namespace tangram::cli {
namespace {

struct ControllerOptions {
  std::string kubeconfig;
  std::string kube_context;
  std::string ns;
  std::string lease = "tangram-controller";
  std::string lease_duration = "15s";
  std::string renew_deadline = "10s";
  std::string retry_period = "2s";
  std::string metrics_address;
  std::string health_address;
  std::string webhook_address;
  std::string webhook_name = "tangram-webhook";
  std::string webhook_secret;
  std::string webhook_url;
  std::string gate_limit = "30s";
  std::string prices;
  std::string prometheus = "auto";
  std::string window = "14d";
  std::string usage_every = "15m";
  std::string log_format = "text";
  int qps = 200;
  std::vector<std::string> excluded;
  bool nodes_may_come = false;
  std::string mig_layouts;
  bool agents_cut = false;
  std::string sharing_configs;
  std::string sharing_default = "default";
  std::string die_at;  // a fault point, for tests
  bool list_points = false;
  int hurry = 1;  // operations time out, and plans follow one another, so much sooner, for tests
  bool elect = false;
  bool preempt = false;
};

std::set<std::string> ExcludedNamespaces(const ControllerOptions& options) {
  std::set<std::string> excluded(options.excluded.begin(), options.excluded.end());
  excluded.insert("kube-system");
  return excluded;
}

base::Result<std::optional<adapter::WebhookOptions>> WebhookOf(const ControllerOptions& options) {
  const auto listen = ParseListen(options.webhook_address, "--webhook-address");
  if (!listen) return tl::unexpected(listen.error());
  if (!*listen) return std::optional<adapter::WebhookOptions>();
  if (options.webhook_url.empty() == options.webhook_secret.empty()) {
    return base::Fail(base::ErrorCode::kInvalid,
                      "--webhook-address needs --webhook-secret (in the cluster: where replicas "
                      "share their certificates) or --webhook-url (out of it: how the API server "
                      "reaches us), and not both");
  }
  adapter::WebhookOptions webhook;
  webhook.address = (*listen)->address;
  webhook.port = (*listen)->port;
  webhook.configuration = options.webhook_name;
  webhook.url = options.webhook_url;
  std::set<std::string> excluded = ExcludedNamespaces(options);
  if (!options.ns.empty()) excluded.insert(options.ns);
  webhook.excluded_namespaces.assign(excluded.begin(), excluded.end());
  if (!options.webhook_secret.empty()) {
    webhook.in_cluster = {options.ns, options.webhook_name, options.webhook_secret};
  }
  return std::optional(std::move(webhook));
}

base::Result<std::optional<kube::LeaseOptions>> ElectionOf(const ControllerOptions& options) {
  if (!options.elect) return std::optional<kube::LeaseOptions>();
  if (options.ns.empty()) {
    return base::Fail(base::ErrorCode::kInvalid,
                      "--leader-elect needs --namespace: where the Lease is");
  }
  kube::LeaseOptions lease{.ns = options.ns, .name = options.lease};
  const struct {
    const char* option;
    const std::string& text;
    std::chrono::milliseconds& value;
  } spans[] = {{"--leader-elect-lease-duration", options.lease_duration, lease.lease_duration},
               {"--leader-elect-renew-deadline", options.renew_deadline, lease.renew_deadline},
               {"--leader-elect-retry-period", options.retry_period, lease.retry_period}};
  for (const auto& one : spans) {
    const auto span = base::ParseSpan(one.text);
    if (!span) return base::Wrap(span.error(), one.option);
    one.value = *span;
  }
  return std::optional(std::move(lease));
}

// A ConfigMap that somebody else reads: "gpu-operator/mig-layouts".
struct NamedConfigMap {
  std::string ns{};
  std::string name{};
};
base::Result<NamedConfigMap> ConfigMapOf(const std::string& text, const char* option,
                                         const char* reader) {
  if (text.empty()) return NamedConfigMap();
  const std::size_t slash = text.find('/');
  if (slash == 0 || slash == std::string::npos || slash + 1 == text.size()) {
    return base::Fail(base::ErrorCode::kInvalid,
                      fmt::format("{}: found \"{}\"; write NAMESPACE/NAME of the ConfigMap that {} "
                                  "reads",
                                  option, text, reader));
  }
  return NamedConfigMap{text.substr(0, slash), text.substr(slash + 1)};
}

base::Result<adapter::LiveUsageOptions> UsageOf(const ControllerOptions& options) {
  adapter::LiveUsageOptions usage{.source = UsageSourceOf(options.prometheus)};
  const auto window = base::ParseSpan(options.window);
  if (!window) return base::Wrap(window.error(), "--window");
  const auto every = base::ParseSpan(options.usage_every);
  if (!every) return base::Wrap(every.error(), "--usage-every");
  if (*every < std::chrono::minutes(1)) {
    return base::Fail(
        base::ErrorCode::kInvalid,
        fmt::format("--usage-every: found \"{}\"; write at least 1m", options.usage_every));
  }
  usage.window = *window;
  usage.every = *every;
  return usage;
}

base::Result<ExitCode> ListFaultPoints(const Context& context) {
  for (const std::string& point : adapter::FaultPoints()) context.streams.out << point << '\n';
  return kDone;
}

// Where it listens, and how it is one of several.
base::Result<void> ReadService(const ControllerOptions& options,
                               adapter::ControlPlaneOptions& plane) {
  auto election = ElectionOf(options);
  if (!election) return tl::unexpected(election.error());
  plane.election = *std::move(election);
  if (!options.die_at.empty()) {
    auto at = adapter::DieAt(options.die_at);
    if (!at) return base::Wrap(at.error(), "--die-at");
    plane.on_write = *std::move(at);
  }
  auto metrics = ParseListen(options.metrics_address, "--metrics-address");
  if (!metrics) return tl::unexpected(metrics.error());
  plane.metrics = *metrics;
  auto health = ParseListen(options.health_address, "--health-address");
  if (!health) return tl::unexpected(health.error());
  plane.health = *health;
  auto webhook = WebhookOf(options);
  if (!webhook) return tl::unexpected(webhook.error());
  plane.webhook = *std::move(webhook);
  return {};
}

// By way of whom nodes are changed.
base::Result<void> ReadHardware(const ControllerOptions& options,
                                adapter::ControlPlaneOptions& plane) {
  const auto layouts = ConfigMapOf(options.mig_layouts, "--mig-layouts", "mig-manager");
  if (!layouts) return tl::unexpected(layouts.error());
  plane.mig_layouts = {layouts->ns, layouts->name};
  plane.agents_cut = options.agents_cut;
  const auto sharing =
      ConfigMapOf(options.sharing_configs, "--sharing-configs", "the device plugin");
  if (!sharing) return tl::unexpected(sharing.error());
  plane.sharing = {sharing->ns, sharing->name, options.sharing_default};
  return {};
}

base::Result<ExitCode> Control(const ControllerOptions& options, const Context& context) {
  if (options.list_points) return ListFaultPoints(context);
  adapter::ControlPlaneOptions plane;
  plane.cluster.kubeconfig = options.kubeconfig;
  plane.cluster.context = options.kube_context;
  plane.excluded_namespaces = ExcludedNamespaces(options);
  plane.nodes_may_come = options.nodes_may_come;
  if (const auto read = ReadService(options, plane); !read) return tl::unexpected(read.error());
  const auto limit = base::ParseSpan(options.gate_limit);
  if (!limit) return base::Wrap(limit.error(), "--gate-limit");
  plane.controller.placement.gate_limit = *limit;
  if (const auto read = ReadHardware(options, plane); !read) return tl::unexpected(read.error());
  plane.controller.operations.limits = plane.controller.operations.limits.Hurried(options.hurry);
  plane.controller.proposals.least_between /= options.hurry;
  plane.controller.plans_every /= options.hurry;
  plane.controller.status_every /= options.hurry;
  auto usage = UsageOf(options);
  if (!usage) return tl::unexpected(usage.error());
  plane.usage = *std::move(usage);
  plane.policy.defaults.preempt = options.preempt;
  plane.qps = options.qps;
  const auto overrides = ReadPrices(options.prices, context);
  if (!overrides) return tl::unexpected(overrides.error());
  const cluster::PriceBook book(cluster::BundledPrices(), *overrides);
  plane.price = [&book](cluster::Node& node) {
    if (auto price = book.PriceOf(node)) node.price = std::move(price);
  };
  plane.answer = [&context](const adapter::ViewQuestion& question,
                            const cluster::Snapshot& snapshot, const plan::PlanPolicy& policy) {
    return AnswerFrom({policy, snapshot}, question, context.clock);
  };
  LineLog lines(context, options.log_format == "json");
  const auto log = [&](const std::string& line) { lines.Say(line); };
  plane.log = log;

  std::atomic<bool> stop = false;
  const StopOnSignal on_signal(stop);
  auto made = adapter::ControlPlane::Open(std::move(plane));
  if (!made) return tl::unexpected(made.error());
  if ((*made)->metrics_port() != 0) log(fmt::format("metrics on port {}", (*made)->metrics_port()));
  if ((*made)->health_port() != 0) log(fmt::format("health on port {}", (*made)->health_port()));
  if ((*made)->webhook_port() != 0) log(fmt::format("webhook on port {}", (*made)->webhook_port()));
  const auto ran = (*made)->Run(stop);
  if (!ran) return tl::unexpected(ran.error());
  return kDone;
}

void AddHardware(CLI::App& command, ControllerOptions& options) {
  command.add_option("--mig-layouts", options.mig_layouts,
                     "NAMESPACE/NAME of mig-manager's ConfigMap: nodes are cut by way of it");
  command.add_flag("--agents-cut", options.agents_cut,
                   "Nodes of pools with backend Agent are cut by tangram's agents there");
  command.add_option("--sharing-configs", options.sharing_configs,
                     "NAMESPACE/NAME of the device plugin's ConfigMap: how devices are shared is "
                     "changed by way of it");
  command
      .add_option("--sharing-default", options.sharing_default,
                  "Its key that nodes without a label use")
      ->capture_default_str();
}

// How busy GPUs are, for plans that stop or resize what is idle, and for what people ask.
void AddUsage(CLI::App& command, ControllerOptions& options) {
  command
      .add_option("--prometheus", options.prometheus, "Where usage is read: a URL, auto or none")
      ->capture_default_str();
  command.add_option("--window", options.window, "How far back to look at usage")
      ->capture_default_str();
  command.add_option("--usage-every", options.usage_every, "How often it is read again")
      ->capture_default_str();
}

}  // namespace

void AddController(CLI::App& app, const Context& context, Action& action) {
  auto options = std::make_shared<ControllerOptions>();
  CLI::App* command = app.add_subcommand(
      "controller", "Place pods that picked a class, on a live cluster; runs until it is stopped");
  command->add_option("--kubeconfig", options->kubeconfig, "As kubectl's; in a pod not needed");
  command->add_option("--context", options->kube_context, "A context of the kubeconfig");
  command->add_flag("--leader-elect", options->elect, "Several replicas, of which one writes");
  command->add_option("--namespace", options->ns, "Of the Lease");
  command->add_option("--lease", options->lease, "Its name")->capture_default_str();
  command
      ->add_option("--leader-elect-lease-duration", options->lease_duration,
                   "Another leads after so long without a renewal; whole seconds")
      ->capture_default_str();
  command
      ->add_option("--leader-elect-renew-deadline", options->renew_deadline,
                   "Who could not renew for so long stops leading; writes may take the rest")
      ->capture_default_str();
  command->add_option("--leader-elect-retry-period", options->retry_period, "Between renewals")
      ->capture_default_str();
  command->add_option("--metrics-address", options->metrics_address,
                      "HOST:PORT of /metrics; none where it is not set");
  command->add_option("--health-address", options->health_address,
                      "HOST:PORT of /healthz and /readyz");
  command->add_option("--webhook-address", options->webhook_address,
                      "HOST:PORT of the admission webhook; none where it is not set");
  command
      ->add_option("--webhook-name", options->webhook_name,
                   "The MutatingWebhookConfiguration, and the Service that leads to the webhook")
      ->capture_default_str();
  command->add_option("--webhook-secret", options->webhook_secret,
                      "The Secret with the webhook's certificates, in --namespace");
  command->add_option("--webhook-url", options->webhook_url,
                      "Out of the cluster: https://HOST as the API server reaches us");
  command
      ->add_option("--gate-limit", options->gate_limit,
                   "A pod that finds no room for so long is left to the scheduler")
      ->capture_default_str();
  command
      ->add_option("--exclude-namespaces", options->excluded,
                   "Whose pods are never touched, beside kube-system")
      ->delimiter(',');
  command->add_flag("--nodes-may-come", options->nodes_may_come,
                    "An autoscaler may bring nodes of kinds that are not there: what they could "
                    "meet is not refused");
  command->add_flag("--preempt", options->preempt,
                    "Evict less urgent pods, on nodes that no GpuPool selects");
  command->add_option("--qps", options->qps, "Requests a second to the API server, at most")
      ->capture_default_str()
      ->check(CLI::Range(1, 10'000));
  AddLogFormat(*command, options->log_format);
  AddHardware(*command, *options);
  AddUsage(*command, *options);
  command->add_option("--prices", options->prices, "A CSV of prices; its rows win");
  // Hidden: for the tests of testbed/ alone.
  command->add_option("--hurry", options->hurry)->group("")->check(CLI::Range(1, 100));
  command->add_option("--die-at", options->die_at)->group("");
  command->add_flag("--fault-points", options->list_points)->group("");
  command->callback([options, &context, &action] {
    action = [options, &context] { return Control(*options, context); };
  });
}

}  // namespace tangram::cli
