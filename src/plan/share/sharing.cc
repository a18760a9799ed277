#include "plan/share/sharing.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "plan/share/asks.h"

namespace tangram::plan {
namespace {

using cluster::Sharing;

bool AnySensitive(std::span<const Sharer> sharers) {
  return std::any_of(sharers.begin(), sharers.end(),
                     [](const Sharer& sharer) { return sharer.latency_sensitive; });
}

std::int64_t SharesOf(std::span<const Sharer> sharers) {
  return std::accumulate(
      sharers.begin(), sharers.end(), std::int64_t{0},
      [](std::int64_t sum, const Sharer& sharer) { return sum + sharer.shares; });
}

// Of the pods that say it, the largest first.
std::vector<base::MiB> NeedsOf(std::span<const Sharer> sharers) {
  std::vector<base::MiB> needs;
  for (const Sharer& sharer : sharers) {
    if (sharer.memory) needs.push_back(*sharer.memory);
  }
  std::sort(needs.begin(), needs.end(), std::greater<>());
  return needs;
}

base::MiB SumOfFirst(const std::vector<base::MiB>& needs, std::size_t count) {
  const auto end = needs.begin() + static_cast<std::ptrdiff_t>(std::min(count, needs.size()));
  return std::accumulate(needs.begin(), end, base::MiB());
}

// The most that a device which gets some of `coming` may be asked for, wherever those are that
// stand: so many come to it, and as many stand beside them as it had, and has, replicas for.
base::MiB MostAnywhere(const SharedDevices& devices, const std::vector<base::MiB>& coming,
                       int replicas) {
  const std::vector<base::MiB> standing = NeedsOf(devices.standing);
  base::MiB most;
  for (int come = 1; come <= replicas && come <= std::ssize(coming); ++come) {
    const auto beside = static_cast<std::size_t>(std::min(devices.replicas, replicas - come));
    most = std::max(
        most, SumOfFirst(coming, static_cast<std::size_t>(come)) + SumOfFirst(standing, beside));
  }
  return most;
}

// What memory allows. Under MPS each client has an equal part and no more.
bool MemoryHolds(const SharedDevices& devices, std::span<const Sharer> coming,
                 const SharingChoice& choice) {
  const std::vector<base::MiB> needs = NeedsOf(coming);
  if (devices.memory.value() == 0 || needs.empty()) return true;
  if (choice.sharing == Sharing::kMps) return needs.front() <= devices.memory / choice.replicas;
  const int beside = devices.used.value() > 0 ? 1 : 0;
  const auto together = static_cast<std::size_t>(std::max(1, choice.replicas - beside));
  if (devices.used + SumOfFirst(needs, together) > devices.memory) return false;
  return devices.exact || MostAnywhere(devices, needs, choice.replicas) <= devices.memory;
}

bool AreOfOneWorkload(std::span<const Sharer> sharers) {
  const cluster::Pod& first = *sharers.front().pod;
  return !first.owner.kind.empty() &&
         std::all_of(sharers.begin(), sharers.end(), [&](const Sharer& sharer) {
           return sharer.pod->ns == first.ns && sharer.pod->owner == first.owner;
         });
}

bool CanMps(const SharedDevices& devices) {
  return devices.profile == nullptr && devices.model->compute_major >= 7;
}

// In the order in which they are tried.
std::vector<Sharing> KindsFor(const SharedDevices& devices, std::span<const Sharer> coming,
                              const SharingPolicy& policy) {
  const Sharing now = devices.sharing;
  const Sharing wanted = policy.sharing.value_or(now);
  if (now != Sharing::kNone) return now == wanted ? std::vector{now} : std::vector<Sharing>();
  if (policy.sharing == Sharing::kMps && !CanMps(devices)) return {};
  if (policy.sharing == Sharing::kNone) return {};
  if (policy.sharing) return {*policy.sharing};
  const bool development = std::any_of(coming.begin(), coming.end(),
                                       [](const Sharer& sharer) { return sharer.development; });
  const bool mps = devices.mps_ready && CanMps(devices) && coming.size() > 1 && !development &&
                   AreOfOneWorkload(coming);
  if (mps) return {Sharing::kMps, Sharing::kTimeSlicing};
  return {Sharing::kTimeSlicing};
}

int MostReplicas(const SharedDevices& devices, std::span<const Sharer> coming, Sharing kind,
                 int most_replicas) {
  int most = std::min(most_replicas, gpu::kMaxTimeSlicingReplicas);
  if (kind == Sharing::kMps) most = std::min(most, gpu::MaxMpsClients(*devices.model));
  const bool sensitive = AnySensitive(coming) || AnySensitive(devices.standing);
  if (sensitive) most = std::min(most, kMostBesideLatency);
  for (const Sharer& sharer : coming) most = std::min(most, sharer.most);
  return most;
}

std::optional<SharingChoice> ChooseOf(const SharedDevices& devices, std::span<const Sharer> coming,
                                      Sharing kind, int most_replicas) {
  SharingChoice choice{.sharing = kind};
  const int most = MostReplicas(devices, coming, kind, most_replicas);
  const std::int64_t shares = SharesOf(devices.standing) + SharesOf(coming);
  const std::int64_t least = std::max<std::int64_t>(
      {kLeastReplicas, devices.replicas, (shares + devices.devices - 1) / devices.devices});
  if (least > most) return std::nullopt;
  choice.replicas = static_cast<int>(least);
  if (!MemoryHolds(devices, coming, choice)) return std::nullopt;
  const bool changes = choice.replicas != devices.replicas;
  if (kind == Sharing::kMps) {
    return changes && !devices.standing.empty() ? std::nullopt : std::optional(choice);
  }
  const bool development = std::any_of(coming.begin(), coming.end(),
                                       [](const Sharer& sharer) { return sharer.development; });
  SharingChoice roomier = choice;
  roomier.replicas = std::min(most, std::max(choice.replicas, kDevelopmentReplicas));
  return development && MemoryHolds(devices, coming, roomier) ? roomier : choice;
}

}  // namespace

Sharer SharerOf(const cluster::Pod& pod, std::int64_t shares) {
  return {.memory = MemoryAsked(pod),
          .latency_sensitive = IsLatencySensitive(pod),
          .development = IsDevelopment(pod),
          .pod = &pod,
          .shares = shares};
}

std::optional<SharingChoice> ChooseSharing(const SharedDevices& devices,
                                           std::span<const Sharer> coming,
                                           const SharingPolicy& policy) {
  if (devices.devices == 0 || coming.empty()) return std::nullopt;
  for (const Sharing kind : KindsFor(devices, coming, policy)) {
    if (auto choice = ChooseOf(devices, coming, kind, policy.most_replicas)) return choice;
  }
  return std::nullopt;
}

std::string WhyNotAsIs(const SharedDevices& devices, std::span<const Sharer> coming) {
  if (AnySensitive(coming) && devices.replicas > kMostBesideLatency) {
    return fmt::format("a latency to keep allows {} shares of a device, and there are {}",
                       kMostBesideLatency, devices.replicas);
  }
  const bool fits = MemoryHolds(devices, coming, {devices.sharing, devices.replicas});
  return fits ? "" : "a device has not the memory for all who would share it";
}

std::string DescribeSharing(const SharedDevices& devices, std::span<const Sharer> coming,
                            const SharingChoice& choice) {
  std::string text;
  if (devices.memory.value() > 0) {
    const double share = static_cast<double>(devices.memory.value()) / 1024 / choice.replicas;
    text = choice.sharing == Sharing::kMps
               ? fmt::format("MPS keeps each to {:.1f} GiB", share)
               : fmt::format("{:.1f} GiB each, which nothing enforces", share);
  }
  const auto unknown = std::count_if(coming.begin(), coming.end(),
                                     [](const Sharer& sharer) { return !sharer.memory; });
  if (unknown > 0) {
    text += fmt::format("{}what {} of {} pods need is not known", text.empty() ? "" : "; ", unknown,
                        coming.size());
  }
  if (choice.replicas >= kManyReplicas) {
    text += fmt::format("{}{} replicas cost 5-20 ms on the 99th percentile",
                        text.empty() ? "" : "; ", choice.replicas);
  }
  return text;
}

}  // namespace tangram::plan
