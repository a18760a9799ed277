// Where a command's snapshot comes from: a file, or a cluster and its Prometheus.
#include <fmt/format.h>

#include <ostream>

#include "adapter/adapter.h"
#include "base/time_text.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "cluster/file_form.h"
#include "cluster/price.h"

namespace tangram::cli {
namespace {

// A recorded price stays unless the user's own table has a better one.
void OverridePrices(const cluster::PriceTable& overrides, cluster::List<cluster::Node>& nodes) {
  if (overrides.rows.empty()) return;
  const cluster::PriceBook book({}, overrides);
  for (cluster::Node& node : nodes) {
    if (node.gpus.empty()) continue;
    if (auto price = book.PriceOf(node)) node.price = std::move(price);
  }
}

base::Result<cluster::Snapshot> FromCluster(const SourceOptions& options, const Context& context) {
  const auto window = base::ParseSpan(options.window);
  if (!window) return base::Wrap(window.error(), "--window");
  ProgressLine progress(context.streams);
  adapter::SnapshotRequest request;
  request.cluster.kubeconfig = options.kubeconfig;
  request.cluster.context = options.kube_context;
  request.usage = UsageSourceOf(options.prometheus);
  request.window = *window;
  request.progress = [&](const adapter::Progress& step) {
    progress.Show(step.doing == "usage" ? fmt::format("reading usage: {} %", step.count / 10'000)
                                        : fmt::format("reading {}: {}", step.doing, step.count));
  };
  return adapter::TakeSnapshot(request, context.clock);
}

base::Result<cluster::Snapshot> FromFile(const std::string& path, const Context& context) {
  if (path != "-") return cluster::ReadSnapshotFile(path);
  const auto text = ReadText(path, context.streams.in);
  if (!text) return tl::unexpected(text.error());
  auto snapshot = cluster::ReadSnapshot(*text);
  if (!snapshot) return base::Wrap(snapshot.error(), "standard input");
  return snapshot;
}

}  // namespace

void AddClusterOptions(CLI::App& command, SourceOptions& options) {
  command.add_option("--kubeconfig", options.kubeconfig, "As kubectl's");
  command.add_option("--context", options.kube_context, "A context of the kubeconfig");
}

void AddSourceOptions(CLI::App& command, SourceOptions& options) {
  command.add_option("--snapshot", options.snapshot,
                     "Read this file in place of a cluster; - is standard input");
  AddClusterOptions(command, options);
  command.add_option("--prometheus", options.prometheus, "A URL, auto or none")
      ->capture_default_str();
  command.add_option("--window", options.window, "How far back to look at usage")
      ->capture_default_str();
  command.add_option("--prices", options.prices, "A CSV of prices; its rows win (docs/prices.md)");
}

adapter::UsageSource UsageSourceOf(const std::string& prometheus) {
  if (prometheus == "none") return adapter::NoUsage{};
  if (prometheus == "auto") return adapter::FindInCluster{};
  telemetry::PrometheusUrl where;
  where.url = prometheus;
  return where;
}

base::Result<cluster::PriceTable> ReadPrices(const std::string& path, const Context& context) {
  if (path.empty()) return cluster::PriceTable{};
  const auto text = ReadText(path, context.streams.in);
  if (!text) return tl::unexpected(text.error());
  auto table = cluster::ParsePrices(*text);
  if (!table) return base::Wrap(table.error(), path);
  for (const cluster::BadPriceRow& bad : table->bad) {
    Say(fmt::format("{}:{}: {}; the row is left out", path, bad.line, bad.why), context.streams);
  }
  return table;
}

base::Result<cluster::Snapshot> LoadSnapshot(const SourceOptions& options, const Context& context) {
  if (options.prices == "-" && options.snapshot == "-") {
    return base::Fail(base::ErrorCode::kInvalid,
                      "--prices and --snapshot cannot both be standard input; name a file for one");
  }
  const auto overrides = ReadPrices(options.prices, context);
  if (!overrides) return tl::unexpected(overrides.error());
  if (!options.snapshot.empty()) {
    auto snapshot = FromFile(options.snapshot, context);
    if (snapshot) OverridePrices(*overrides, snapshot->nodes);
    return snapshot;
  }
  auto snapshot = FromCluster(options, context);
  if (snapshot) {
    cluster::ApplyPrices(cluster::PriceBook(cluster::BundledPrices(), *overrides), snapshot->nodes);
  }
  return snapshot;
}

}  // namespace tangram::cli
