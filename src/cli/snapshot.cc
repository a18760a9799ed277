// tangram snapshot: the cluster as one JSON file.
#include <memory>
#include <ostream>

#include "cli/command.h"
#include "cluster/file_form.h"

namespace tangram::cli {
namespace {

struct SnapshotOptions {
  SourceOptions source;
  std::string output_file = "-";
  std::string hash_key;
  bool hash_names = false;
};

base::Result<ExitCode> Snapshot(const SnapshotOptions& options, const Context& context) {
  if (options.hash_names && options.hash_key.empty()) {
    return base::Fail(base::ErrorCode::kInvalid,
                      "--hash-names needs --hash-key or TANGRAM_HASH_KEY: with no key of your own, "
                      "names could be found by trying");
  }
  auto snapshot = LoadSnapshot(options.source, context);
  if (!snapshot) return tl::unexpected(snapshot.error());
  if (options.hash_names) *snapshot = cluster::HashNames(*snapshot, options.hash_key);
  if (options.output_file == "-") {
    cluster::WriteSnapshot(*snapshot,
                           [&](std::string_view piece) { context.streams.out << piece; });
    return kDone;
  }
  const auto written =
      WriteText(options.output_file, cluster::WriteSnapshot(*snapshot), context.streams.out);
  if (!written) return tl::unexpected(written.error());
  context.streams.err << "wrote " << options.output_file << ": " << snapshot->nodes.size()
                      << " nodes, " << snapshot->pods.size() << " pods\n";
  return kDone;
}

}  // namespace

void AddSnapshot(CLI::App& app, const Context& context, Action& action) {
  auto options = std::make_shared<SnapshotOptions>();
  CLI::App* command = app.add_subcommand(
      "snapshot", "Write the cluster as one JSON file, without secrets or environment values");
  AddSourceOptions(*command, options->source);
  command->add_option("-f,--file", options->output_file, "Where to write; - is standard output")
      ->capture_default_str();
  command->add_flag("--hash-names", options->hash_names,
                    "Replace every name a person gave by a short digest");
  command
      ->add_option("--hash-key", options->hash_key, "The key of the digests; keep it to yourself")
      ->envname("TANGRAM_HASH_KEY");
  command->callback([options, &context, &action] {
    action = [options, &context] { return Snapshot(*options, context); };
  });
}

}  // namespace tangram::cli
