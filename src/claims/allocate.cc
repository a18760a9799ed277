#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "claims/claims.h"
#include "claims/constraints.h"
#include "claims/counters.h"

namespace tangram::claims {
namespace {

using cluster::DeviceRequest;

constexpr std::int64_t kMostResults = 32;  // devices of one claim
constexpr int kMostSteps = 100'000;

bool Tolerates(const cluster::Toleration& toleration, const cluster::Taint& taint) {
  if (!toleration.effect.empty() && toleration.effect != taint.effect) return false;
  if (!toleration.key.empty() && toleration.key != taint.key) return false;
  if (toleration.op == "Exists") return true;
  return (toleration.op.empty() || toleration.op == "Equal") && toleration.value == taint.value;
}

bool IsKeptOff(const cluster::Device& device, const DeviceRequest& request) {
  return std::any_of(device.taints.begin(), device.taints.end(), [&](const cluster::Taint& taint) {
    if (taint.effect != "NoSchedule" && taint.effect != "NoExecute") return false;
    return std::none_of(
        request.tolerations.begin(), request.tolerations.end(),
        [&](const cluster::Toleration& toleration) { return Tolerates(toleration, taint); });
  });
}

// One device of one pool.
struct Candidate {
  const Pool* pool;
  const Offer* offer;
  const cluster::Device& device() const { return *offer->device; }
};

// What a way of serving a request needs, found out before the search.
struct Need {
  const DeviceRequest* request;
  std::string where{};  // "claim ns/c, request r", for messages
  std::string class_where{};
  std::vector<Selection::Expression*> of_class{};
  std::vector<Selection::Expression*> of_request{};
  std::int64_t devices = 0;      // how many
  std::vector<Candidate> all{};  // for allocationMode All
};

// A request, and the ways to serve it: one, or its alternatives.
struct Wanted {
  std::string_view name;
  std::vector<Need> ways{};
};

// How far the search is.
struct Position {
  std::size_t claim = 0;
  std::size_t request = 0;
  std::size_t way = 0;      // which of its needs
  std::int64_t device = 0;  // of that need
};

enum class Step { kDone, kNo, kTooMany, kStopped };

// Depth first, in the order in which things are written down, as the scheduler does.
class Search {
 public:
  Search(const Question& question, Selection& selection)
      : question_(question), selection_(selection), counters_(question.allocated) {
    for (const Pool& pool : question.pools) {
      if (!pool.fault.empty()) continue;
      for (const Offer& offer : pool.offers) candidates_.push_back({&pool, &offer});
    }
  }

  Answer Run() {
    for (const cluster::Claim* claim : question_.claims) {
      if (!Prepare(*claim)) return Why();
    }
    const Step step = ServeClaims({});
    if (step == Step::kStopped) return Why();
    if (step == Step::kTooMany) {
      return Fails{fmt::format("a claim can have at most {} devices", kMostResults)};
    }
    if (step != Step::kDone) return DoesNotFit{};
    Fits fits;
    for (auto& given : given_) {
      std::move(given.begin(), given.end(), std::back_inserter(fits.devices));
    }
    return fits;
  }

 private:
  Answer Why() const {
    if (const auto* fails = std::get_if<Fails>(&*stopped_)) return *fails;
    return std::get<Unknown>(*stopped_);
  }
  bool Stop(Stopped why) {
    if (!stopped_) stopped_ = std::move(why);
    return false;
  }

  // ---- before the search ----

  bool Prepare(const cluster::Claim& claim) {
    wanted_.emplace_back();
    given_.emplace_back();
    constraints_.emplace_back();
    std::int64_t least = 0;
    for (const DeviceRequest& request : claim.requests) AddRequest(request);
    for (Wanted& wanted : wanted_.back()) {
      std::int64_t fewest = kMostResults + 1;
      for (Need& need : wanted.ways) {
        if (!Prepare(claim, need)) return false;
        fewest = std::min(fewest, need.devices);
      }
      least += fewest;
    }
    const std::string name = claim.ns + "/" + claim.name;
    if (least > kMostResults) {
      return Stop(
          Fails{fmt::format("claim {} asks for more than the {} devices that a claim can "
                            "have",
                            name, kMostResults)});
    }
    for (const cluster::DeviceConstraint& constraint : claim.constraints) {
      if (constraint.match_attribute.empty() && constraint.distinct_attribute.empty()) {
        return Stop(
            Unknown{fmt::format("claim {} has a constraint of another kind than "
                                "matchAttribute and distinctAttribute",
                                name)});
      }
      constraints_.back().emplace_back(constraint);
    }
    return true;
  }

  // Alternatives of one request ("r/a", "r/b") follow each other.
  void AddRequest(const DeviceRequest& request) {
    std::vector<Wanted>& wanted = wanted_.back();
    const std::string_view full = request.name;
    const std::string_view name = full.substr(0, full.find('/'));
    const bool is_next = name != full && !wanted.empty() && wanted.back().name == name;
    if (!is_next) wanted.push_back({name});
    wanted.back().ways.push_back({&request});
  }

  bool Prepare(const cluster::Claim& claim, Need& need) {
    const DeviceRequest& request = *need.request;
    need.where = fmt::format("claim {}/{}, request {}", claim.ns, claim.name, request.name);
    need.class_where = "class " + request.device_class;
    const cluster::DeviceClass* known = selection_.ClassNamed(request.device_class);
    if (known == nullptr) {
      return Stop(
          Fails{fmt::format("{}: there is no device class {}", need.where, request.device_class)});
    }
    for (const std::string& text : known->selectors) {
      need.of_class.push_back(selection_.Compiled(text));
    }
    for (const std::string& text : request.selectors) {
      need.of_request.push_back(selection_.Compiled(text));
    }
    need.devices = request.count;
    return !request.all || FindAll(need);
  }

  bool FindAll(Need& need) {
    for (const Pool& pool : question_.pools) {
      if (pool.fault.empty()) continue;
      return Stop(
          Fails{fmt::format("{} asks for all devices, and resource pool {} is not ready: {}",
                            need.where, pool.name, pool.fault)});
    }
    for (const Candidate& candidate : candidates_) {
      const auto chosen = Chooses(need, candidate);
      if (!chosen) return false;
      if (*chosen) need.all.push_back(candidate);
    }
    need.devices = static_cast<std::int64_t>(need.all.size());
    return true;
  }

  // Class first, then the request; nothing where the search ends.
  std::optional<bool> Chooses(const Need& need, const Candidate& candidate) {
    const std::string_view driver = candidate.pool->driver;
    auto chosen =
        selection_.MatchesAll(need.of_class, need.class_where, driver, candidate.device());
    if (chosen && *chosen) {
      chosen = selection_.MatchesAll(need.of_request, need.where, driver, candidate.device());
    }
    if (!chosen) {
      Stop(chosen.error());
      return std::nullopt;
    }
    if (!*chosen || !candidate.offer->in_reach) return false;
    return HasCapacity(need, candidate.device());
  }

  // Whether what it would take of the device is left.
  std::optional<bool> HasCapacity(const Need& need, const cluster::Device& device) {
    // A device may have been shared before, and still be held so.
    const bool may_be_held = device.shared_by_capacity || question_.taken.InUse(device);
    if (need.request->capacity.empty() && !may_be_held) return true;
    const auto [known, fresh] = takes_.try_emplace({need.request, &device});
    if (fresh) {
      auto takes = TakesOf(*need.request, device);
      if (!takes) {
        Stop(Unknown{fmt::format("{}: {}", need.where, takes.error())});
        return std::nullopt;
      }
      known->second = *std::move(takes);
    }
    return known->second && taking_.HaveRoomFor(device, *known->second, question_.taken);
  }

  // ---- the search ----

  const Need& NeedAt(const Position& at) const {
    return wanted_[at.claim][at.request].ways[at.way];
  }

  Step ServeClaims(Position at) {
    if (at.claim == wanted_.size()) return Step::kDone;
    if (at.request == wanted_[at.claim].size()) {
      const Step step = ServeClaims({at.claim + 1});
      return step == Step::kTooMany ? Step::kNo : step;
    }
    bool all_too_many = true;
    for (at.way = 0; at.way < wanted_[at.claim][at.request].ways.size(); ++at.way) {
      const Step step = ServeRequest(at, 0);
      if (step == Step::kDone || step == Step::kStopped) return step;
      all_too_many = all_too_many && step == Step::kTooMany;
    }
    return all_too_many ? Step::kTooMany : Step::kNo;
  }

  // The devices of one way from `at.device` on, looking at candidates from `first` on.
  Step ServeRequest(Position at, std::size_t first) {
    if (++steps_ > kMostSteps) {
      Stop(Unknown{"the search for devices takes too many steps"});
      return Step::kStopped;
    }
    const Need& need = NeedAt(at);
    if (need.request->all && need.all.empty()) return Step::kNo;
    if (at.device >= need.devices) return ServeClaims({at.claim, at.request + 1});
    const auto given = static_cast<std::int64_t>(given_[at.claim].size());
    if (given + need.devices - at.device > kMostResults) return Step::kTooMany;
    return need.request->all ? TakeNamed(at, need) : TakeAny(at, need, first);
  }

  Step TakeNamed(Position at, const Need& need) {
    const Candidate& candidate = need.all[static_cast<std::size_t>(at.device)];
    if (!candidate.device().consumes.empty()) {
      Stop(Unknown{fmt::format("{} asks for all devices, of which {} consumes counters", need.where,
                               candidate.device().name)});
      return Step::kStopped;
    }
    if (!Take(at, need, candidate)) return stopped_ ? Step::kStopped : Step::kNo;
    const Step step = ServeRequest({at.claim, at.request, at.way, at.device + 1}, 0);
    if (step != Step::kDone) GiveBack(at, need, candidate);
    return step;
  }

  Step TakeAny(Position at, const Need& need, std::size_t first) {
    for (std::size_t i = first; i < candidates_.size(); ++i) {
      const Candidate& candidate = candidates_[i];
      if (IsTaken(at, need, candidate)) continue;
      const auto chosen = Chooses(need, candidate);
      if (!chosen) return Step::kStopped;
      if (!*chosen) continue;
      if (!Take(at, need, candidate)) {
        if (stopped_) return Step::kStopped;
        continue;
      }
      const Step step = ServeRequest({at.claim, at.request, at.way, at.device + 1}, i + 1);
      if (step == Step::kDone) return step;
      GiveBack(at, need, candidate);
      if (step != Step::kNo) return step;
    }
    return Step::kNo;
  }

  bool IsTaken(const Position& at, const Need& need, const Candidate& candidate) const {
    const auto holders = taken_.find(&candidate.device());
    const bool held = holders != taken_.end() && !holders->second.empty();
    if (need.request->admin_access) return held && holders->second.contains(at.claim);
    return held || question_.allocated.contains(&candidate.device());
  }

  bool Take(const Position& at, const Need& need, const Candidate& candidate) {
    const cluster::Device& device = candidate.device();
    if (IsTaken(at, need, candidate)) return false;
    // The first who takes of a device that several hold takes its counters.
    const bool in_use =
        device.shared_by_capacity && (taking_.InUse(device) || question_.taken.InUse(device));
    if (!in_use && !device.consumes.empty() && !counters_.Take(*candidate.pool, device)) {
      return false;
    }
    // From here on the counters stay taken, whatever comes.
    if (IsKeptOff(device, *need.request)) return false;
    if (!AddToConstraints(at, need, candidate)) return false;
    Given given{question_.claims[at.claim],
                &device,
                {need.request->name, std::string(candidate.pool->driver),
                 std::string(candidate.pool->name), device.name, need.request->admin_access}};
    if (device.shared_by_capacity) {
      // Of `All` an earlier request may have taken it: the constraints keep it nevertheless.
      const auto has_room = HasCapacity(need, device);
      if (!has_room || !*has_room) return false;
      given.takes = *takes_.at({need.request, &device});
      given.result.shared = true;
      given.result.consumed = ConsumedOf(given.takes, device);
      taking_.Take(device, given.takes);
    } else {
      taken_[&device].insert(at.claim);
    }
    given_[at.claim].push_back(std::move(given));
    return true;
  }

  bool AddToConstraints(const Position& at, const Need& need, const Candidate& candidate) {
    const std::string_view name = wanted_[at.claim][at.request].name;
    std::vector<ConstraintState>& constraints = constraints_[at.claim];
    for (std::size_t i = 0; i < constraints.size(); ++i) {
      const std::string& full_name = need.request->name;
      if (constraints[i].Add(name, full_name, candidate.pool->driver, candidate.device())) continue;
      for (std::size_t j = 0; j < i; ++j) constraints[j].Remove(name, full_name);
      // All devices are wanted, and this one does not go with the others: the scheduler gives up.
      if (!need.request->all) return false;
      return Stop(Fails{fmt::format("{}: device {} does not satisfy constraint {}", need.where,
                                    candidate.device().name, i + 1)});
    }
    return true;
  }

  void GiveBack(const Position& at, const Need& need, const Candidate& candidate) {
    const std::string_view name = wanted_[at.claim][at.request].name;
    for (ConstraintState& constraint : constraints_[at.claim]) {
      constraint.Remove(name, need.request->name);
    }
    const cluster::Device& device = candidate.device();
    if (device.shared_by_capacity) {
      taking_.GiveBack(device, given_[at.claim].back().takes);  // and none of the counters
    } else {
      taken_[&device].erase(at.claim);
      if (!device.consumes.empty()) counters_.GiveBack(*candidate.pool, device);
    }
    given_[at.claim].pop_back();
  }

  const Question& question_;
  Selection& selection_;
  std::vector<Candidate> candidates_;
  std::vector<std::vector<Wanted>> wanted_;  // by claim and request
  std::vector<std::vector<ConstraintState>> constraints_;
  std::vector<std::vector<Given>> given_;
  std::map<const cluster::Device*, std::set<std::size_t>> taken_;  // alone, by which claims
  Capacities taking_;  // by this attempt, of devices that several hold
  std::map<std::pair<const DeviceRequest*, const cluster::Device*>, std::optional<Amounts>> takes_;
  Counters counters_;
  std::optional<Stopped> stopped_;
  int steps_ = 0;
};

}  // namespace

Answer Allocate(const Question& question, Selection& selection) {
  return Search(question, selection).Run();
}

}  // namespace tangram::claims
