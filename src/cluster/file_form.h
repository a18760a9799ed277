// The snapshot as a JSON file: docs/schema/snapshot.schema.json describes it.
//
// Each struct's fields are listed once (fields.h); reader, writer and schema are made from that
// list, so they cannot drift apart and the round trip is exact.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cluster/snapshot.h"

namespace tangram::cluster {

// A file of a later version is refused with the remedy; an unknown, missing, doubled or
// out-of-range field is refused with its path ("nodes[3].gpus[0].index").
inline constexpr int kSnapshotVersion = 6;
inline constexpr std::string_view kSnapshotFormat = "tangram-snapshot";
// A larger file is refused: a cluster of 10,000 nodes and 200,000 pods takes a tenth of it.
inline constexpr std::size_t kMostSnapshotBytes = std::size_t{1} << 30;

// Strict; `json` may hold anything. The result is normalised. O(size), one pass.
base::Result<Snapshot> ReadSnapshot(std::string_view json);

// The same from a file or a pipe, without a second copy of the text in memory. An error names the
// path.
base::Result<Snapshot> ReadSnapshotFile(const std::string& path);

// Writes piece by piece so that a large snapshot is never a second time in memory.
void WriteSnapshot(const Snapshot& snapshot, const std::function<void(std::string_view)>& sink);
std::string WriteSnapshot(const Snapshot& snapshot);

// The JSON Schema (draft 2020-12) of the file form.
std::string SnapshotSchema();

// What leaves the cluster: with names hashed, every name a person gave (nodes, pods, namespaces,
// owners, label values outside the well-known keys, uuids, uids) is replaced by a short keyed
// digest; equal names stay equal, within and across the lists. Well-known label values (product,
// instance type, region, zone, capacity type) stay, since the report needs them.
Snapshot HashNames(const Snapshot& snapshot, std::string_view key);

}  // namespace tangram::cluster
