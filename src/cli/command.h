// What every command shares: its registration, its options, its way to fail.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/find_prometheus.h"
#include "base/clock.h"
#include "base/result.h"
#include "cli/cli.h"
#include "cluster/price.h"
#include "cluster/snapshot.h"
#include "plan/policy.h"
#include "report/table.h"

namespace tangram::cli {

// A snapshot, and the policy for it.
struct PooledSnapshot {
  plan::PlanPolicy policy;
  cluster::Snapshot snapshot;
};

struct Context {
  Streams& streams;
  const base::Clock& clock;
  // What a command is about, in place of a file or a cluster; nullptr: it reads one of them.
  const PooledSnapshot* at_hand = nullptr;
};

// What a command does once its options are parsed; the exit code where it succeeds.
using Action = std::function<base::Result<ExitCode>()>;

// Adds a command to `app`, and sets `action` when it is the one that was asked for. Options live
// in the command's own struct, which the returned closures keep alive.
void AddReport(CLI::App& app, const Context& context, Action& action);
void AddPlan(CLI::App& app, const Context& context, Action& action);
void AddSnapshot(CLI::App& app, const Context& context, Action& action);
void AddImport(CLI::App& app, const Context& context, Action& action);
void AddLint(CLI::App& app, const Context& context, Action& action);
void AddMig(CLI::App& app, const Context& context, Action& action);
void AddSchema(CLI::App& app, const Context& context, Action& action);
void AddSimulate(CLI::App& app, const Context& context, Action& action);
void AddExplain(CLI::App& app, const Context& context, Action& action);
void AddApply(CLI::App& app, const Context& context, Action& action);
void AddTop(CLI::App& app, const Context& context, Action& action);
void AddAgent(CLI::App& app, const Context& context, Action& action);
void AddController(CLI::App& app, const Context& context, Action& action);

ExitCode ExitCodeOf(base::ErrorCode code);

// A message on `err`, after "tangram: ". It may hold text of files and servers: what would move the
// cursor is replaced.
void Say(std::string_view message, Streams& streams);

// Colour on a terminal, but not with --no-color, nor where NO_COLOR is set and not empty.
class ColorOption {
 public:
  void AddTo(CLI::App& command);
  report::ColorMode Mode(const Streams& streams) const;

 private:
  bool off_ = false;
};

// Where a snapshot comes from, as options that several commands share.
struct SourceOptions {
  std::string snapshot;  // a file, "-" for standard input; empty: the cluster
  std::string kubeconfig;
  std::string kube_context;
  std::string prometheus = "auto";  // a URL, "auto" or "none"
  std::string window = "14d";
  std::string prices;  // a CSV file whose rows win over the bundled table
};
void AddSourceOptions(CLI::App& command, SourceOptions& options);
// Only those that say which cluster.
void AddClusterOptions(CLI::App& command, SourceOptions& options);

// A value that was rendered as JSON, as `output` says: "json" or "yaml".
base::Result<void> ShowJson(std::string_view json, std::string_view output, Streams& streams);

// Reads the file or the cluster, and prices the nodes. Says on `err` what takes over two seconds.
base::Result<cluster::Snapshot> LoadSnapshot(const SourceOptions& options, const Context& context);

// Which GpuPools a plan goes by.
struct PoolSource {
  const std::string& policy;  // a file, "-" for standard input; empty: those of the cluster
  const SourceOptions& source;
};

// Reads both, or takes what is at hand, with what `policy` says of the plan as a whole. `policy`
// gets the pools: none where neither a file nor a cluster says any; what a pool leaves out is as in
// its defaults. Says on `err` where the cluster does not let us read them.
base::Result<PooledSnapshot> LoadWithPools(const PoolSource& from, plan::PlanPolicy policy,
                                           const Context& context);

// "none", "auto" or a URL.
adapter::UsageSource UsageSourceOf(const std::string& prometheus);

// The user's own rows; empty for no path. Says on `err` which rows are left out.
base::Result<cluster::PriceTable> ReadPrices(const std::string& path, const Context& context);

// The whole of a file, a pipe, or of `in` for "-"; refuses directories and what is over 2 GiB.
base::Result<std::string> ReadText(const std::string& path, std::istream& in);

// Writes beside `path` and renames, so that a reader never sees half a file, and a failure leaves
// the old one; its mode is kept, and a link to it too. Devices and pipes are written to as they
// are. "-" or empty: `out`.
base::Result<void> WriteText(const std::string& path, std::string_view text, std::ostream& out);

}  // namespace tangram::cli
