// The best layouts for a fleet of cards that is in use: which instances to make for what waits,
// and which running ones to move for it.
//
// Lexicographic, in this order: most waiting demand served, the highest priority first; least cost;
// least disturbed; fewest cards changed; most room left for large instances. Cards that look the
// same are counted together, so what it costs follows the number of distinct cards, not the size of
// the fleet: an integer program over what one card can become (card_patterns.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "gpu/gpu.h"

namespace tangram::plan::mig {

// Cards that the same requests may use are of one site, a number below kMostSites.
using Sites = std::uint64_t;  // a bit each
inline constexpr int kMostSites = 64;
inline constexpr Sites kEverySite = ~Sites{0};

// What serves a request: an instance of the profile, on a card of one of the sites.
struct Alternative {
  const gpu::MigProfile* profile = nullptr;
  std::int64_t cost = 0;  // of taking it rather than another
  Sites sites = kEverySite;
  friend bool operator==(const Alternative&, const Alternative&) = default;
};
// Any of them, each profile once; none: it cannot be served.
using Request = std::vector<Alternative>;

// Whether it lets the instance be on a card of the site.
bool IsAt(const Alternative& alternative, const gpu::MigProfile* profile, int site);

struct Want {
  Request request{};
  int priority = 0;         // one of a higher one counts more than any number of a lower one
  std::int64_t weight = 1;  // among those of equal priority
};

// A running instance.
struct HeldInstance {
  gpu::Occupied at{};
  std::optional<Request> moves_to{};  // absent: it stays
  std::int64_t move_cost = 1;         // disturbance
};

enum class LayoutChange {
  kNever,      // what stands there can be used, and left
  kWhenEmpty,  // once nothing on the card is held
  kInPlace,    // beside what is held
};

struct FleetCard {
  const gpu::Model* model = nullptr;
  LayoutChange change = LayoutChange::kInPlace;
  int site = 0;
  std::int64_t cost = 0;  // if anything is held on it in the end
  std::vector<HeldInstance> held{};
  std::vector<gpu::Occupied> free{};  // instances that stand there, held by nobody
};

struct Fleet {
  std::vector<FleetCard> cards{};
  std::vector<Want> wants{};
};

// An instance of a card of the fleet, by the place of the card in it.
struct PlacedOn {
  std::size_t card = 0;
  gpu::Occupied at{};
};
struct Moved {
  std::size_t card = 0;  // of the fleet
  std::size_t held = 0;  // of the card
  PlacedOn to{};
};

struct FleetTotals {
  std::vector<std::pair<int, std::int64_t>> served{};  // weight by priority, highest first
  std::int64_t cost = 0;
  std::int64_t disturbed = 0;
  std::int64_t changed = 0;  // cards on which an instance is made
  // That stays beside what is held, on all cards (room_left.h).
  std::int64_t room = 0;
  friend bool operator==(const FleetTotals&, const FleetTotals&) = default;
};

struct Repartitioning {
  std::vector<std::optional<PlacedOn>> served{};  // by want
  std::vector<Moved> moved{};                     // by card, held
  FleetTotals totals{};
  // For each step of the order, what no answer surpasses that is as good in the steps before.
  FleetTotals bound{};
  bool proven() const { return totals == bound; }
};

struct RepartitionLimits {
  // Of the search tree, for each step of the order: a count of work, so that equal input gives an
  // equal answer. With none left the best answer so far is given, and its bound.
  int nodes = 2'000;
};

// Asks for held and free instances that stand together legally, profiles of the card's model with
// known placements, sites below kMostSites, and costs from 0 to 10^6. Cards may be of any models.
Repartitioning RepartitionFleet(const Fleet& fleet, RepartitionLimits limits = {});

// What the answer comes to, worked out from the fleet and who is where alone; nothing where it
// breaks a rule: an illegal layout, a profile that does not serve, somebody moved who stays, an
// instance made where none may be.
std::optional<FleetTotals> TotalsOf(const Fleet& fleet, const Repartitioning& answer);

}  // namespace tangram::plan::mig
