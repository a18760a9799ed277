#include "plan/pass/device_book.h"

#include <fmt/format.h>

#include <algorithm>

#include "claims/room.h"
#include "cluster/schedulable.h"

namespace tangram::plan {
namespace {

bool IsAllocated(const cluster::Claim& claim) { return !claim.devices.empty(); }

bool CanBeUsedOn(const cluster::Claim& allocated, const cluster::Node& node) {
  return allocated.nodes.empty() || cluster::MeetsOneOf(node, allocated.nodes);
}

// Everything that decides which devices a claim gets, so that equal claims have equal words.
void Add(std::string& words, std::string_view word) {
  words += fmt::format("{}:{}", word.size(), word);
}

void Add(std::string& words, const cluster::DeviceRequest& request) {
  Add(words, request.name);
  Add(words, request.device_class);
  for (const std::string& selector : request.selectors) Add(words, selector);
  words += fmt::format("|{}{}{}|", request.count, request.all, request.admin_access);
  for (const auto& [key, op, value, effect] : request.tolerations) {
    for (const std::string* word : {&key, &op, &value, &effect}) Add(words, *word);
  }
  for (const auto& [name, quantity] : request.capacity) {
    Add(words, name);
    Add(words, quantity);
  }
  words += ';';
}

std::string WordsOf(const cluster::Claim& claim) {
  std::string words;
  for (const cluster::DeviceRequest& request : claim.requests) Add(words, request);
  for (const cluster::DeviceConstraint& constraint : claim.constraints) {
    words += '=';
    Add(words, constraint.match_attribute);
    Add(words, constraint.distinct_attribute);
    for (const std::string& request : constraint.requests) Add(words, request);
  }
  return words;
}

// Why the allocator has no answer; empty: it has one.
std::string WhyOpen(const claims::Answer& answer) {
  if (const auto* unknown = std::get_if<claims::Unknown>(&answer)) return unknown->why;
  const auto* fails = std::get_if<claims::Fails>(&answer);
  return fails == nullptr ? "" : fails->why;
}

}  // namespace

DeviceBook::Shared::Shared(const cluster::Snapshot& snapshot)
    : catalog(snapshot.slices), selection(snapshot.device_classes) {
  for (const cluster::Claim& claim : snapshot.claims) {
    claims.emplace(std::pair(std::string_view(claim.ns), std::string_view(claim.name)), &claim);
    for (const std::string& uid : claim.reserved_for) reserved.emplace(uid, &claim);
  }
  for (const cluster::Node& node : snapshot.nodes) nodes.insert(&node);
  if (const cluster::Gap* gap = cluster::GapIn(snapshot, "resourceclaims.resource.k8s.io")) {
    unknown = "not every claim could be read, so which devices are free is not known: " + gap->why;
  }
}

const std::vector<claims::Pool>& DeviceBook::Shared::PoolsOf(const cluster::Node& node) {
  const auto [known, fresh] = pools.try_emplace(&node);
  if (fresh) known->second = catalog.PoolsOf(node);
  return known->second;
}

DeviceBook::DeviceBook(const cluster::Snapshot& snapshot) : resources_(snapshot) {
  const bool some = std::any_of(
      snapshot.pods.begin(), snapshot.pods.end(),
      [&](const cluster::Pod& pod) { return !pod.claims.empty() || resources_.AreAskedBy(pod); });
  if (!some && snapshot.claims.empty()) return;
  shared_ = std::make_shared<Shared>(snapshot);
  for (const cluster::Claim& claim : snapshot.claims) {
    for (const cluster::AllocatedDevice& held : claim.devices) {
      if (!held.admin_access) Hold(held);
    }
  }
}

void DeviceBook::Hold(const cluster::AllocatedDevice& held) {
  for (const auto* device : shared_->catalog.DevicesNamed(held.driver, held.pool, held.device)) {
    if (!held.shared) {
      held_.alone.insert(device);
    } else if (!held.consumed.empty()) {
      held_.taken.Take(*device, claims::AmountsOf(held.consumed, *device));
    }
  }
}

const cluster::Claim* DeviceBook::Find(const cluster::Pod& pod, const std::string& name) const {
  const auto found = shared_->claims.find({pod.ns, name});
  return found == shared_->claims.end() ? nullptr : found->second;
}

std::optional<DeviceBook::ClaimList> DeviceBook::ToServe(const Site& site,
                                                         const cluster::Pod& pod) const {
  ClaimList list;
  const std::uint64_t asked = AskedByClaim(site, pod);
  if (asked == 0 && pod.claims.empty()) return list;
  if (!shared_->unknown.empty()) return std::nullopt;
  for (const std::string& name : pod.claims) {
    const cluster::Claim* claim = Find(pod, name);
    if (claim == nullptr) {
      if (pod.node.empty()) return std::nullopt;
      continue;  // it runs, and its other claims count all the same
    }
    const auto served = served_.find(claim);
    if (IsAllocated(*claim)) {
      if (!CanBeUsedOn(*claim, *site.node)) return std::nullopt;
    } else if (served != served_.end()) {
      if (served->second.node != site.node) return std::nullopt;
    } else {
      list.push_back(claim);
    }
  }
  if (asked == 0 || (!pod.node.empty() && HasSchedulersClaim(pod, asked))) return list;
  if (!WhyAmbiguous(pod, asked).empty()) return std::nullopt;
  const cluster::Claim& made = MadeFor(pod, asked);
  const cluster::Claim* served = ServedFor(pod);
  if (served == nullptr) {
    list.push_back(&made);
  } else if (served != &made || served_.at(served).node != site.node) {
    return std::nullopt;
  }
  return list;
}

std::string DeviceBook::WordsOf(const ClaimList& claims) const {
  std::string words;
  for (const cluster::Claim* claim : claims) {
    const auto [known, fresh] = shared_->words.try_emplace(claim);
    if (fresh) known->second = plan::WordsOf(*claim);
    words += known->second + '\n';
  }
  return words;
}

claims::Answer DeviceBook::Ask(const cluster::Node& node, const Held& held,
                               const ClaimList& claims) const {
  return claims::Allocate({shared_->PoolsOf(node), held.alone, held.taken, claims},
                          shared_->selection);
}

bool DeviceBook::Hold(const claims::Given& given) {
  if (!given.result.shared) return held_.alone.insert(given.device).second;
  const bool was_free = !held_.taken.InUse(*given.device);
  held_.taken.Take(*given.device, given.takes);
  return was_free;
}

bool DeviceBook::LetGo(const claims::Given& given) {
  if (!given.result.shared) return held_.alone.erase(given.device) > 0;
  held_.taken.GiveBack(*given.device, given.takes);
  return !held_.taken.InUse(*given.device);
}

bool DeviceBook::Fits(const Site& site, const cluster::Pod& pod) const {
  const auto list = ToServe(site, pod);
  if (!list) return false;
  if (list->empty()) return true;
  std::string words = WordsOf(*list);
  auto& full = full_[site.node];
  if (full.contains(words)) return false;
  const bool fits = std::holds_alternative<claims::Fits>(Ask(*site.node, held_, *list));
  if (!fits) full.insert(std::move(words));
  return fits;
}

std::vector<cluster::AllocatedDevice> DeviceBook::Give(const Site& site, const cluster::Pod& pod) {
  std::vector<cluster::AllocatedDevice> taken;
  const auto list = any() ? ToServe(site, pod) : std::nullopt;
  if (!list || (list->empty() && pod.claims.empty())) return taken;
  const claims::Answer answer = Ask(*site.node, held_, *list);
  const auto* fits = std::get_if<claims::Fits>(&answer);
  if (fits == nullptr) return taken;
  for (const cluster::Claim* claim : *list) served_[claim].node = site.node;
  for (const claims::Given& given : fits->devices) {
    served_[given.claim].devices.push_back(given);
    if (given.result.admin_access) continue;
    if (Hold(given)) taken.push_back(given.result);
  }
  Changed(*site.node, taken, Room::kLess);
  for (const auto& [name, claim] : ServedOf(pod)) ++served_.at(claim).pods;
  return taken;
}

std::vector<cluster::AllocatedDevice> DeviceBook::TakeBack(const cluster::Node& node,
                                                           const cluster::Pod& pod) {
  std::vector<cluster::AllocatedDevice> freed;
  if (!any()) return freed;
  const auto all = ServedOf(pod);
  if (all.empty()) return freed;
  for (const auto& [name, claim] : all) {
    const auto served = served_.find(claim);
    if (--served->second.pods > 0) continue;
    for (const claims::Given& given : served->second.devices) {
      if (given.result.admin_access) continue;
      if (LetGo(given)) freed.push_back(given.result);
    }
    served_.erase(served);
  }
  Changed(node, freed, Room::kMore);
  return freed;
}

std::vector<std::pair<std::string, const cluster::Claim*>> DeviceBook::ServedOf(
    const cluster::Pod& pod) const {
  std::vector<std::pair<std::string, const cluster::Claim*>> claims;
  for (const std::string& name : pod.claims) {
    const cluster::Claim* claim = Find(pod, name);
    if (served_.contains(claim)) claims.emplace_back(name, claim);
  }
  const cluster::Claim* made = ServedFor(pod);
  if (made != nullptr) claims.emplace_back(made->name, made);
  return claims;
}

void DeviceBook::Changed(const cluster::Node& node,
                         const std::vector<cluster::AllocatedDevice>& devices, Room room) {
  room_.erase(&node);
  if (room == Room::kMore) full_.erase(&node);
  // Other nodes can use a device of a pool that is not the node's own.
  const bool is_shared = std::any_of(devices.begin(), devices.end(),
                                     [&](const auto& device) { return device.pool != node.name; });
  if (!is_shared) return;
  room_.clear();
  if (room == Room::kMore) full_.clear();
}

void DeviceBook::SetHeldByOthers(const cluster::Node& node, const std::string& device, bool held) {
  if (!any()) return;
  for (const auto* known :
       shared_->catalog.DevicesNamed(cluster::kNvidiaDriver, node.name, device)) {
    const bool by_others = others_.contains(known);
    if (held == by_others) continue;
    const bool by_claims = held_.alone.contains(known) || held_.taken.InUse(*known);
    if (held && by_claims) continue;
    if (held) {
      others_.insert(known);
      held_.alone.insert(known);
    } else {
      others_.erase(known);
      held_.alone.erase(known);
    }
    Changed(node, {}, held ? Room::kLess : Room::kMore);
  }
}

std::vector<ClaimedDevice> DeviceBook::GivenTo(const cluster::Pod& pod) const {
  std::vector<ClaimedDevice> devices;
  if (!any()) return devices;
  for (const auto& [name, claim] : ServedOf(pod)) {
    for (const claims::Given& given : served_.at(claim).devices) {
      devices.push_back({name, given.result});
    }
  }
  return devices;
}

std::int64_t DeviceBook::FreeOn(const cluster::Node& node) const {
  if (!any()) return 0;
  std::optional<std::int64_t>& known = room_[&node].free;
  if (known) return *known;
  known = 0;
  for (const claims::Pool& pool : shared_->PoolsOf(node)) {
    *known += std::count_if(pool.offers.begin(), pool.offers.end(), [&](const auto& offer) {
      return offer.in_reach && !held_.alone.contains(offer.device);
    });
  }
  return *known;
}

std::int64_t DeviceBook::LossBy(const Site& site, const cluster::Pod& pod) const {
  const auto list = any() ? ToServe(site, pod) : std::nullopt;
  if (!list || list->empty()) return 0;
  const std::vector<claims::Pool>& pools = shared_->PoolsOf(*site.node);
  KnownRoom& room = room_[site.node];
  if (!room.left) room.left = claims::RoomLeft(pools, held_.alone, held_.taken);
  const auto [known, fresh] = room.loss.try_emplace(WordsOf(*list));
  if (!fresh) return known->second;
  const claims::Answer answer = Ask(*site.node, held_, *list);
  const auto* fits = std::get_if<claims::Fits>(&answer);
  if (fits == nullptr) return 0;
  known->second = *room.left - claims::RoomLeft(pools, held_.alone, held_.taken, fits->devices);
  return known->second;
}

DeviceBook::Could DeviceBook::CouldServe(const std::vector<Site>& sites,
                                         const cluster::Pod& pod) const {
  for (const std::string& name : pod.claims) {
    if (Find(pod, name) == nullptr) {
      return {Verdict::kNotThere, name.ends_with('-')
                                      ? fmt::format("its claim {}… is not made yet", name)
                                      : fmt::format("its claim {} is not there", name)};
    }
  }
  if (shared_->catalog.empty()) {
    return {Verdict::kUnknown, "no devices of DRA are known here, so its claims cannot be served"};
  }
  const Held nothing;
  Could could{Verdict::kNoDevices};
  for (const Site& site : sites) {
    const auto list = ToServe(site, pod);
    if (!list) {
      if (could.why.empty()) could.why = WhyNotAsked(site, pod);
      continue;
    }
    const claims::Answer answer = Ask(*site.node, nothing, *list);
    if (std::holds_alternative<claims::Fits>(answer)) return {};
    if (!could.why.empty()) continue;
    could.why = WhyOpen(answer);
  }
  if (!could.why.empty()) could.verdict = Verdict::kUnknown;
  return could;
}

std::string DeviceBook::WhyUnknown(const std::vector<Site>& sites, const cluster::Pod& pod) const {
  for (const Site& site : sites) {
    const auto list = ToServe(site, pod);
    std::string why = list ? WhyOpen(Ask(*site.node, held_, *list)) : WhyNotAsked(site, pod);
    if (!why.empty()) return why;
  }
  return {};
}

std::string DeviceBook::WhyNotAsked(const Site& site, const cluster::Pod& pod) const {
  return shared_->unknown.empty() ? WhyAmbiguous(pod, AskedByClaim(site, pod)) : shared_->unknown;
}

}  // namespace tangram::plan
