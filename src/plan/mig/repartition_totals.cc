// What an answer comes to, apart from how it was found.
#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "plan/mig/card_patterns.h"
#include "plan/mig/repartition.h"
#include "plan/mig/room_left.h"

namespace tangram::plan::mig {
namespace {

// The alternative of the request that an instance there is; nullptr: it does not serve.
const Alternative* Serves(const Fleet& fleet, const Request& request, const PlacedOn& to) {
  if (to.card >= fleet.cards.size()) return nullptr;
  const int site = fleet.cards[to.card].site;
  const auto found = std::find_if(request.begin(), request.end(), [&](const Alternative& one) {
    return IsAt(one, to.at.profile, site);
  });
  return found == request.end() ? nullptr : &*found;
}

class Tally {
 public:
  Tally(const Fleet& fleet, const Repartitioning& answer)
      : fleet_(fleet), answer_(answer), taken_(fleet.cards.size()), gone_(fleet.cards.size()) {}

  std::optional<FleetTotals> Run() {
    if (!CountServed() || !CountMoved()) return std::nullopt;
    for (std::size_t c = 0; c < fleet_.cards.size(); ++c) {
      if (!CountCard(c)) return std::nullopt;
    }
    return std::move(totals_);
  }

 private:
  bool CountServed() {
    if (answer_.served.size() != fleet_.wants.size()) return false;
    std::map<int, std::int64_t, std::greater<>> served;
    for (std::size_t w = 0; w < fleet_.wants.size(); ++w) {
      const Want& want = fleet_.wants[w];
      std::int64_t& weight = served[want.priority];
      if (!answer_.served[w]) continue;
      if (!Take(want.request, *answer_.served[w])) return false;
      weight += want.weight;
    }
    totals_.served.assign(served.begin(), served.end());
    return true;
  }

  bool CountMoved() {
    for (const Moved& moved : answer_.moved) {
      if (moved.card >= fleet_.cards.size()) return false;
      const FleetCard& card = fleet_.cards[moved.card];
      if (moved.held >= card.held.size() || !card.held[moved.held].moves_to) return false;
      if (!gone_[moved.card].insert(moved.held).second) return false;
      if (!Take(*card.held[moved.held].moves_to, moved.to)) return false;
      totals_.disturbed += card.held[moved.held].move_cost;
    }
    return true;
  }

  bool Take(const Request& request, const PlacedOn& to) {
    const Alternative* alternative = Serves(fleet_, request, to);
    if (alternative == nullptr) return false;
    totals_.cost += alternative->cost;
    taken_[to.card].push_back(to.at);
    return true;
  }

  bool CountCard(std::size_t c) {
    const FleetCard& card = fleet_.cards[c];
    std::vector<gpu::Occupied> stays;
    for (std::size_t h = 0; h < card.held.size(); ++h) {
      if (!gone_[c].contains(h)) stays.push_back(card.held[h].at);
    }
    if (!MayTake(card, stays, taken_[c])) return false;
    std::vector<gpu::Occupied> all = stays;
    for (const gpu::Occupied& at : taken_[c]) {
      if (!gpu::Fits(*card.model, all, *at.profile, at.start)) return false;
      all.push_back(at);
    }
    if (!all.empty()) totals_.cost += card.cost;
    totals_.changed += HasToChange(card, taken_[c]) ? 1 : 0;
    totals_.room += RoomLeft(*card.model, all);
    return true;
  }

  const Fleet& fleet_;
  const Repartitioning& answer_;
  std::vector<std::vector<gpu::Occupied>> taken_;  // by card
  std::vector<std::set<std::size_t>> gone_;        // held instances, by card
  FleetTotals totals_;
};

}  // namespace

bool IsAt(const Alternative& alternative, const gpu::MigProfile* profile, int site) {
  return alternative.profile == profile && ((alternative.sites >> site) & 1U) != 0;
}

std::optional<FleetTotals> TotalsOf(const Fleet& fleet, const Repartitioning& answer) {
  return Tally(fleet, answer).Run();
}

}  // namespace tangram::plan::mig
