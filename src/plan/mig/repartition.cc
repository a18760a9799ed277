#include "plan/mig/repartition.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <tuple>

#include "plan/mig/card_patterns.h"
#include "plan/mig/integer_program.h"

namespace tangram::plan::mig {
namespace {

// Cards that look the same.
struct Group {
  FleetCard card{};                    // its held instances by start
  std::vector<int> kinds{};            // of its held instances; below 0 where one stays
  std::vector<std::size_t> members{};  // of the fleet
  std::vector<CardPattern> patterns{};
  int first_column = 0;  // one for each pattern
};

// Wants that look the same.
struct WantGroup {
  int request = 0;
  int priority = 0;
  std::int64_t weight = 1;
  std::vector<std::size_t> members{};  // of the fleet
  int column = 0;
};

// Instances of a profile on cards of a site.
using Supply = std::pair<const gpu::MigProfile*, int>;

// What a request takes of a supply.
struct Flow {
  int request = 0;
  Supply supply{};
  std::int64_t cost = 0;
  int column = 0;
};

std::vector<std::size_t> ByStart(const FleetCard& card) {
  std::vector<std::size_t> order(card.held.size());
  for (std::size_t h = 0; h < order.size(); ++h) order[h] = h;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return card.held[a].at.start < card.held[b].at.start;
  });
  return order;
}

class Program {
 public:
  explicit Program(const Fleet& fleet) : fleet_(fleet) {
    GroupWants();
    GroupCards();
    FindPatterns();
    AddFlows();
    AddRows();
  }

  Repartitioning Solve(RepartitionLimits limits) {
    std::vector<std::int64_t> values = AsItIs();
    Repartitioning answer;
    for (const int priority : priorities_) {
      const auto [value, bound] = Minimise(ServedAt(priority), values, limits);
      answer.totals.served.emplace_back(priority, -value);
      answer.bound.served.emplace_back(priority, -bound);
    }
    const auto step = [&](std::vector<std::int64_t> objective, std::int64_t FleetTotals::* total,
                          std::int64_t sign) {
      for (std::int64_t& factor : objective) factor *= sign;
      const auto [value, bound] = Minimise(std::move(objective), values, limits);
      answer.totals.*total = sign * value;
      answer.bound.*total = sign * bound;
    };
    step(Costs(), &FleetTotals::cost, 1);
    step(OfPatterns([](const Group& group, const CardPattern& pattern) {
           std::int64_t cost = 0;
           for (const std::size_t h : pattern.leaves) cost += group.card.held[h].move_cost;
           return cost;
         }),
         &FleetTotals::disturbed, 1);
    step(OfPatterns([](const Group&, const CardPattern& pattern) -> std::int64_t {
           return pattern.changed ? 1 : 0;
         }),
         &FleetTotals::changed, 1);
    step(OfPatterns([](const Group&, const CardPattern& pattern) { return pattern.room; }),
         &FleetTotals::room, -1);
    Read(values, answer);
    return answer;
  }

 private:
  // ---- what looks the same ----

  int InternRequest(const Request& request) {
    const auto known = std::find(requests_.begin(), requests_.end(), request);
    if (known != requests_.end()) return static_cast<int>(known - requests_.begin());
    requests_.push_back(request);
    return static_cast<int>(requests_.size()) - 1;
  }

  // What a held instance is to the fleet: where it may go, and how much that disturbs.
  int InternKind(const HeldInstance& held) {
    if (!held.moves_to) return -1;
    const std::pair kind(InternRequest(*held.moves_to), held.move_cost);
    const auto known = std::find(kinds_.begin(), kinds_.end(), kind);
    if (known != kinds_.end()) return static_cast<int>(known - kinds_.begin());
    kinds_.push_back(kind);
    return static_cast<int>(kinds_.size()) - 1;
  }

  void GroupWants() {
    std::map<std::tuple<int, int, std::int64_t>, std::size_t> known;
    for (std::size_t w = 0; w < fleet_.wants.size(); ++w) {
      const Want& want = fleet_.wants[w];
      const int request = InternRequest(want.request);
      const auto [at, fresh] =
          known.try_emplace({want.priority, request, want.weight}, wants_.size());
      if (fresh) wants_.push_back({request, want.priority, want.weight});
      wants_[at->second].members.push_back(w);
      priorities_.insert(want.priority);
      Count(want.request);
    }
  }

  void Count(const Request& request) {
    std::set<const gpu::MigProfile*> profiles;
    for (const Alternative& alternative : request) {
      profiles.insert(alternative.profile);
    }
    for (const gpu::MigProfile* profile : profiles) ++most_taken_[profile];
  }

  static std::vector<std::int64_t> LookOf(const FleetCard& card, const std::vector<int>& kinds) {
    const auto place = [&](const gpu::MigProfile* profile) {
      return profile - card.model->profiles.data();
    };
    std::vector<std::int64_t> look = {card.model - gpu::Models().data(),
                                      static_cast<std::int64_t>(card.change), card.site, card.cost,
                                      static_cast<std::int64_t>(card.held.size())};
    for (std::size_t h = 0; h < card.held.size(); ++h) {
      const gpu::Occupied& at = card.held[h].at;
      look.insert(look.end(), {place(at.profile), at.start, kinds[h]});
    }
    for (const gpu::Occupied& at : card.free)
      look.insert(look.end(), {place(at.profile), at.start});
    return look;
  }

  void GroupCards() {
    std::map<std::vector<std::int64_t>, std::size_t> known;
    for (std::size_t c = 0; c < fleet_.cards.size(); ++c) {
      FleetCard card = fleet_.cards[c];
      card.held.clear();
      for (const std::size_t h : ByStart(fleet_.cards[c])) {
        card.held.push_back(fleet_.cards[c].held[h]);
      }
      std::sort(card.free.begin(), card.free.end(),
                [](const auto& a, const auto& b) { return a.start < b.start; });
      std::vector<int> kinds;
      for (const HeldInstance& held : card.held) {
        kinds.push_back(InternKind(held));
        if (held.moves_to) Count(*held.moves_to);
      }
      const auto [at, fresh] = known.try_emplace(LookOf(card, kinds), groups_.size());
      if (fresh) groups_.push_back({.card = std::move(card), .kinds = std::move(kinds)});
      groups_[at->second].members.push_back(c);
    }
  }

  void FindPatterns() {
    for (Group& group : groups_) {
      group.patterns = PatternsOf(group.card, group.kinds, most_taken_);
      group.first_column = static_cast<int>(program_.columns());
      for (std::size_t q = 0; q < group.patterns.size(); ++q) {
        program_.AddColumn(static_cast<std::int64_t>(group.members.size()));
      }
    }
    for (WantGroup& want : wants_) {
      want.column = program_.AddColumn(static_cast<std::int64_t>(want.members.size()));
    }
  }

  // ---- the program ----

  // Calls visit(group, pattern, column).
  template <class Visit>
  void ForEachPattern(const Visit& visit) const {
    for (const Group& group : groups_) {
      for (std::size_t q = 0; q < group.patterns.size(); ++q) {
        visit(group, group.patterns[q], group.first_column + static_cast<int>(q));
      }
    }
  }

  void AddFlows() {
    ForEachPattern([&](const Group& group, const CardPattern& pattern, int column) {
      std::map<const gpu::MigProfile*, std::int64_t> taken;
      for (const gpu::Occupied& instance : pattern.taken) ++taken[instance.profile];
      for (const auto& [profile, count] : taken) {
        supplies_[{profile, group.card.site}].push_back({column, count});
      }
    });
    for (std::size_t r = 0; r < requests_.size(); ++r) {
      std::set<Supply> seen;
      for (const Alternative& alternative : requests_[r]) {
        for (const auto& [supply, entries] : supplies_) {
          const auto& [profile, site] = supply;
          if (!IsAt(alternative, profile, site) || !seen.insert(supply).second) continue;
          const auto most = static_cast<std::int64_t>(fleet_.wants.size() + AllHeld());
          flows_.push_back(
              {static_cast<int>(r), supply, alternative.cost, program_.AddColumn(most)});
        }
      }
    }
  }

  std::size_t AllHeld() const {
    std::size_t held = 0;
    for (const FleetCard& card : fleet_.cards) held += card.held.size();
    return held;
  }

  void AddRows() {
    for (const Group& group : groups_) {
      std::vector<Entry> each;
      for (std::size_t q = 0; q < group.patterns.size(); ++q) {
        each.push_back({group.first_column + static_cast<int>(q), 1});
      }
      const auto members = static_cast<std::int64_t>(group.members.size());
      program_.AddRow(std::move(each), members, members);
    }
    // What is taken and given to nobody costs room in the end; until then it makes rounding easier.
    for (const auto& [supply, made] : supplies_) {
      std::vector<Entry> row = made;
      for (const Flow& flow : flows_) {
        if (flow.supply == supply) row.push_back({flow.column, -1});
      }
      program_.AddRow(std::move(row), 0, IntegerProgram::kNoLimit);
    }
    for (std::size_t r = 0; r < requests_.size(); ++r) AddRequestRow(static_cast<int>(r));
  }

  // What flows to a request is what is served of it, and what left its instance.
  void AddRequestRow(int request) {
    std::vector<Entry> row;
    for (const Flow& flow : flows_) {
      if (flow.request == request) row.push_back({flow.column, 1});
    }
    for (const WantGroup& want : wants_) {
      if (want.request == request) row.push_back({want.column, -1});
    }
    ForEachPattern([&](const Group& group, const CardPattern& pattern, int column) {
      const auto left =
          std::count_if(pattern.leaves.begin(), pattern.leaves.end(), [&](std::size_t h) {
            return kinds_[static_cast<std::size_t>(group.kinds[h])].first == request;
          });
      if (left > 0) row.push_back({column, -left});
    });
    program_.AddRow(std::move(row), 0, 0);
  }

  // Nothing is served, nobody moves.
  std::vector<std::int64_t> AsItIs() const {
    std::vector<std::int64_t> values(program_.columns(), 0);
    ForEachPattern([&](const Group& group, const CardPattern& pattern, int column) {
      if (!pattern.leaves.empty() || !pattern.taken.empty()) return;
      values[static_cast<std::size_t>(column)] = static_cast<std::int64_t>(group.members.size());
    });
    return values;
  }

  template <class Value>
  std::vector<std::int64_t> OfPatterns(const Value& value) const {
    std::vector<std::int64_t> objective(program_.columns(), 0);
    ForEachPattern([&](const Group& group, const CardPattern& pattern, int column) {
      objective[static_cast<std::size_t>(column)] = value(group, pattern);
    });
    return objective;
  }

  std::vector<std::int64_t> ServedAt(int priority) const {
    std::vector<std::int64_t> objective(program_.columns(), 0);
    for (const WantGroup& want : wants_) {
      if (want.priority == priority)
        objective[static_cast<std::size_t>(want.column)] = -want.weight;
    }
    return objective;
  }

  std::vector<std::int64_t> Costs() const {
    auto objective = OfPatterns([](const Group& group, const CardPattern& pattern) {
      const bool used = !pattern.taken.empty() || pattern.leaves.size() < group.card.held.size();
      return used ? group.card.cost : 0;
    });
    for (const Flow& flow : flows_) objective[static_cast<std::size_t>(flow.column)] = flow.cost;
    return objective;
  }

  // The value and its bound. `values` become the answer, and no later step may be worse here.
  std::pair<std::int64_t, std::int64_t> Minimise(std::vector<std::int64_t> objective,
                                                 std::vector<std::int64_t>& values,
                                                 RepartitionLimits limits) {
    auto answer = program_.Minimise(objective, std::move(values), limits.nodes);
    values = std::move(answer.values);
    std::vector<Entry> row;
    for (std::size_t c = 0; c < objective.size(); ++c) {
      if (objective[c] != 0) row.push_back({static_cast<int>(c), objective[c]});
    }
    program_.AddRow(std::move(row), -IntegerProgram::kNoLimit, answer.value);
    return {answer.value, answer.bound};
  }

  // ---- who goes where ----

  using HeldAt = std::pair<std::size_t, std::size_t>;  // card of the fleet, held of the card

  // Instances to take and who leaves one, each in the order of the fleet.
  struct Ends {
    std::map<Supply, std::vector<PlacedOn>> places{};
    std::vector<std::vector<HeldAt>> movers{};  // by request
  };

  void End(std::size_t card, const Group& group, const CardPattern& pattern, Ends& ends) const {
    for (const gpu::Occupied& at : pattern.taken) {
      ends.places[{at.profile, group.card.site}].push_back({card, at});
    }
    const auto order = ByStart(fleet_.cards[card]);
    for (const std::size_t h : pattern.leaves) {
      const int request = kinds_[static_cast<std::size_t>(group.kinds[h])].first;
      ends.movers[static_cast<std::size_t>(request)].emplace_back(card, order[h]);
    }
  }

  Ends EndsOf(const std::vector<std::int64_t>& values) const {
    Ends ends;
    ends.movers.resize(requests_.size());
    for (const Group& group : groups_) {
      auto member = group.members.begin();  // the first cards are used first
      for (std::size_t q = group.patterns.size(); q-- > 0;) {
        const auto column = static_cast<std::size_t>(group.first_column) + q;
        for (std::int64_t i = 0; i < values[column]; ++i) {
          End(*member++, group, group.patterns[q], ends);
        }
      }
    }
    for (auto& [supply, places] : ends.places) std::sort(places.begin(), places.end(), ComesFirst);
    for (auto& movers : ends.movers) std::sort(movers.begin(), movers.end());
    return ends;
  }

  void Read(const std::vector<std::int64_t>& values, Repartitioning& answer) const {
    answer.served.resize(fleet_.wants.size());
    const Ends ends = EndsOf(values);
    std::map<Supply, std::size_t> used;
    for (std::size_t r = 0; r < requests_.size(); ++r) {
      std::vector<PlacedOn> given;
      for (const Flow& flow : flows_) {
        if (flow.request != static_cast<int>(r)) continue;
        for (std::int64_t i = 0; i < values[static_cast<std::size_t>(flow.column)]; ++i) {
          given.push_back(ends.places.at(flow.supply)[used[flow.supply]++]);
        }
      }
      Give(given, ends.movers[r], static_cast<int>(r), values, answer);
    }
    std::sort(answer.moved.begin(), answer.moved.end(), [](const Moved& a, const Moved& b) {
      return std::tie(a.card, a.held) < std::tie(b.card, b.held);
    });
  }

  static bool ComesFirst(const PlacedOn& a, const PlacedOn& b) {
    return std::tie(a.card, a.at.start) < std::tie(b.card, b.at.start);
  }

  void Give(const std::vector<PlacedOn>& given, const std::vector<HeldAt>& movers, int request,
            const std::vector<std::int64_t>& values, Repartitioning& answer) const {
    auto next = given.begin();
    for (const auto& [card, held] : movers) answer.moved.push_back({card, held, *next++});
    for (const WantGroup& want : wants_) {
      if (want.request != request) continue;
      const auto served = static_cast<std::size_t>(values[static_cast<std::size_t>(want.column)]);
      for (std::size_t i = 0; i < served; ++i) answer.served[want.members[i]] = *next++;
    }
  }

  const Fleet& fleet_;
  std::vector<Request> requests_;
  std::vector<std::pair<int, std::int64_t>> kinds_;  // request, move cost
  std::set<int, std::greater<>> priorities_;
  MostTaken most_taken_;
  std::vector<WantGroup> wants_;
  std::vector<Group> groups_;
  std::map<Supply, std::vector<Entry>> supplies_;  // made by patterns
  std::vector<Flow> flows_;
  IntegerProgram program_;
};

}  // namespace

Repartitioning RepartitionFleet(const Fleet& fleet, RepartitionLimits limits) {
  return Program(fleet).Solve(limits);
}

}  // namespace tangram::plan::mig
