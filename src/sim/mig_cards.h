// Cards that are cut into MIG instances while a simulation runs.
//
// A card is taken from the placer as a whole, cut, and given back when nobody holds an instance of
// it and whole cards are asked for. Instances are made beside held ones where a placement is free
// (the agent's way, docs/mig.md); free ones in their way are taken apart. What is being made serves
// nobody until it is ready. One thread; borrows the scenario and the placing.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "gpu/gpu.h"
#include "sim/placing.h"
#include "sim/scenario.h"

namespace tangram::sim {

// An instance that a pod holds.
struct InstanceSeat {
  std::uint32_t card = 0;
  std::uint32_t instance = 0;
};

class MigCards {
 public:
  MigCards(const Scenario& scenario, Placing& placing);

  struct Taken {
    InstanceSeat seat;
    std::size_t node = 0;
    base::MilliGpu gpu;  // its share of the card, by compute slices
  };
  // A ready instance for the ask, where the node has room for its CPU and memory, which it takes
  // too; nothing where there is none. `node`: on that node only.
  std::optional<Taken> Take(std::uint32_t ask, std::optional<std::size_t> node = std::nullopt);
  void Give(std::uint32_t ask, const Taken& taken);

  // What is being made on a card.
  struct Making {
    std::uint32_t card = 0;
    std::uint32_t batch = 0;
  };
  // Pods that wait, by ask.
  using Wanted = std::pair<std::uint32_t, std::int64_t>;
  // Begins to make what `wanted` lacks: beside held instances first, then on as few idle cards as
  // can hold the rest (plan/mig/pack.h). Asks come in order of urgency.
  std::vector<Making> Make(std::span<const Wanted> wanted);
  // The same for instances that nobody asks for yet: so many should be there in all, held or not.
  // Free ones that are wanted by these sums are not taken apart, those that are held by nobody and
  // beyond them are where nothing else does.
  std::vector<Making> MakeReady(std::span<const Wanted> wanted);
  // Every card of the node, which are all cut, begins to get as many instances of the profile as it
  // holds. Nobody holds an instance there.
  std::vector<Making> Redo(std::size_t node, std::string_view profile);
  // Begins to make up to `cards` cards whole again that nobody holds and `shape` may use.
  std::vector<Making> Restore(const plan::Shape& shape, std::int64_t cards);
  // What was being made is ready; the node where a card became whole.
  std::optional<std::size_t> Finish(const Making& making);
  // The node goes: its cards are whole again. Nobody holds an instance there any more.
  void Drop(std::size_t node);

  std::size_t NodeOf(std::uint32_t card) const { return cards_[card].at.node; }
  // Instances that pods of the ask hold.
  std::int64_t HeldBy(std::uint32_t ask) const { return held_[ask]; }
  // Instances of what the ask wants, whoever asked.
  struct Counts {
    std::int64_t held = 0;
    std::int64_t free = 0;  // or being made
  };
  Counts CountOf(std::uint32_t ask) const;
  // A node whose cards are all cut, and none of which is being changed.
  struct Redoable {
    std::int64_t held = 0;    // instances, of any profile
    std::int64_t others = 0;  // of them: not of the profile that is asked for
    std::int64_t gain = 0;    // of that profile: those after Redo, less those that are there
    std::size_t node = 0;
    friend auto operator<=>(const Redoable&, const Redoable&) = default;
  };
  std::vector<Redoable> RedoableFor(std::string_view profile) const;
  bool IsMaking(std::size_t node) const;
  std::int64_t cuts() const { return cuts_; }
  // How often the instances of a card were changed, those of whole cards included.
  std::int64_t recuts() const { return recuts_; }

 private:
  struct Instance {
    const gpu::MigProfile* profile = nullptr;
    int start = 0;
    std::uint32_t batch = 0;
    enum class State { kMaking, kFree, kHeld, kGone } state = State::kMaking;
  };
  struct Card {
    plan::Placement at;
    const gpu::Model* model = nullptr;
    std::vector<Instance> instances{};
    std::uint32_t restoring = 0;  // the batch; 0: it stays cut
    bool live = true;
  };
  using State = Instance::State;

  // Instances of it are being made, or it is being made whole.
  static bool IsChanging(const Card& card);
  const gpu::Model* ModelOf(std::size_t node) const;
  const gpu::MigProfile* ProfileOf(const Card& card, std::uint32_t ask) const;
  bool MayUse(const Card& card, const plan::Shape& shape) const;
  plan::Shape CardShape(const plan::Shape& beside, const gpu::Model* model) const;
  bool MakeBeside(std::uint32_t ask, std::vector<Making>& begun);
  // Free instances that may be taken apart, by profile; absent: any.
  using Spare = std::map<const gpu::MigProfile*, std::int64_t>;
  bool MakeOn(std::uint32_t card, const gpu::MigProfile& profile, std::vector<Making>& begun,
              Spare* spare = nullptr);
  bool MakeReadyOne(std::uint32_t ask, Spare& spare, std::vector<Making>& begun);
  std::vector<Making> Counted(std::vector<Making> begun);
  using Seats = std::set<std::pair<std::uint32_t, std::uint32_t>>;  // card and instance
  std::int64_t Lacking(const Wanted& wanted, Seats& claimed) const;
  void CutForAll(const gpu::Model& model, std::vector<Wanted>& lacking, std::vector<Making>& begun);
  void CutFor(std::span<Wanted*> lacking, const gpu::Model& model, std::vector<Making>& begun);
  // One instance less is lacking.
  void CountMade(const gpu::MigProfile& profile, const gpu::Model& model,
                 std::span<Wanted*> lacking) const;
  bool CutCard(const gpu::Model& model, const plan::Shape& beside,
               std::span<const gpu::Occupied> layout, std::vector<Making>& begun);
  void Free(Card& card);

  const Scenario& scenario_;
  Placing& placing_;
  std::vector<const gpu::Model*> models_;  // that can be cut, as groups name them
  std::vector<std::vector<const gpu::MigProfile*>> profiles_;  // by ask and models_
  std::vector<std::int64_t> held_;                             // by ask
  std::vector<Card> cards_;
  std::vector<std::uint32_t> live_;  // ascending
  std::uint32_t batches_ = 0;
  std::int64_t cuts_ = 0;
  std::int64_t recuts_ = 0;
};

}  // namespace tangram::sim
