// Whether a card, or a MIG instance, is time-sliced or put under MPS, and by how many.
//
// The device plugin shares by node and resource: every card of a node alike, or every instance of
// one profile. Which of them a pod then gets is the plugin's choice, so what is known of memory has
// to fit however the pods fall: the largest needs that could meet on one device are summed.
//
// Sources: NVIDIA's device plugin v0.20 (internal/rm, cmd/mps-control-daemon): replicas 2 or more;
// MPS on whole cards only, at most 48 clients (16 before compute capability 7.5), each with an
// equal, enforced part of the memory; time-slicing enforces nothing. That 4 is the default for
// development, and that 12 and more cost 5-20 ms on the 99th percentile, is the field's rule of
// thumb; NVIDIA publishes no figure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/units.h"
#include "cluster/node.h"
#include "cluster/pod.h"
#include "gpu/gpu.h"

namespace tangram::plan {

inline constexpr int kLeastReplicas = 2;
inline constexpr int kDevelopmentReplicas = 4;
inline constexpr int kMostBesideLatency = 7;  // beside a pod that has a latency to keep
inline constexpr int kManyReplicas = 12;      // from here on the plan warns

// A pod, as far as sharing is concerned.
struct Sharer {
  std::optional<base::MiB> memory{};  // that it needs of a device; absent: not known
  bool latency_sensitive = false;
  bool development = false;
  const cluster::Pod* pod = nullptr;        // never null; must outlive it
  std::int64_t shares = 1;                  // that it asks for
  int most = gpu::kMaxTimeSlicingReplicas;  // replicas that it is light enough for
};
// Of a pod that asks for `shares`; its memory is what it says itself.
Sharer SharerOf(const cluster::Pod& pod, std::int64_t shares);

// Equal devices of a node that are shared alike, and who is on them.
struct SharedDevices {
  const gpu::Model* model = nullptr;         // not null
  const gpu::MigProfile* profile = nullptr;  // null: whole cards
  base::MiB memory{};                        // of one; 0: not known
  int devices = 0;
  cluster::Sharing sharing = cluster::Sharing::kNone;  // now
  int replicas = 1;                                    // of each, now
  bool mps_ready = false;          // the node says that it can (label nvidia.com/mps.capable)
  std::vector<Sharer> standing{};  // pods that run on them
  base::MiB used{};                // known to be used, of the fullest, by those that run
  bool exact = true;               // which device each that stands is on is known: it is in `used`
};

struct SharingPolicy {
  std::optional<cluster::Sharing> sharing{};  // kNone: nothing is shared anew; absent: any way
  int most_replicas = kDevelopmentReplicas;
};

struct SharingChoice {
  cluster::Sharing sharing = cluster::Sharing::kTimeSlicing;
  int replicas = kLeastReplicas;
};

// How `devices` have to be shared so that `coming` can run beside those that stand: the fewest
// replicas that hold them all, as each then has most of the device; kDevelopmentReplicas where one
// of them is for development, if that many fit. Never fewer than there are now, never more than
// the policy says. Nothing: they cannot all be there.
//
// How they are shared now stays; else as the policy says; else replicas of one workload get MPS
// where it is ready, as a fault of one client ends the others, and everybody else time-slicing. MPS
// is never changed under running pods: its daemon restarts.
std::optional<SharingChoice> ChooseSharing(const SharedDevices& devices,
                                           std::span<const Sharer> coming,
                                           const SharingPolicy& policy);

// Why `coming` may not be there with the devices shared as they are; empty: they may.
std::string WhyNotAsIs(const SharedDevices& devices, std::span<const Sharer> coming);

// "40.0 GiB in 4 shares, which nothing keeps apart; the memory of 2 pods is not known": what a
// person should know of sharing so.
std::string DescribeSharing(const SharedDevices& devices, std::span<const Sharer> coming,
                            const SharingChoice& choice);

}  // namespace tangram::plan
