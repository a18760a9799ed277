// The book's part about extended resources behind which a DeviceClass stands: the claim that the
// scheduler makes for a pod that asks for some.
#include <fmt/format.h>

#include <algorithm>

#include "plan/pass/device_book.h"

namespace tangram::plan {
namespace {

constexpr std::size_t kMostBits = 64;  // more resources no pod asks for

bool IsAsked(std::uint64_t asked, std::size_t device) {
  return device < kMostBits && (asked >> device & 1) != 0;
}

// Asks for devices of a class and says nothing more of them, as what the scheduler makes.
bool IsPlain(const cluster::DeviceRequest& request) {
  return request.selectors.empty() && request.tolerations.empty() && request.capacity.empty() &&
         !request.all && !request.admin_access;
}

}  // namespace

std::int64_t CountIn(const Counts& counts, std::string_view resource) {
  const auto found = counts.find(resource);
  return found == counts.end() ? 0 : found->second;
}

bool DeviceBook::Concerns(const cluster::Pod& pod) const {
  if (!pod.claims.empty()) return true;
  return any() && !shared_->catalog.empty() && resources_.AreAskedBy(pod);
}

// Of a node that is added nothing is known before it is up.
bool DeviceBook::IsClaimsToGive(const Site& site, std::string_view resource) const {
  if (CountIn(*site.offers, resource) != 0 || resources_.Find(resource) == nullptr) return false;
  if (shared_->catalog.empty() || !shared_->nodes.contains(site.node)) return false;
  const auto& pools = shared_->PoolsOf(*site.node);
  return std::any_of(pools.begin(), pools.end(), [](const claims::Pool& pool) {
    return !pool.fault.empty() || std::any_of(pool.offers.begin(), pool.offers.end(),
                                              [](const auto& offer) { return offer.in_reach; });
  });
}

std::uint64_t DeviceBook::AskedByClaim(const Site& site, const cluster::Pod& pod) const {
  // What moves is not looked at: its devices would have to be found, and given, anew.
  if (!any() || (!pod.node.empty() && pod.node != site.node->name)) return 0;
  std::uint64_t asked = 0;
  for (std::size_t i = 0; i < std::min(pod.devices.size(), kMostBits); ++i) {
    const auto& [resource, count] = pod.devices[i];
    if (count > 0 && IsClaimsToGive(site, resource)) asked |= std::uint64_t{1} << i;
  }
  return asked;
}

bool DeviceBook::IsByClaim(const Site& site, const cluster::Pod& pod,
                           std::string_view resource) const {
  return any() && pod.node.empty() && IsClaimsToGive(site, resource);
}

std::string DeviceBook::WhyAmbiguous(const cluster::Pod& pod, std::uint64_t asked) const {
  for (std::size_t i = 0; i < pod.devices.size(); ++i) {
    if (!IsAsked(asked, i)) continue;
    const ClassResources::Behind& behind = *resources_.Find(pod.devices[i].name);
    if (behind.rival == nullptr) continue;
    return fmt::format(
        "the device classes {} and {} both stand behind {}; the newer of them counts, "
        "and which that is is not known here",
        behind.device_class->name, behind.rival->name, pod.devices[i].name);
  }
  return {};
}

// The scheduler makes a request for each container; devices of one class it gives in the same
// order to one request for all.
const cluster::Claim& DeviceBook::MadeFor(const cluster::Pod& pod, std::uint64_t asked) const {
  const auto [known, fresh] = shared_->made.try_emplace({&pod, asked});
  cluster::Claim& claim = known->second;
  if (!fresh) return claim;
  claim.ns = pod.ns;
  claim.name = kSchedulersClaim;
  for (std::size_t i = 0; i < pod.devices.size(); ++i) {
    if (!IsAsked(asked, i)) continue;
    cluster::DeviceRequest& request = claim.requests.emplace_back();
    request.name = fmt::format("request-{}", i);
    request.device_class = resources_.Find(pod.devices[i].name)->device_class->name;
    request.count = pod.devices[i].count;
  }
  return claim;
}

// Its name says nothing in a file with hashed names: it is known by what it asks for.
bool DeviceBook::HasSchedulersClaim(const cluster::Pod& pod, std::uint64_t asked) const {
  std::int64_t wanted = 0;
  for (std::size_t i = 0; i < pod.devices.size(); ++i) {
    if (IsAsked(asked, i)) wanted += pod.devices[i].count;
  }
  const auto is_of_them = [&](const cluster::DeviceRequest& request) {
    for (std::size_t i = 0; i < pod.devices.size(); ++i) {
      if (!IsAsked(asked, i)) continue;
      for (const cluster::DeviceClass* one : resources_.Find(pod.devices[i].name)->all) {
        if (one->name == request.device_class) return IsPlain(request);
      }
    }
    return false;
  };
  const auto is_it = [&](const cluster::Claim* claim) {
    if (claim == nullptr || claim->ns != pod.ns || claim->devices.empty()) return false;
    std::int64_t count = 0;
    for (const cluster::DeviceRequest& request : claim->requests) count += request.count;
    return count == wanted &&
           std::all_of(claim->requests.begin(), claim->requests.end(), is_of_them);
  };
  for (const std::string& name : pod.claims) {
    if (is_it(Find(pod, name))) return true;
  }
  const auto [first, last] = shared_->reserved.equal_range(pod.uid);
  return std::any_of(first, last, [&](const auto& entry) { return is_it(entry.second); });
}

const cluster::Claim* DeviceBook::ServedFor(const cluster::Pod& pod) const {
  auto made = shared_->made.lower_bound({&pod, 0});
  for (; made != shared_->made.end() && made->first.first == &pod; ++made) {
    if (served_.contains(&made->second)) return &made->second;
  }
  return nullptr;
}

}  // namespace tangram::plan
