// The file form of the snapshot: whatever is read can be written and is then read as the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "cluster/file_form.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tangram::cluster;
  const auto snapshot = ReadSnapshot({reinterpret_cast<const char*>(data), size});
  if (!snapshot) return 0;
  if (ReadSnapshot(WriteSnapshot(*snapshot)) != *snapshot) std::abort();
  const Snapshot hidden = HashNames(*snapshot, "fuzz");
  if (hidden.pods.size() != snapshot->pods.size()) std::abort();
  return 0;
}
