// tangram_big_snapshot: writes a large made-up cluster to standard output.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <string_view>

#include "big_snapshot.h"
#include "cluster/file_form.h"

namespace {

bool WriteAll(std::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
}

}  // namespace

int main(int argc, char** argv) {
  tangram::bench::BigOptions options;
  bool usage = false;
  CLI::App app("Writes the snapshot of a large made-up cluster; equal options give equal bytes.");
  app.add_option("--nodes", options.nodes, "GPU nodes")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--gpus-per-node", options.gpus_per_node, "cards a node")
      ->check(CLI::Range(1, 16))
      ->capture_default_str();
  app.add_option("--pods", options.pods, "pods, placed or not")
      ->check(CLI::Range(0, 10'000'000))
      ->capture_default_str();
  app.add_option("--waiting", options.waiting, "more pods, which wait and could run")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "start of the random numbers")->capture_default_str();
  app.add_flag("--usage", usage, "add a week of usage");
  CLI11_PARSE(app, argc, argv);
  if (usage) options.usage = tangram::bench::WithUsage::kYes;

  bool written = true;
  tangram::cluster::WriteSnapshot(
      tangram::bench::MakeBigSnapshot(options),
      [&written](std::string_view text) { written = written && WriteAll(text); });
  if (written && std::fflush(stdout) == 0) return 0;
  std::fputs("tangram_big_snapshot: standard output cannot be written; is the disk full?\n",
             stderr);
  return 3;
}
