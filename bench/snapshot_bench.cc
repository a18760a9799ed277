// Reading and writing the file form of a large cluster.
//
// 10,000 nodes, 80,000 cards, 200,000 pods and 80,000 rows of usage, one thread. `peak_MiB` is the
// most memory that the process held so far, made snapshot and text included.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "cluster/file_form.h"
#include "cluster/testing/random_snapshot.h"

namespace {

using tangram::cluster::RandomSize;
using tangram::cluster::Snapshot;

constexpr RandomSize kLarge = {
    .nodes = 10'000, .gpus_per_node = 8, .pods = 200'000, .usage_rows = 80'000};

double PeakMiB() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

// The large snapshot as a file in the temporary folder, removed at the end.
class LargeFile {
 public:
  LargeFile() : path_(std::filesystem::temp_directory_path() / "tangram_snapshot_bench.json") {
    std::ofstream file(path_, std::ios::binary);
    const Snapshot snapshot = tangram::cluster::RandomSnapshot(1, kLarge);
    tangram::cluster::WriteSnapshot(snapshot, [&](std::string_view piece) { file << piece; });
  }
  ~LargeFile() { std::filesystem::remove(path_); }
  LargeFile(const LargeFile&) = delete;
  LargeFile& operator=(const LargeFile&) = delete;

  std::string path() const { return path_.string(); }
  std::int64_t size() const { return static_cast<std::int64_t>(std::filesystem::file_size(path_)); }

 private:
  std::filesystem::path path_;
};

void BM_ReadSnapshotFile(benchmark::State& state) {
  const LargeFile file;
  const double before = PeakMiB();
  for (auto _ : state) {
    auto snapshot = tangram::cluster::ReadSnapshotFile(file.path());
    if (!snapshot) return state.SkipWithError(snapshot.error().message.c_str());
    benchmark::DoNotOptimize(snapshot);
    // Giving the memory back is the caller's business.
    state.PauseTiming();
    snapshot = Snapshot{};
    state.ResumeTiming();
  }
  state.SetBytesProcessed(state.iterations() * file.size());
  state.counters["file_MiB"] = static_cast<double>(file.size()) / (1 << 20);
  state.counters["peak_before_MiB"] = before;
  state.counters["peak_MiB"] = PeakMiB();
}
BENCHMARK(BM_ReadSnapshotFile)->Unit(benchmark::kMillisecond);

void BM_WriteSnapshot(benchmark::State& state) {
  const Snapshot snapshot = tangram::cluster::RandomSnapshot(1, kLarge);
  std::int64_t bytes = 0;
  for (auto _ : state) {
    tangram::cluster::WriteSnapshot(snapshot, [&](std::string_view piece) {
      bytes += static_cast<std::int64_t>(piece.size());
    });
  }
  state.SetBytesProcessed(bytes);
  state.counters["peak_MiB"] = PeakMiB();
}
BENCHMARK(BM_WriteSnapshot)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
