#include "sim/mig_cards.h"

#include <algorithm>
#include <utility>

#include "plan/mig/pack.h"

namespace tangram::sim {
namespace {

base::MilliGpu GpuOf(const gpu::Model& model, const gpu::MigProfile& profile) {
  return plan::kWholeGpu * profile.compute_slices / model.compute_slices;
}

bool Overlap(const gpu::MigProfile& a, int a_start, const gpu::MigProfile& b, int b_start) {
  return a_start < b_start + b.memory_slices && b_start < a_start + a.memory_slices;
}

// What holds a card while it is cut.
plan::Shape CutShape() {
  plan::Shape shape;
  shape.gpus = 1;
  return shape;
}

// As many as the card holds, from its lowest start on.
std::vector<gpu::Occupied> FullOf(const gpu::Model& model, const gpu::MigProfile& profile) {
  std::vector<gpu::Occupied> layout;
  for (const int start : profile.starts) {
    if (gpu::Fits(model, layout, profile, start)) layout.push_back({&profile, start});
  }
  return layout;
}

}  // namespace

MigCards::MigCards(const Scenario& scenario, Placing& placing)
    : scenario_(scenario), placing_(placing), held_(scenario.asks.size()) {
  for (const NodeGroup& group : scenario.groups) {
    if (group.model == nullptr || !group.model->has_mig()) continue;
    if (std::find(models_.begin(), models_.end(), group.model) == models_.end()) {
      models_.push_back(group.model);
    }
  }
  for (const Ask& ask : scenario.asks) {
    auto& profiles = profiles_.emplace_back();
    for (const gpu::Model* model : models_) {
      profiles.push_back(gpu::ProfileNamed(*model, ask.profile));
    }
    profiles.push_back(nullptr);  // of any other model
  }
  for (const auto& [at, instances] : scenario.cut_cards) {
    placing_.Hold(CutShape(), at);
    Card card{.at = at, .model = ModelOf(at.node)};
    for (const gpu::Occupied& there : instances) {
      card.instances.push_back({there.profile, there.start, 0, State::kFree});
    }
    live_.push_back(static_cast<std::uint32_t>(cards_.size()));
    cards_.push_back(std::move(card));
  }
}

const gpu::Model* MigCards::ModelOf(std::size_t node) const {
  return scenario_.groups[scenario_.nodes[node].group].model;
}

const gpu::MigProfile* MigCards::ProfileOf(const Card& card, std::uint32_t ask) const {
  const auto model = std::find(models_.begin(), models_.end(), card.model);
  return profiles_[ask][static_cast<std::size_t>(model - models_.begin())];
}

bool MigCards::MayUse(const Card& card, const plan::Shape& shape) const {
  return placing_.nodes()[card.at.node].has_model_of(shape);
}

std::optional<MigCards::Taken> MigCards::Take(std::uint32_t ask, std::optional<std::size_t> node) {
  const plan::Shape& shape = scenario_.asks[ask].shape;
  for (const std::uint32_t id : live_) {
    Card& card = cards_[id];
    if (card.restoring != 0 || (node && *node != card.at.node)) continue;
    const gpu::MigProfile* wanted = ProfileOf(card, ask);
    if (wanted == nullptr || !Fits(placing_.nodes()[card.at.node], shape)) continue;
    for (std::uint32_t i = 0; i < card.instances.size(); ++i) {
      Instance& instance = card.instances[i];
      if (instance.state != State::kFree || instance.profile != wanted) continue;
      instance.state = State::kHeld;
      ++held_[ask];
      placing_.Hold(shape, {card.at.node, 0});
      return Taken{{id, i}, card.at.node, GpuOf(*card.model, *wanted)};
    }
  }
  return std::nullopt;
}

void MigCards::Give(std::uint32_t ask, const Taken& taken) {
  cards_[taken.seat.card].instances[taken.seat.instance].state = State::kFree;
  --held_[ask];
  placing_.Release(scenario_.asks[ask].shape, {taken.node, 0});
}

// A place on the card that nothing held or being made is in the way of.
bool MigCards::MakeOn(std::uint32_t id, const gpu::MigProfile& profile, std::vector<Making>& begun,
                      Spare* spare) {
  Card& card = cards_[id];
  std::vector<gpu::Occupied> occupied;
  for (const Instance& there : card.instances) {
    const bool stays =
        there.state == State::kFree && spare != nullptr && (*spare)[there.profile] <= 0;
    if (there.state == State::kHeld || there.state == State::kMaking || stays) {
      occupied.push_back({there.profile, there.start});
    }
  }
  const auto start = std::find_if(profile.starts.begin(), profile.starts.end(), [&](int at) {
    return gpu::Fits(*card.model, occupied, profile, at);
  });
  if (start == profile.starts.end()) return false;
  for (Instance& there : card.instances) {
    if (there.state == State::kFree && Overlap(*there.profile, there.start, profile, *start)) {
      there.state = State::kGone;
      if (spare != nullptr) --(*spare)[there.profile];
    }
  }
  const Instance made{&profile, *start, ++batches_, State::kMaking};
  const auto gone = std::find_if(card.instances.begin(), card.instances.end(),
                                 [](const Instance& there) { return there.state == State::kGone; });
  if (gone == card.instances.end()) {
    card.instances.push_back(made);
  } else {
    *gone = made;
  }
  begun.push_back({id, batches_});
  return true;
}

bool MigCards::MakeBeside(std::uint32_t ask, std::vector<Making>& begun) {
  const plan::Shape& shape = scenario_.asks[ask].shape;
  for (const std::uint32_t id : live_) {
    const Card& card = cards_[id];
    if (card.restoring != 0 || !Fits(placing_.nodes()[card.at.node], shape)) continue;
    const gpu::MigProfile* profile = ProfileOf(card, ask);
    if (profile != nullptr && MakeOn(id, *profile, begun)) return true;
  }
  return false;
}

// Pods for which nothing is being made yet. An instance is claimed once.
std::int64_t MigCards::Lacking(const Wanted& wanted, Seats& claimed) const {
  const plan::Shape& shape = scenario_.asks[wanted.first].shape;
  std::int64_t lacking = wanted.second;
  for (const std::uint32_t id : live_) {
    const Card& card = cards_[id];
    if (!MayUse(card, shape)) continue;
    const gpu::MigProfile* profile = ProfileOf(card, wanted.first);
    for (std::uint32_t i = 0; i < card.instances.size() && lacking > 0; ++i) {
      const Instance& there = card.instances[i];
      if (there.state != State::kMaking || there.profile != profile) continue;
      if (claimed.emplace(id, i).second) --lacking;
    }
  }
  return lacking;
}

std::vector<MigCards::Making> MigCards::Make(std::span<const Wanted> wanted) {
  std::vector<Making> begun;
  Seats claimed;
  std::vector<Wanted> lacking;
  for (const Wanted& one : wanted) lacking.emplace_back(one.first, Lacking(one, claimed));
  for (auto& [ask, count] : lacking) {
    while (count > 0 && MakeBeside(ask, begun)) --count;
  }
  for (const gpu::Model* model : models_) CutForAll(*model, lacking, begun);
  return Counted(std::move(begun));
}

std::vector<MigCards::Making> MigCards::Counted(std::vector<Making> begun) {
  std::set<std::uint32_t> cards;
  for (const Making& making : begun) cards.insert(making.card);
  recuts_ += std::ssize(cards);
  return begun;
}

MigCards::Counts MigCards::CountOf(std::uint32_t ask) const {
  const plan::Shape& shape = scenario_.asks[ask].shape;
  Counts counts;
  for (const std::uint32_t id : live_) {
    const Card& card = cards_[id];
    if (card.restoring != 0 || !MayUse(card, shape)) continue;
    const gpu::MigProfile* profile = ProfileOf(card, ask);
    for (const Instance& there : card.instances) {
      if (there.profile != profile || there.state == State::kGone) continue;
      ++(there.state == State::kHeld ? counts.held : counts.free);
    }
  }
  return counts;
}

std::vector<MigCards::Making> MigCards::MakeReady(std::span<const Wanted> wanted) {
  std::vector<Making> begun;
  std::vector<Wanted> lacking;
  Spare spare;
  for (const std::uint32_t id : live_) {
    for (const Instance& there : cards_[id].instances) {
      if (there.state == State::kFree) ++spare[there.profile];
    }
  }
  for (const auto& [ask, count] : wanted) {
    const auto [held, free] = CountOf(ask);
    lacking.emplace_back(ask, count - held - free);
    for (const gpu::Model* model : models_) {
      const gpu::MigProfile* profile = gpu::ProfileNamed(*model, scenario_.asks[ask].profile);
      if (profile != nullptr) spare[profile] -= std::max<std::int64_t>(0, count - held);
    }
  }
  for (auto& [ask, count] : lacking) {
    while (count > 0 && MakeReadyOne(ask, spare, begun)) --count;
  }
  std::erase_if(lacking, [](const Wanted& one) { return one.second <= 0; });
  for (const gpu::Model* model : models_) CutForAll(*model, lacking, begun);
  return Counted(std::move(begun));
}

// Where nothing has to go for it, if there is such a place.
bool MigCards::MakeReadyOne(std::uint32_t ask, Spare& spare, std::vector<Making>& begun) {
  Spare none;
  for (Spare* goes : {&none, &spare}) {
    for (const std::uint32_t id : live_) {
      const Card& card = cards_[id];
      if (card.restoring != 0 || !MayUse(card, scenario_.asks[ask].shape)) continue;
      const gpu::MigProfile* profile = ProfileOf(card, ask);
      if (profile != nullptr && MakeOn(id, *profile, begun, goes)) return true;
    }
  }
  return false;
}

// Asks that may use the same nodes are packed together.
void MigCards::CutForAll(const gpu::Model& model, std::vector<Wanted>& lacking,
                         std::vector<Making>& begun) {
  std::set<plan::ModelSet> done;
  for (const Wanted& first : lacking) {
    const plan::ModelSet models = scenario_.asks[first.first].shape.models;
    if (!done.insert(models).second) continue;
    std::vector<Wanted*> alike;
    for (Wanted& other : lacking) {
      const Ask& ask = scenario_.asks[other.first];
      const bool has = gpu::ProfileNamed(model, ask.profile) != nullptr;
      if (other.second > 0 && ask.shape.models == models && has) alike.push_back(&other);
    }
    if (!alike.empty()) CutFor(alike, model, begun);
  }
}

void MigCards::CutFor(std::span<Wanted*> lacking, const gpu::Model& model,
                      std::vector<Making>& begun) {
  const plan::Shape& beside = scenario_.asks[lacking.front()->first].shape;
  const plan::Shape card = CardShape(beside, &model);
  const auto idle = placing_.Place(card);
  if (!idle) return;  // nothing to pack on
  placing_.Release(card, *idle);
  std::vector<plan::mig::Demand> demand;
  for (const Wanted* wanted : lacking) {
    demand.push_back(
        {gpu::ProfileNamed(model, scenario_.asks[wanted->first].profile), wanted->second});
  }
  const auto packing = plan::mig::Pack(model, demand);
  if (!packing) return;  // placements of a profile are not known
  for (const auto& [count, placements] : packing->layouts) {
    for (std::int64_t i = 0; i < count; ++i) {
      if (!CutCard(model, beside, placements, begun)) return;
      for (const gpu::Occupied& made : placements) CountMade(*made.profile, model, lacking);
    }
  }
}

void MigCards::CountMade(const gpu::MigProfile& profile, const gpu::Model& model,
                         std::span<Wanted*> lacking) const {
  const auto served = std::find_if(lacking.begin(), lacking.end(), [&](const Wanted* one) {
    const std::string& name = scenario_.asks[one->first].profile;
    return one->second > 0 && gpu::ProfileNamed(model, name) == &profile;
  });
  if (served != lacking.end()) --(*served)->second;
}

// What an idle card of `model` for such pods is asked of the placer by.
plan::Shape MigCards::CardShape(const plan::Shape& beside, const gpu::Model* model) const {
  plan::ModelSet models = 0;
  for (const NodeGroup& group : scenario_.groups) {
    if (group.model == model) models |= plan::ModelSet{1} << group.empty.model;
  }
  plan::Shape shape = beside;
  shape.gpus = 1;
  shape.share = plan::kWholeGpu;
  shape.models &= models;
  return shape;
}

bool MigCards::CutCard(const gpu::Model& model, const plan::Shape& beside,
                       std::span<const gpu::Occupied> layout, std::vector<Making>& begun) {
  const plan::Shape asked = CardShape(beside, &model);
  const auto at = placing_.Place(asked);
  if (!at) return false;
  placing_.Release(asked, *at);  // CPU and memory are taken by the pods
  placing_.Hold(CutShape(), *at);
  const auto id = static_cast<std::uint32_t>(cards_.size());
  Card card{.at = *at, .model = &model};
  ++batches_;
  ++cuts_;
  for (const gpu::Occupied& made : layout) {
    card.instances.push_back({made.profile, made.start, batches_, State::kMaking});
  }
  cards_.push_back(std::move(card));
  live_.push_back(id);
  begun.push_back({id, batches_});
  return true;
}

std::vector<MigCards::Redoable> MigCards::RedoableFor(std::string_view profile) const {
  std::map<std::size_t, std::pair<Redoable, int>> nodes;  // and its cards
  for (const std::uint32_t id : live_) {
    const Card& card = cards_[id];
    auto& [node, cards] = nodes[card.at.node];
    node.node = card.at.node;
    const gpu::MigProfile* wanted = gpu::ProfileNamed(*card.model, profile);
    if (wanted == nullptr || IsChanging(card)) continue;
    ++cards;
    node.gain += std::ssize(FullOf(*card.model, *wanted));
    for (const Instance& there : card.instances) {
      const bool held = there.state == State::kHeld;
      node.held += held ? 1 : 0;
      node.others += held && there.profile != wanted ? 1 : 0;
      if (there.state != State::kGone && there.profile == wanted) --node.gain;
    }
  }
  std::vector<Redoable> redoable;
  for (const auto& [at, found] : nodes) {
    if (found.second == placing_.nodes()[at].gpus) redoable.push_back(found.first);
  }
  return redoable;
}

std::vector<MigCards::Making> MigCards::Redo(std::size_t node, std::string_view profile) {
  std::vector<Making> begun;
  for (const std::uint32_t id : live_) {
    Card& card = cards_[id];
    if (card.at.node != node) continue;
    card.instances.clear();
    ++batches_;
    for (const gpu::Occupied& at : FullOf(*card.model, *gpu::ProfileNamed(*card.model, profile))) {
      card.instances.push_back({at.profile, at.start, batches_, State::kMaking});
    }
    begun.push_back({id, batches_});
  }
  return Counted(std::move(begun));
}

std::vector<MigCards::Making> MigCards::Restore(const plan::Shape& shape, std::int64_t cards) {
  std::vector<Making> begun;
  for (const std::uint32_t id : live_) {
    Card& card = cards_[id];
    if (card.restoring != 0 && MayUse(card, shape)) --cards;  // on its way
  }
  for (const std::uint32_t id : live_) {
    Card& card = cards_[id];
    const bool in_use =
        std::any_of(card.instances.begin(), card.instances.end(), [](const Instance& there) {
          return there.state == State::kHeld || there.state == State::kMaking;
        });
    if (cards <= 0) break;
    if (in_use || card.restoring != 0 || !MayUse(card, shape)) continue;
    for (Instance& there : card.instances) there.state = State::kGone;
    card.restoring = ++batches_;
    begun.push_back({id, batches_});
    --cards;
  }
  return Counted(std::move(begun));
}

void MigCards::Free(Card& card) {
  card.live = false;
  placing_.Release(CutShape(), card.at);
  std::erase_if(live_, [&](std::uint32_t id) { return !cards_[id].live; });
}

std::optional<std::size_t> MigCards::Finish(const Making& making) {
  Card& card = cards_[making.card];
  if (!card.live) return std::nullopt;
  if (card.restoring == making.batch) {
    Free(card);
    return card.at.node;
  }
  for (Instance& made : card.instances) {
    if (made.batch == making.batch && made.state == State::kMaking) made.state = State::kFree;
  }
  return std::nullopt;
}

bool MigCards::IsChanging(const Card& card) {
  return card.restoring != 0 ||
         std::any_of(card.instances.begin(), card.instances.end(),
                     [](const Instance& there) { return there.state == State::kMaking; });
}

bool MigCards::IsMaking(std::size_t node) const {
  return std::any_of(live_.begin(), live_.end(), [&](std::uint32_t id) {
    return cards_[id].at.node == node && IsChanging(cards_[id]);
  });
}

void MigCards::Drop(std::size_t node) {
  for (const std::uint32_t id : std::vector<std::uint32_t>(live_)) {
    if (cards_[id].at.node == node) Free(cards_[id]);
  }
}

}  // namespace tangram::sim
