// What moving running pods adds to an openb trace: the curve between moves and GPUs held. Does
// nothing without a trace:
//   moves_bench --nodes NODES.csv --pods PODS.csv [--typical-from PODS.csv]
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "sim/replay_with_moves.h"

namespace {

std::string OptionOf(int argc, char** argv, const char* name) {
  for (int i = 1; i + 1 < argc; ++i) {
    if (std::strcmp(argv[i], name) == 0) return argv[i + 1];
  }
  return "";
}

tangram::sim::OpenbTrace Read(const std::string& nodes, const std::string& pods) {
  const auto text = [](const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  const std::string nodes_csv = text(nodes);
  const std::string pods_csv = text(pods);
  auto trace = tangram::sim::ReadOpenb({nodes_csv, pods_csv, nodes, pods});
  if (!trace) {
    std::fprintf(stderr, "%s\n", trace.error().message.c_str());
    std::exit(2);
  }
  return *std::move(trace);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string nodes = OptionOf(argc, argv, "--nodes");
  const std::string pods = OptionOf(argc, argv, "--pods");
  const std::string typical = OptionOf(argc, argv, "--typical-from");
  if (nodes.empty() || pods.empty()) return 0;
  const auto trace = Read(nodes, pods);
  tangram::sim::MovesOptions options;
  if (!typical.empty()) options.replay.typical_from = Read(nodes, typical).tasks;
  std::printf("%-10s %14s %14s %9s %8s %9s %9s\n", "policy", "a request most", "in all most",
              "GPUs held", "moves", "admitted", "placed");
  for (const char* policy : {"tangram", "fgd"}) {
    for (const auto& [most, all] : std::vector<std::pair<int, std::int64_t>>{
             {0, 0}, {1, 100}, {1, 300}, {1, 1000}, {1, 1'000'000}, {3, 1'000'000}}) {
      options.replay.policy = policy;
      options.most_a_request = most;
      options.most_moves = all;
      const auto result = ReplayWithMoves(trace, options);
      if (!result) return 2;
      std::printf("%-10s %14d %14ld %8.2f%% %8ld %9ld %9ld\n", policy, most, static_cast<long>(all),
                  100.0 * static_cast<double>(result->allocated.value()) /
                      static_cast<double>(result->capacity.value()),
                  static_cast<long>(result->moves), static_cast<long>(result->admitted),
                  static_cast<long>(result->placed));
      std::fflush(stdout);
    }
  }
  return 0;
}
