#include "plan/classes/classes.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "plan/classes/claim.h"
#include "plan/classes/effects.h"
#include "plan/classes/reach.h"
#include "plan/classes/refuse.h"
#include "plan/classes/where.h"
#include "plan/leaks/seats.h"

namespace tangram::plan::classes {
namespace {

// The class, or a fallback of it, as this pod needs it.
struct Candidate {
  const Index::Entry* entry = nullptr;
  Need need{};
  std::vector<std::size_t> offers{};  // that meet it, cheapest first
};

struct Found {
  std::size_t offer = 0;
  Where where{};
};

class Decider {
 public:
  Decider(const Index& index, const Ask& ask, std::span<const std::int64_t> given)
      : index_(index), pod_(ask.pod), given_(given), reach_(index, ask.pod, given) {}

  Decision Run(const Index::Entry& entry) {
    FindCandidates(entry);
    for (const Candidate& candidate : candidates_) {
      if (const auto found = CheapestFree(candidate)) return TakeNow(candidate, *found);
    }
    for (const Candidate& candidate : candidates_) {
      if (const auto found = CheapestToCome(candidate)) return Wait(candidate, *found);
    }
    const bool may_come = index_.abilities().nodes_may_come || !index_.knows_gpus();
    for (const Candidate& candidate : candidates_) {
      if (may_come && SomeGpuCould(candidate.need)) return WaitForNode(candidate);
    }
    const Candidate& first = candidates_.front();
    if (untold_) return RefuseUntold(first.entry->of, first.need);
    return RefuseNever(index_, first.entry->of, first.need);
  }

 private:
  // A fallback may be less in everything but isolation.
  void FindCandidates(const Index::Entry& entry) {
    Add(entry, entry.need);
    for (const std::string& name : entry.of.fallbacks) {
      const Index::Entry* fallback = index_.Find(name);
      if (fallback == nullptr || fallback == &entry) continue;
      Need need = fallback->need;
      need.isolation = std::max(need.isolation, entry.need.isolation);
      Add(*fallback, need);
    }
  }

  void Add(const Index::Entry& entry, const Need& of_class) {
    Candidate candidate{&entry, NeedOf(of_class, pod_), {}};
    if (candidate.need == entry.need) {
      candidate.offers = entry.offers;
    } else {
      for (std::size_t i = 0; i < index_.offers().size(); ++i) {
        const Offer& offer = index_.offers()[i];
        const bool enough = offer.most_on_node >= candidate.need.count;
        if (enough && Meets(offer.kind, candidate.need)) candidate.offers.push_back(i);
      }
      index_.SortByCost(candidate.offers, candidate.need);
    }
    candidates_.push_back(std::move(candidate));
  }

  // What backs whole cards of DRA as an extended resource, where that is enough to say.
  const std::string* ExtendedFor(const Kind& kind, const Need& need) const {
    const auto& extended = index_.abilities().extended;
    const bool plain =
        need.memory.value() == 0 && need.compute == 0 && need.any_model() && need.selectors.empty();
    if (!plain || kind.way != Way::kDra || kind.isolation() != Isolation::kExclusive) {
      return nullptr;
    }
    for (const auto& [resource, device_class] : extended) {
      if (device_class == "gpu.nvidia.com" && AllMeet(resource, need)) return &resource;
    }
    return nullptr;
  }

  bool AllMeet(const std::string& resource, const Need& need) const {
    return std::none_of(index_.offers().begin(), index_.offers().end(), [&](const Offer& offer) {
      return offer.total > 0 && offer.kind.resource == resource && !Meets(offer.kind, need);
    });
  }

  // Where the pod has to be kept if it asks for the offer; nothing: it may not ask for it.
  std::optional<Where> Rules(const Offer& offer, const Need& need) {
    auto where = WhereFor(index_, offer.kind, need, pod_, reach_);
    if (!where) untold_ = true;
    return where;
  }

  std::optional<Found> CheapestFree(const Candidate& candidate) {
    for (const std::size_t i : candidate.offers) {
      if (!reach_.FreeOf(i, candidate.need)) continue;
      if (auto where = Rules(index_.offers()[i], candidate.need))
        return Found{i, std::move(*where)};
    }
    return std::nullopt;
  }

  // What can be made of idle cards soon; else what nodes have that the pod may use; else any.
  std::optional<Found> CheapestToCome(const Candidate& candidate) {
    const auto first = [&](auto is_one) -> std::optional<Found> {
      for (const std::size_t i : candidate.offers) {
        if (!is_one(i)) continue;
        if (auto where = Rules(index_.offers()[i], candidate.need)) {
          return Found{i, std::move(*where)};
        }
      }
      return std::nullopt;
    };
    const auto usable = [&](std::size_t i) {
      return reach_.MightUse(index_.offers()[i].group, candidate.need);
    };
    auto found =
        first([&](std::size_t i) { return CouldMake(i) >= candidate.need.count && usable(i); });
    if (!found) found = first(usable);
    if (!found) found = first([](std::size_t) { return true; });
    return found;
  }

  std::int64_t CouldMake(std::size_t i) const {
    const Offer& offer = index_.offers()[i];
    const std::int64_t given = i < given_.size() ? given_[i] : 0;
    return offer.could - std::max<std::int64_t>(0, given - offer.free);
  }

  // The scheduler takes the first alternative that fits, so all of them stand in the claim: what
  // is held now may be free by then.
  ClaimAsk ClaimOf(const Candidate& chosen, const Kind& kind) const {
    std::vector<Need> needs;
    const bool lists = index_.abilities().first_available;
    for (const Candidate& candidate : candidates_) {
      if (lists || &candidate == &chosen) needs.push_back(candidate.need);
    }
    return ClaimFor(index_, candidates_.front().entry->of.name, needs, kind);
  }

  Choice Start(const Candidate& candidate, const Found& found) const {
    const Kind& kind = index_.offers()[found.offer].kind;
    Choice choice{.class_name = candidate.entry->of.name, .isolation = kind.isolation()};
    choice.node_terms = found.where.terms;
    choice.tolerations = found.where.tolerations;
    if (kind.way == Way::kPlugin) {
      choice.ask = DeviceAsk{kind.resource, candidate.need.count};
    } else if (const std::string* resource = ExtendedFor(kind, candidate.need)) {
      choice.ask = DeviceAsk{*resource, candidate.need.count};
    } else {
      choice.ask = ClaimOf(candidate, kind);
    }
    return choice;
  }

  Decision Finish(const Candidate& candidate, const Kind& kind, Choice choice) const {
    AddEffects(index_, {candidate.entry->of, candidate.need, kind}, pod_, choice);
    const Candidate& first = candidates_.front();
    if (&candidate != &first) {
      choice.why += fmt::format("; \"{}\" has no room now", first.entry->of.name);
    }
    if (!candidate.need.selectors.empty()) {
      choice.why += "; whether a device matches its selectors is for the scheduler to say";
    }
    choice.annotations.emplace_back(kChoiceAnnotation, choice.why);
    std::sort(choice.annotations.begin(), choice.annotations.end());
    std::sort(choice.labels.begin(), choice.labels.end());
    return choice;
  }

  // "1 of nvidia.com/mig-2g.20gb of A100-80GB, the cheapest for class "small": 1 GPU with ...".
  std::string What(const Candidate& candidate, const Kind& of) const {
    const Kind kind = PartFor(of, candidate.need);
    const std::string device = kind.way == Way::kPlugin
                                   ? fmt::format("{} of {}", candidate.need.count, Describe(kind))
                                   : fmt::format("{} x {}", candidate.need.count, Describe(kind));
    return fmt::format("{}, the {} for class \"{}\" ({})", device,
                       kind.priced ? "cheapest" : "smallest", candidate.entry->of.name,
                       Describe(candidate.need));
  }

  // Over all offers that the pod's request reaches, as it does not say which of them it gets.
  Reach::Free FreeLike(const Candidate& candidate, const Kind& kind) {
    Reach::Free all;
    for (const std::size_t i : candidate.offers) {
      const Kind& other = index_.offers()[i].kind;
      if (other.way != kind.way || other.resource != kind.resource) continue;
      if (!IsCounted(other, candidate.need)) continue;
      if (const auto free = reach_.FreeOf(i, candidate.need)) {
        all.devices += free->devices;
        all.nodes += free->nodes;
      }
    }
    return all;
  }

  Decision TakeNow(const Candidate& candidate, const Found& found) {
    const Kind& kind = index_.offers()[found.offer].kind;
    Choice choice = Start(candidate, found);
    const Reach::Free free = FreeLike(candidate, kind);
    choice.fit = Fit::kNow;
    choice.why = fmt::format("{}; {} free on {} node{}", What(candidate, kind), free.devices,
                             free.nodes, free.nodes == 1 ? "" : "s");
    // How much is left of a card by capacity is for its claims to say.
    if (!kind.by_capacity) choice.taken = Choice::Taken{found.offer, candidate.need.count};
    return Finish(candidate, kind, std::move(choice));
  }

  std::string WhyNotNow(const Candidate& candidate, std::size_t i) {
    const Offer& offer = index_.offers()[i];
    const Group& group = index_.groups()[offer.group];
    if (!reach_.MightUse(offer.group, candidate.need)) {
      return group.spot && !reach_.MayBeSpot(candidate.need)
                 ? "waits: only spot nodes have one, and the class is not interruptible"
                 : "waits: the pod's node selector, affinity or tolerations leave no node that has "
                   "one";
    }
    if (const std::int64_t could = CouldMake(i); could >= candidate.need.count) {
      return fmt::format("waits: none is free, {} can be made of idle cards", could);
    }
    if (!group.like.ready) return "waits: the nodes that have one are not ready";
    if (offer.free >= candidate.need.count) {
      return fmt::format(
          "waits: {} free, on nodes without the CPU or memory, or given out just now", offer.free);
    }
    if (offer.total == 0) return "waits: none is there, and the cards of which it is made are held";
    return fmt::format("waits: {} of {} are free", offer.free, offer.total);
  }

  Decision Wait(const Candidate& candidate, const Found& found) {
    const Kind& kind = index_.offers()[found.offer].kind;
    Choice choice = Start(candidate, found);
    choice.fit = Fit::kWaits;
    choice.why = fmt::format("{}; {}", What(candidate, kind), WhyNotNow(candidate, found.offer));
    if (CouldMake(found.offer) >= candidate.need.count) {
      choice.taken = Choice::Taken{found.offer, candidate.need.count};
    }
    return Finish(candidate, kind, std::move(choice));
  }

  bool SpeaksDra() const {
    return std::any_of(index_.offers().begin(), index_.offers().end(),
                       [](const Offer& offer) { return offer.kind.way == Way::kDra; });
  }

  // Nothing is known of it but what it has to be: a whole card is that, whatever it is.
  Decision WaitForNode(const Candidate& candidate) {
    const Need& need = candidate.need;
    const Kind card{.resource = std::string(kCardResource)};
    Choice choice{.class_name = candidate.entry->of.name,
                  .fit = Fit::kWaits,
                  .isolation = Isolation::kExclusive};
    if (index_.abilities().claims && (SpeaksDra() || !need.selectors.empty())) {
      choice.ask = ClaimOf(candidate, card);
    } else {
      choice.ask = DeviceAsk{card.resource, need.count};
      choice.node_terms = TermsForNewNodes(need);
      choice.tolerations = TolerationsForNewNodes(pod_);
    }
    choice.why = fmt::format("class \"{}\" ({}): waits: no node has one, a new node may",
                             choice.class_name, Describe(need));
    return Finish(candidate, card, std::move(choice));
  }

  const Index& index_;
  const cluster::Pod& pod_;
  std::span<const std::int64_t> given_;
  Reach reach_;
  std::vector<Candidate> candidates_;
  bool untold_ = false;
};

}  // namespace

Decision Decide(const Index& index, const Ask& ask, std::span<const std::int64_t> given) {
  const Index::Entry* entry = index.Find(ask.class_name);
  if (entry == nullptr) return RefuseUnknown(index, ask.class_name);
  return Decider(index, ask, given).Run(*entry);
}

}  // namespace tangram::plan::classes
