#include "sim/simulation.h"

#include <fmt/format.h>

#include <algorithm>
#include <compare>
#include <limits>
#include <memory>
#include <queue>
#include <utility>

#include "sim/cutter.h"
#include "sim/draws.h"
#include "sim/event.h"
#include "sim/fleet.h"
#include "sim/mig_cards.h"
#include "sim/placing.h"
#include "sim/tally.h"
#include "sim/waiting_queue.h"

namespace tangram::sim {
namespace {

using plan::Placement;
using plan::Shape;

class Engine {
 public:
  Engine(const Scenario& scenario, const SimulationOptions& options, Placing& placing,
         std::vector<plan::TypicalShape> typical)
      : scenario_(scenario),
        options_(options),
        placing_(placing),
        fleet_(scenario),
        cards_(scenario, placing),
        cutter_(scenario, options.cutting, cards_),
        queue_(scenario),
        tally_(scenario, std::move(typical)),
        jobs_(scenario.jobs.size()),
        can_run_(scenario.asks.size()),
        kept_(scenario.groups.size()) {}

  SimulationResult Run(const SimulationProgress& progress) {
    Begin();
    while (now_ < scenario_.length) {
      const Milliseconds next = NextTime();
      AddPointsBefore(next);
      if (next > scenario_.length) break;
      PassTo(next);
      while (!events_.empty() && events_.top().at == now_) {
        const Event event = events_.top();
        events_.pop();
        Happen(event);
      }
      ArriveNow();
      OfferRoom();
      cutter_.Note(now_, queue_);
      if (progress && ++rounds_ % kRoundsAProgress == 0) {
        progress(base::PartsPerMillion(
            static_cast<std::int64_t>(1e6 * static_cast<double>(now_.count()) /
                                      static_cast<double>(scenario_.length.count()))));
      }
    }
    AddPointsBefore(Milliseconds::max());
    return Finish();
  }

 private:
  static constexpr std::uint64_t kRoundsAProgress = 1024;

  // ---- time ----

  void Begin() {
    for (std::uint32_t ask = 0; ask < scenario_.asks.size(); ++ask)
      can_run_[ask] = CanRun(scenario_, ask);
    for (std::size_t node = 0; node < scenario_.nodes.size(); ++node) {
      if (scenario_.nodes[node].at_start == AtStart::kOff) {
        placing_.Close(node);
        continue;
      }
      fleet_.Ask(node, now_);
      BeReady(node);
    }
    ArriveNow();
    OfferRoom();
    if (cutter_.looks()) Schedule(kLookEach, What::kLook, 0, 0);
  }

  Milliseconds NextTime() const {
    Milliseconds next = Milliseconds::max();
    if (!events_.empty()) next = events_.top().at;
    if (arrived_ < jobs_.size()) next = std::min(next, scenario_.jobs[arrived_].arrival);
    return next;
  }

  // A point shows its moment once everything of that moment has happened.
  void AddPointsBefore(Milliseconds next) {
    for (; point_ <= options_.points; ++point_) {
      const Milliseconds at = scenario_.length * point_ / options_.points;
      if (at >= next || at > scenario_.length) return;
      PassTo(at);
      tally_.AddPoint(at, fleet_, placing_);
    }
  }

  void PassTo(Milliseconds time) {
    tally_.Pass(time - now_, fleet_.capacity());
    now_ = time;
  }

  void Schedule(Milliseconds in, What what, std::size_t who, std::uint32_t when) {
    if (in > scenario_.length - now_) return;
    events_.push({now_ + in, what, static_cast<std::uint32_t>(who), when});
  }

  void Happen(const Event& event) {
    switch (event.what) {
      case What::kEnd:
        return End(event.who, event.when);
      case What::kMade:
        if (const auto node = cards_.Finish({event.who, event.when})) RoomCameTo(*node);
        BeIdle(cards_.NodeOf(event.who));
        instances_came_ = true;
        return;
      case What::kBooted:
        if (fleet_.at(event.who).life == event.when) Boot(event.who);
        return;
      case What::kInterrupted:
        if (fleet_.at(event.who).life == event.when) Interrupt(event.who);
        return;
      case What::kIdle:
        if (fleet_.at(event.who).busy == event.when) GiveBack(event.who);
        return;
      case What::kLook:
        return LookAtCards();
    }
  }

  SimulationResult Finish() {
    if (now_ < scenario_.length) PassTo(scenario_.length);
    for (std::uint32_t job = 0; job < arrived_; ++job) {
      const JobState& state = jobs_[job];
      if (state.life == kEnded || !CanRunNow(job)) continue;
      const bool runs = !state.members.empty();
      tally_.Wait(job, runs ? state.waited : state.waited + (now_ - state.since));
    }
    SimulationResult& result = tally_.result();
    result.policy = options_.policy;
    result.cutting = options_.cutting;
    result.cuts = cards_.cuts();
    result.recuts = cards_.recuts();
    result.spent = fleet_.Spent(now_);
    for (std::uint32_t group = 0; group < scenario_.groups.size(); ++group) {
      const Milliseconds paid = fleet_.paid(group, now_);
      const auto& rate = scenario_.groups[group].rate;
      result.groups.push_back({scenario_.groups[group].name, paid, std::nullopt});
      if (rate) result.groups.back().cost = CostOf(*rate, paid);
    }
    return std::move(tally_).Finish();
  }

  // ---- jobs ----

  const Ask& AskOf(std::uint32_t job) const { return scenario_.asks[scenario_.jobs[job].ask]; }
  bool CanRunNow(std::uint32_t job) const { return can_run_[scenario_.jobs[job].ask]; }

  void ArriveNow() {
    for (; arrived_ < jobs_.size() && scenario_.jobs[arrived_].arrival <= now_; ++arrived_) {
      const auto job = static_cast<std::uint32_t>(arrived_);
      tally_.Arrive(job);
      jobs_[job].since = now_;
      if (!scenario_.jobs[job].present.empty()) {
        StartWhereItIs(job);
        continue;
      }
      if (!CanRunNow(job)) {
        tally_.Fail(job);
        continue;
      }
      queue_.Add(job);
      came_.push_back(scenario_.jobs[job].ask);
    }
  }

  // Where an instance is not there as it was said, the job waits for one.
  void StartWhereItIs(std::uint32_t job) {
    const std::uint32_t ask = scenario_.jobs[job].ask;
    std::vector<Member> members;
    for (const Placement& at : scenario_.jobs[job].present) {
      if (scenario_.asks[ask].profile.empty()) {
        placing_.Hold(scenario_.asks[ask].shape, at);
        members.push_back({at, std::nullopt});
      } else if (const auto taken = cards_.Take(ask, at.node)) {
        members.push_back({at, taken});
      }
    }
    if (members.size() == scenario_.jobs[job].present.size()) {
      Start(job, std::move(members));
      return;
    }
    for (const Member& member : members) GiveMember(ask, member);
    queue_.Add(job);
    came_.push_back(ask);
  }

  std::optional<Member> PlaceMember(std::uint32_t ask) {
    if (!scenario_.asks[ask].profile.empty()) {
      const auto taken = cards_.Take(ask);
      if (!taken) return std::nullopt;
      return Member{{taken->node, 0}, taken};
    }
    const auto at = placing_.Place(scenario_.asks[ask].shape);
    if (!at) return std::nullopt;
    return Member{*at, std::nullopt};
  }

  void GiveMember(std::uint32_t ask, const Member& member) {
    if (member.instance) {
      cards_.Give(ask, *member.instance);
    } else {
      placing_.Release(scenario_.asks[ask].shape, member.at);
    }
  }

  // All members, or none.
  bool TryStart(std::uint32_t job) {
    const std::uint32_t ask = scenario_.jobs[job].ask;
    std::vector<Member> members;
    for (int i = 0; i < scenario_.asks[ask].members; ++i) {
      auto member = PlaceMember(ask);
      if (!member) break;
      members.push_back(*std::move(member));
    }
    jobs_[job].found = static_cast<int>(members.size());
    if (jobs_[job].found < scenario_.asks[ask].members) {
      for (const Member& member : members) GiveMember(ask, member);
      return false;
    }
    Start(job, std::move(members));
    return true;
  }

  void Start(std::uint32_t job, std::vector<Member> members) {
    JobState& state = jobs_[job];
    const Shape& shape = AskOf(job).shape;
    state.gpus = {};
    for (const Member& member : members) {
      state.gpus += member.instance ? member.instance->gpu : shape.share * shape.gpus;
      fleet_.Enter(member.at.node, job);
    }
    state.members = std::move(members);
    state.waited += now_ - state.since;
    state.since = now_;
    if (state.life++ == 0) tally_.CountPlaced(job);
    tally_.Start(job, state.gpus);
    if (const auto& work = scenario_.jobs[job].duration) {
      Schedule(*work - state.kept, What::kEnd, job, state.life);
    }
  }

  // Off its nodes.
  void Leave(std::uint32_t job) {
    JobState& state = jobs_[job];
    for (const Member& member : state.members) {
      GiveMember(scenario_.jobs[job].ask, member);
      fleet_.Leave(member.at.node, job);
    }
    for (const Member& member : state.members) {
      RoomCameTo(member.at.node);
      BeIdle(member.at.node);
    }
    state.members.clear();
    instances_came_ = instances_came_ || !AskOf(job).profile.empty();
  }

  void End(std::uint32_t job, std::uint32_t life) {
    if (jobs_[job].life != life) return;
    Leave(job);
    tally_.End(job, jobs_[job].gpus);
    tally_.Wait(job, jobs_[job].waited);
    jobs_[job].life = kEnded;
  }

  // The node under it is taken away: it waits again, with its turn of before.
  void Stop(std::uint32_t job) {
    JobState& state = jobs_[job];
    const Job& of = scenario_.jobs[job];
    if (of.duration) {
      const Milliseconds done = state.kept + (now_ - state.since);
      const Milliseconds kept = of.checkpoint.count() > 0
                                    ? done / of.checkpoint.count() * of.checkpoint.count()
                                    : Milliseconds(0);
      tally_.Lose(state.gpus, done - kept);
      state.kept = kept;
    }
    Leave(job);
    tally_.Disturb(job, state.gpus);
    ++state.life;  // its end is void
    state.since = now_;
    queue_.Add(job);
    came_.push_back(of.ask);
  }

  // ---- nodes ----

  void BeReady(std::size_t node) {
    fleet_.Ready(node);
    RoomCameTo(node);
    BeIdle(node);
    if (const auto mean = fleet_.group_of(node).mean_between_interruptions) {
      // A stream for each node and each time that it is on, whatever the policy does.
      base::Dice dice(options_.seed, (std::uint64_t{node} << 32U) | fleet_.at(node).life);
      Schedule(Exponential(dice, *mean), What::kInterrupted, node, fleet_.at(node).life);
    }
  }

  void Boot(std::size_t node) {
    placing_.Open(node);
    for (const std::uint32_t job : fleet_.at(node).promised_to) queue_.TakeBack(job);
    BeReady(node);
    // There is one more now: another may go.
    auto& kept = kept_[scenario_.nodes[node].group];
    for (const auto& [idle, busy] : kept) Schedule(Milliseconds(0), What::kIdle, idle, busy);
    kept.clear();
  }

  void AskFor(std::size_t node) {
    ++tally_.result().boots;
    Schedule(fleet_.group_of(node).boot, What::kBooted, node, fleet_.at(node).life);
  }

  void BeIdle(std::size_t node) {
    const Fleet::Node& of = fleet_.at(node);
    const auto after = fleet_.group_of(node).idle_after;
    if (!after || of.power != Fleet::Power::kOn || !of.jobs.empty()) return;
    Schedule(*after, What::kIdle, node, of.busy);
  }

  void GiveBack(std::size_t node) {
    const Fleet::Node& of = fleet_.at(node);
    if (of.power != Fleet::Power::kOn || !of.jobs.empty() || cards_.IsMaking(node)) return;
    const std::uint32_t group = scenario_.nodes[node].group;
    if (fleet_.present(group) <= scenario_.groups[group].least) {
      kept_[group].emplace_back(node, of.busy);
    } else {
      TurnOff(node);
    }
  }

  void TurnOff(std::size_t node) {
    cards_.Drop(node);
    placing_.Close(node);
    fleet_.TurnOff(node, now_);
    node_left_ = true;
  }

  void Interrupt(std::size_t node) {
    ++tally_.result().interruptions;
    const std::uint32_t group = scenario_.nodes[node].group;
    placing_.Close(node);
    while (!fleet_.at(node).jobs.empty()) Stop(fleet_.at(node).jobs.front());
    TurnOff(node);
    if (fleet_.present(group) >= fleet_.group_of(node).least) return;
    fleet_.Ask(node, now_);
    AskFor(node);
  }

  // ---- room ----

  void RoomCameTo(std::size_t node) { changed_.push_back(node); }

  // Asks worth a try: those that came, and those for which the nodes that changed may have room.
  std::vector<std::uint32_t> AsksToTry() {
    std::vector<std::uint32_t> asks;
    std::sort(came_.begin(), came_.end());
    std::sort(changed_.begin(), changed_.end());
    changed_.erase(std::unique(changed_.begin(), changed_.end()), changed_.end());
    for (const std::uint32_t ask : queue_.asks()) {
      const auto& [shape, profile, members] = scenario_.asks[ask];
      const auto has_room = [&](std::size_t node) { return Fits(placing_.nodes()[node], shape); };
      if (std::binary_search(came_.begin(), came_.end(), ask) ||
          (!profile.empty() && (instances_came_ || !changed_.empty())) ||
          (profile.empty() && std::any_of(changed_.begin(), changed_.end(), has_room))) {
        asks.push_back(ask);
      }
    }
    came_.clear();
    changed_.clear();
    instances_came_ = false;
    return asks;
  }

  void OfferRoom() {
    while (!came_.empty() || !changed_.empty() || instances_came_ || node_left_) {
      const bool all = std::exchange(node_left_, false);
      const bool cards_empty = instances_came_;
      const auto asks = AsksToTry();
      queue_.Offer(asks, [&](std::uint32_t job) { return TryStart(job); });
      Begin(cutter_.ForWaiting(queue_));
      for (const std::uint32_t ask : cards_empty ? AllAsks() : asks) {
        Begin(cutter_.RestoreFor(ask, queue_));
      }
      if (!fleet_.CanGrow()) continue;
      for (const std::uint32_t ask : all ? AllAsks() : asks) GrowFor(ask);
    }
  }

  std::vector<std::uint32_t> AllAsks() const {
    return {queue_.asks().begin(), queue_.asks().end()};
  }

  void Begin(const std::vector<MigCards::Making>& makings) {
    for (const auto& [card, batch] : makings) Schedule(scenario_.cut, What::kMade, card, batch);
  }

  // Nodes are wiped one by one, until no other is worth it.
  void LookAtCards() {
    while (const auto wipe = cutter_.NextWipe(queue_)) {
      while (!fleet_.at(wipe->node).jobs.empty()) Stop(fleet_.at(wipe->node).jobs.front());
      Begin(cards_.Redo(wipe->node, wipe->profile));
    }
    Begin(cutter_.Ahead(now_));
    Schedule(kLookEach, What::kLook, 0, 0);
  }

  // Nodes are asked for where jobs wait for which no node that boots has room.
  void GrowFor(std::uint32_t ask) {
    const Shape shape = AsShape(scenario_, scenario_.asks[ask]);
    while (const auto job = queue_.Unpromised(ask)) {
      const int missing = std::max(1, scenario_.asks[ask].members - jobs_[*job].found);
      const auto asked = fleet_.Promise(*job, shape, missing, now_);
      if (!asked) return;
      queue_.Promise(*job);
      for (const std::size_t node : *asked) AskFor(node);
    }
  }

  static constexpr std::uint32_t kEnded = ~std::uint32_t{0};

  const Scenario& scenario_;
  const SimulationOptions& options_;
  Placing& placing_;
  Fleet fleet_;
  MigCards cards_;
  Cutter cutter_;
  WaitingQueue queue_;
  Tally tally_;
  std::vector<JobState> jobs_;
  std::vector<bool> can_run_;  // by ask
  // By group: empty nodes that are there since a least number stays, with their busy count.
  std::vector<std::vector<std::pair<std::size_t, std::uint32_t>>> kept_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  Milliseconds now_{};
  std::size_t arrived_ = 0;  // jobs
  int point_ = 0;
  std::uint64_t rounds_ = 0;
  // Since room was offered last.
  std::vector<std::uint32_t> came_;   // asks of jobs
  std::vector<std::size_t> changed_;  // nodes
  bool instances_came_ = false;
  // A node went that can be asked for again, and what was made on it is gone.
  bool node_left_ = false;
};

}  // namespace

base::Result<SimulationResult> Simulate(const Scenario& scenario, const SimulationOptions& options,
                                        const SimulationProgress& progress) {
  if (const auto fits = FitsIntoSums(scenario); !fits) return tl::unexpected(fits.error());
  std::vector<plan::NodeState> nodes;
  for (const FleetNode& node : scenario.nodes) nodes.push_back(scenario.groups[node.group].empty);
  const auto requests = RequestsOf(scenario);
  const auto placing = MakePlacing(std::move(nodes), {options.policy, requests, options.seed});
  if (placing == nullptr) {
    return base::Fail(base::ErrorCode::kInvalid,
                      fmt::format("there is no policy {}; the policies are {}", options.policy,
                                  fmt::join(PolicyNames(), ", ")));
  }
  Engine engine(scenario, options, *placing, plan::FindTypicalShapes(requests));
  return engine.Run(progress);
}

}  // namespace tangram::sim
