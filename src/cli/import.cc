// tangram import: published traces as snapshots.
#include <memory>
#include <ostream>

#include "base/time_text.h"
#include "cli/command.h"
#include "cluster/file_form.h"
#include "cluster/price.h"
#include "sim/openb.h"

namespace tangram::cli {
namespace {

struct ImportOptions {
  std::string nodes;
  std::string pods;
  std::string output_file = "-";
};

base::Result<ExitCode> ImportOpenb(const ImportOptions& options, const Context& context) {
  if (options.nodes == "-" && options.pods == "-") {
    return base::Fail(base::ErrorCode::kInvalid,
                      "--nodes and --pods cannot both be standard input; name a file for one");
  }
  const auto nodes = ReadText(options.nodes, context.streams.in);
  if (!nodes) return tl::unexpected(nodes.error());
  const auto pods = ReadText(options.pods, context.streams.in);
  if (!pods) return tl::unexpected(pods.error());
  sim::OpenbOptions openb;
  openb.nodes_name = options.nodes;
  openb.pods_name = options.pods;
  auto snapshot = sim::ImportOpenb(*nodes, *pods, openb);
  if (!snapshot) return tl::unexpected(snapshot.error());
  cluster::ApplyPrices(cluster::PriceBook(cluster::BundledPrices(), {}), snapshot->nodes);
  const auto written =
      WriteText(options.output_file, cluster::WriteSnapshot(*snapshot), context.streams.out);
  if (!written) return tl::unexpected(written.error());
  context.streams.err << "imported " << snapshot->nodes.size() << " nodes and "
                      << snapshot->pods.size() << " pods\n";
  return kDone;
}

}  // namespace

void AddImport(CLI::App& app, const Context& context, Action& action) {
  CLI::App* group = app.add_subcommand("import", "Make a snapshot of a published trace");
  group->require_subcommand(1);
  auto options = std::make_shared<ImportOptions>();
  CLI::App* openb = group->add_subcommand(
      "openb", "Alibaba's cluster-trace-gpu-v2023 (openb): node and pod lists as CSV");
  openb->add_option("--nodes", options->nodes, "openb_node_list_*.csv")->required();
  openb->add_option("--pods", options->pods, "openb_pod_list_*.csv")->required();
  openb->add_option("-f,--file", options->output_file, "Where to write; - is standard output")
      ->capture_default_str();
  openb->callback([options, &context, &action] {
    action = [options, &context] { return ImportOpenb(*options, context); };
  });
}

}  // namespace tangram::cli
