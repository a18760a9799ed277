// Which devices of DRA are free for claims while a plan is made.
//
// Claims get what kube-scheduler's allocator would give them (claims/). A claim that is allocated
// keeps its devices, and its pods go where those can be used. Pods that ask for devices of a class
// by an extended resource have one claim more where no device plugin offers that resource: the one
// that the scheduler would make.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "claims/claims.h"
#include "cluster/snapshot.h"
#include "plan/class_resources.h"
#include "plan/plan.h"

namespace tangram::plan {

using Counts = std::map<std::string, std::int64_t, std::less<>>;
std::int64_t CountIn(const Counts& counts, std::string_view resource);

// A node, and what its device plugin offers while the plan is made.
struct Site {
  const cluster::Node* node = nullptr;
  const Counts* offers = nullptr;
};

// What to do about a claim of which it is not known whether it can be served.
inline constexpr std::string_view kUnknownClaimRemedy =
    "correct the claim, or leave it to the scheduler (docs/dra.md says what is not evaluated here)";

// A value: a copy is a state to go back to. Borrows the snapshot and its nodes, and the pods that
// it is asked about.
class DeviceBook {
 public:
  DeviceBook() = default;
  explicit DeviceBook(const cluster::Snapshot& snapshot);

  // Whether there are claims: else there is nothing to book.
  bool any() const { return shared_ != nullptr; }
  // Whether devices of DRA are what the pod asks for, on some nodes at least.
  bool Concerns(const cluster::Pod& pod) const;
  // Whether a claim would have to serve that resource of the pod, which waits: DRA has devices
  // there, and the device plugin none by that name.
  bool IsByClaim(const Site& site, const cluster::Pod& pod, std::string_view resource) const;
  const ClassResources& resources() const { return resources_; }

  // Whether all the pod's claims can be served on the node together, beside what others hold. True
  // for pods without claims.
  bool Fits(const Site& site, const cluster::Pod& pod) const;
  // Gives the claims their devices, which have to fit; returns those that were free before.
  std::vector<cluster::AllocatedDevice> Give(const Site& site, const cluster::Pod& pod);
  // Returns those that are free now: other pods may use the same claim.
  std::vector<cluster::AllocatedDevice> TakeBack(const cluster::Node& node,
                                                 const cluster::Pod& pod);

  // The device plugin gave the card away, which NVIDIA's driver publishes too; or has it back.
  void SetHeldByOthers(const cluster::Node& node, const std::string& device, bool held);

  // What was given, in the order of claims and requests.
  std::vector<ClaimedDevice> GivenTo(const cluster::Pod& pod) const;
  // What could no longer be given there to others once the pod's claims are served (claims/room.h);
  // 0 where they cannot be.
  std::int64_t LossBy(const Site& site, const cluster::Pod& pod) const;
  // Devices that the node can use and nobody holds.
  std::int64_t FreeOn(const cluster::Node& node) const;

  enum class Verdict {
    kFits,
    kNoDevices,  // the devices are not there, whoever holds them
    kNotThere,   // a claim is not there (yet)
    kUnknown,    // or the scheduler gives up: `why` says so
  };
  struct Could {
    Verdict verdict = Verdict::kFits;
    std::string why{};
  };
  // Whether the claims could be served on one of the nodes if nobody held anything there.
  Could CouldServe(const std::vector<Site>& sites, const cluster::Pod& pod) const;
  // Why the claims are not served now on one of them, where that is not known; empty: devices are
  // held.
  std::string WhyUnknown(const std::vector<Site>& sites, const cluster::Pod& pod) const;

 private:
  using ClaimList = std::vector<const cluster::Claim*>;
  // What stays the same, and what is only remembered.
  struct Shared {
    explicit Shared(const cluster::Snapshot& snapshot);
    const std::vector<claims::Pool>& PoolsOf(const cluster::Node& node);

    claims::Catalog catalog;
    claims::Selection selection;
    std::map<std::pair<std::string_view, std::string_view>, const cluster::Claim*> claims;
    std::unordered_map<const cluster::Node*, std::vector<claims::Pool>> pools;
    std::unordered_map<const cluster::Claim*, std::string> words;
    std::unordered_set<const cluster::Node*> nodes;  // those that are there
    std::unordered_multimap<std::string_view, const cluster::Claim*> reserved;  // by uid of a pod
    // What the scheduler would make, by pod and by which of its devices are asked for so.
    std::map<std::pair<const cluster::Pod*, std::uint64_t>, cluster::Claim> made;
    std::string unknown{};  // why it is not known what is free
  };
  // Of claims that the plan serves.
  struct Served {
    const cluster::Node* node = nullptr;
    int pods = 0;
    std::vector<claims::Given> devices{};
  };

  // The pod's claims that no node was found for yet; nothing where one of them is not there, or is
  // allocated and cannot be used on the node, or where it is not known what it would be.
  std::optional<ClaimList> ToServe(const Site& site, const cluster::Pod& pod) const;
  const cluster::Claim* Find(const cluster::Pod& pod, const std::string& name) const;
  // Which of the pod's devices a claim would serve there: a bit for each.
  std::uint64_t AskedByClaim(const Site& site, const cluster::Pod& pod) const;
  bool IsClaimsToGive(const Site& site, std::string_view resource) const;
  const cluster::Claim& MadeFor(const cluster::Pod& pod, std::uint64_t asked) const;
  // Of a pod on its node: the scheduler made the claim, and it is allocated.
  bool HasSchedulersClaim(const cluster::Pod& pod, std::uint64_t asked) const;
  // Of those that the scheduler would make for the pod, the one that is served.
  const cluster::Claim* ServedFor(const cluster::Pod& pod) const;
  // The pod's own claims and the scheduler's one, by name, that the plan serves.
  std::vector<std::pair<std::string, const cluster::Claim*>> ServedOf(
      const cluster::Pod& pod) const;
  // Why it is not known which devices the pod's extended resources stand for; empty: it is.
  std::string WhyAmbiguous(const cluster::Pod& pod, std::uint64_t asked) const;
  // Why it is not known what the claims would be, or what is free; empty: it is.
  std::string WhyNotAsked(const Site& site, const cluster::Pod& pod) const;
  std::string WordsOf(const ClaimList& claims) const;
  // What claims hold.
  struct Held {
    claims::DeviceSet alone{};
    claims::Capacities taken{};  // of devices that several hold
  };
  claims::Answer Ask(const cluster::Node& node, const Held& held, const ClaimList& claims) const;
  void Hold(const cluster::AllocatedDevice& held);
  // Whether nobody held the device before; whether nobody holds it now.
  bool Hold(const claims::Given& given);
  bool LetGo(const claims::Given& given);

  ClassResources resources_;
  std::shared_ptr<Shared> shared_;  // null: there are no claims
  Held held_;
  claims::DeviceSet others_;  // of these, what claims do not hold
  std::map<const cluster::Claim*, Served> served_;
  enum class Room { kLess, kMore };
  // The node's devices are held by others than before: what was remembered is no longer so.
  void Changed(const cluster::Node& node, const std::vector<cluster::AllocatedDevice>& devices,
               Room room);

  // What was worked out for a node, each when it was first asked for.
  struct KnownRoom {
    std::optional<std::int64_t> free{};          // FreeOn
    std::optional<std::int64_t> left{};          // claims/room.h
    std::map<std::string, std::int64_t> loss{};  // LossBy, by the claims' words
  };
  mutable std::unordered_map<const cluster::Node*, KnownRoom> room_;
  // What is known not to fit, by node.
  mutable std::unordered_map<const cluster::Node*, std::set<std::string>> full_;
};

}  // namespace tangram::plan
