#include "plan/mig/steps.h"

#include <algorithm>

namespace tangram::plan::mig {
namespace {

bool Overlap(const gpu::Occupied& a, const gpu::Occupied& b) {
  return a.start < b.start + b.profile->memory_slices &&
         b.start < a.start + a.profile->memory_slices;
}

bool Contains(const std::vector<gpu::Occupied>& instances, const gpu::Occupied& at) {
  return std::find(instances.begin(), instances.end(), at) != instances.end();
}

bool OverlapsAny(const std::vector<gpu::Occupied>& instances, const gpu::Occupied& at) {
  return std::any_of(instances.begin(), instances.end(),
                     [&](const gpu::Occupied& other) { return Overlap(other, at); });
}

// A move or a want that is still to be done.
struct Task {
  PlacedOn to{};
  std::optional<Moved> moved{};  // absent: a want
  std::size_t want = 0;
  PlacedOn from{};  // of a move: where it is now
  bool had_spare = false;
  bool done = false;
};

class Ordering {
 public:
  Ordering(const Fleet& fleet, const Repartitioning& answer)
      : fleet_(fleet), held_(fleet.cards.size()), free_(fleet.cards.size()) {
    for (std::size_t c = 0; c < fleet.cards.size(); ++c) {
      for (const HeldInstance& held : fleet.cards[c].held) held_[c].push_back(held.at);
      free_[c] = fleet.cards[c].free;
    }
    for (const Moved& moved : answer.moved) {
      const PlacedOn from{moved.card, fleet.cards[moved.card].held[moved.held].at};
      tasks_.push_back({.to = moved.to, .moved = moved, .from = from});
    }
    for (std::size_t w = 0; w < answer.served.size(); ++w) {
      if (answer.served[w]) tasks_.push_back({.to = *answer.served[w], .want = w});
    }
    tasks_on_.resize(fleet.cards.size());
    for (std::size_t t = 0; t < tasks_.size(); ++t) tasks_on_[tasks_[t].to.card].push_back(t);
  }

  Steps Run() && {
    while (std::any_of(tasks_.begin(), tasks_.end(), [](const Task& t) { return !t.done; })) {
      if (DoReady() || MakeWhole() || MakePart() || UseSpare()) continue;
      for (const Task& task : tasks_) {
        if (!task.done && task.moved) {
          steps_.stuck.emplace_back(task.moved->card, task.moved->held);
        }
      }
      break;
    }
    return std::move(steps_);
  }

 private:
  // ---- what can be done at once ----

  bool DoReady() {
    bool did = false;
    for (Task& task : tasks_) {
      if (task.done || !IsReady(task)) continue;
      task.done = did = true;
      if (task.moved) {
        Move(task, task.to, false);
      } else {
        Hold(task.to);
        steps_.steps.emplace_back(ServeWant{task.want, task.to});
      }
    }
    return did;
  }

  // A card that changes only when empty is first cut for all who come.
  bool IsReady(const Task& task) const {
    const std::size_t card = task.to.card;
    if (!Contains(free_[card], task.to.at)) return false;
    if (fleet_.cards[card].change != LayoutChange::kWhenEmpty) return true;
    const auto pending = PendingOn(card);
    return std::all_of(pending.begin(), pending.end(),
                       [&](const gpu::Occupied& at) { return Contains(free_[card], at); });
  }

  void Hold(const PlacedOn& place) {
    std::erase(free_[place.card], place.at);
    held_[place.card].push_back(place.at);
  }

  void Move(Task& task, const PlacedOn& to, bool to_spare) {
    Hold(to);
    std::erase(held_[task.from.card], task.from.at);
    free_[task.from.card].push_back(task.from.at);
    steps_.steps.emplace_back(
        MoveHeld{task.moved->card, task.moved->held, task.from, to, to_spare});
    task.from = to;
  }

  // ---- instances that are made ----

  // Whether an instance can be made there now.
  bool CanMake(const PlacedOn& place) const {
    const FleetCard& card = fleet_.cards[place.card];
    if (card.change == LayoutChange::kNever) return false;
    if (card.change == LayoutChange::kWhenEmpty && !held_[place.card].empty()) return false;
    return gpu::Fits(*card.model, held_[place.card], *place.at.profile, place.at.start);
  }

  std::vector<gpu::Occupied> PendingOn(std::size_t card) const {
    std::vector<gpu::Occupied> pending;
    for (const std::size_t t : tasks_on_[card]) {
      if (!tasks_[t].done) pending.push_back(tasks_[t].to.at);
    }
    return pending;
  }

  // Every card on which all who come can be given their instance.
  bool MakeWhole() {
    bool made = false;
    for (std::size_t c = 0; c < fleet_.cards.size(); ++c) {
      const auto pending = PendingOn(c);
      const bool all = std::all_of(pending.begin(), pending.end(),
                                   [&](const gpu::Occupied& at) { return CanMake({c, at}); });
      if (pending.empty() || !all) continue;
      Make(c, pending);
      made = true;
    }
    return made;
  }

  // What somebody moves to first: that lets others go on. A card that has to be empty is cut once.
  bool MakePart() {
    for (const Task& task : tasks_) {
      if (task.done || !task.moved || !CanMake(task.to)) continue;
      if (fleet_.cards[task.to.card].change != LayoutChange::kInPlace) continue;
      Make(task.to.card, {task.to.at});
      return true;
    }
    return false;
  }

  // Beside what is held; free instances stay where they are in nobody's way.
  void Make(std::size_t card, const std::vector<gpu::Occupied>& instances) {
    const gpu::Model& model = *fleet_.cards[card].model;
    std::vector<gpu::Occupied> all = held_[card];
    std::vector<gpu::Occupied> free;
    const auto add = [&](const gpu::Occupied& at) {
      if (!gpu::Fits(model, all, *at.profile, at.start)) return;
      all.push_back(at);
      free.push_back(at);
    };
    std::for_each(instances.begin(), instances.end(), add);
    const auto pending = PendingOn(card);
    for (const gpu::Occupied& at : free_[card]) {
      if (Contains(pending, at) || !OverlapsAny(pending, at)) add(at);
    }
    free_[card] = std::move(free);
    std::sort(all.begin(), all.end(),
              [](const auto& a, const auto& b) { return a.start < b.start; });
    steps_.steps.emplace_back(SetLayout{card, std::move(all)});
  }

  // ---- circles ----

  bool UseSpare() {
    for (Task& task : tasks_) {
      if (task.done || !task.moved || task.had_spare) continue;
      const auto spare = SpareFor(task);
      if (!spare) continue;
      task.had_spare = true;
      if (!Contains(free_[spare->card], spare->at)) Make(spare->card, {spare->at});
      Move(task, *spare, true);
      return true;
    }
    return false;
  }

  // Where nobody wants to go.
  std::optional<PlacedOn> SpareFor(const Task& task) const {
    const Request& request = *fleet_.cards[task.moved->card].held[task.moved->held].moves_to;
    for (std::size_t c = 0; c < fleet_.cards.size(); ++c) {
      const FleetCard& card = fleet_.cards[c];
      const auto pending = PendingOn(c);
      for (const Alternative& alternative : request) {
        const gpu::MigProfile* profile = alternative.profile;
        const auto& table = card.model->profiles;
        const bool of_model = profile >= table.data() && profile < table.data() + table.size();
        if (!of_model || !IsAt(alternative, profile, card.site)) continue;
        for (const int start : profile->starts) {
          const PlacedOn place{c, {profile, start}};
          if (OverlapsAny(pending, place.at)) continue;
          const bool can_make = card.change == LayoutChange::kInPlace && CanMake(place);
          if (can_make || Contains(free_[c], place.at)) return place;
        }
      }
    }
    return std::nullopt;
  }

  const Fleet& fleet_;
  std::vector<std::vector<gpu::Occupied>> held_;  // by card, as it is now
  std::vector<std::vector<gpu::Occupied>> free_;
  std::vector<Task> tasks_;
  std::vector<std::vector<std::size_t>> tasks_on_;  // by the card where they end
  Steps steps_;
};

}  // namespace

Steps OrderSteps(const Fleet& fleet, const Repartitioning& answer) {
  return Ordering(fleet, answer).Run();
}

Transition PlanTransition(Fleet fleet, RepartitionLimits limits) {
  Transition transition;
  while (true) {
    transition.answer = RepartitionFleet(fleet, limits);
    transition.steps = OrderSteps(fleet, transition.answer);
    if (transition.steps.stuck.empty()) return transition;
    for (const auto& [card, held] : transition.steps.stuck) {
      fleet.cards[card].held[held].moves_to.reset();
      transition.stay.emplace_back(card, held);
    }
  }
}

}  // namespace tangram::plan::mig
