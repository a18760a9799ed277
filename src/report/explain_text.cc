#include "report/explain_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "base/nearest.h"
#include "base/text.h"
#include "base/time_text.h"
#include "cluster/gate.h"
#include "plan/classes/index.h"
#include "plan/leaks/seats.h"
#include "report/plan_groups.h"
#include "report/plan_words.h"
#include "report/words.h"

namespace tangram::report {
namespace {

using Kind = plan::Obstacle::Kind;
using State = plan::Explanation::State;

constexpr std::size_t kWidth = 96;
constexpr std::size_t kMostObstacles = 8;
constexpr std::size_t kMostHolders = 3;
constexpr std::size_t kMostSteps = 12;

std::string Counted(std::int64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", Thousands(count), count == 1 ? one : many);
}

std::string NodesText(std::int64_t count) { return Counted(count, "node", "nodes"); }

// "3 days": the largest unit alone.
std::string Roughly(std::chrono::milliseconds span) {
  const std::int64_t seconds = std::max<std::int64_t>(0, span.count() / 1000);
  if (seconds >= 2 * 86'400) return Counted(seconds / 86'400, "day", "days");
  if (seconds >= 2 * 3'600) return Counted(seconds / 3'600, "hour", "hours");
  if (seconds >= 2 * 60) return Counted(seconds / 60, "minute", "minutes");
  return Counted(seconds, "second", "seconds");
}

std::string ListOf(const std::vector<std::string>& parts) {
  if (parts.size() < 2) return parts.empty() ? "" : parts.front();
  return fmt::format("{} and {}", fmt::join(parts.begin(), parts.end() - 1, ", "), parts.back());
}

std::string AsksText(const cluster::Pod& pod) {
  std::vector<std::string> parts;
  for (const auto& [resource, count] : pod.devices) {
    if (plan::KindOf(resource).unit == plan::ResourceKind::Unit::kNotGpu || count == 0) continue;
    parts.push_back(fmt::format("{} {}", count, resource));
  }
  for (const std::string& claim : pod.claims) parts.push_back("the claim " + claim);
  if (parts.empty()) {  // parts of a card, as traces ask for them
    const base::MilliGpu cards = plan::CardsAsked(pod);
    parts.push_back(Gpus(cards) + " of a card");
  }
  return ListOf(parts);
}

// "the 2g.20gb instance at slice 0 of card 1 (A100-80GB)".
std::string SeatText(const plan::HeldSeat& seat) {
  std::string text = seat.profile.empty() ? "" : fmt::format("the {} instance", seat.profile);
  if (seat.start) text += fmt::format(" at slice {}", *seat.start);
  if (!text.empty()) text += " of ";
  text += fmt::format("card {}", seat.gpu);
  if (!seat.model.empty()) text += fmt::format(" ({})", seat.model);
  return seat.replicas > 1 ? fmt::format("one of {} shares of {}", seat.replicas, text) : text;
}

std::string SaysObstacle(const plan::Obstacle& obstacle) {
  const std::string nodes = NodesText(obstacle.nodes);
  const bool one = obstacle.nodes == 1;
  switch (obstacle.kind) {
    case Kind::kNotReady:
      return fmt::format("{} {} not ready or cordoned", nodes, one ? "is" : "are");
    case Kind::kSelector:
      return obstacle.what.empty()
                 ? fmt::format("{} {} not in its node affinity", nodes, one ? "is" : "are")
                 : fmt::format("{} {} not {}", nodes, one ? "is" : "are", obstacle.what);
    case Kind::kTaint:
      return fmt::format("{} {} the taint {}, which it does not tolerate", nodes,
                         one ? "has" : "have", obstacle.what);
    case Kind::kNoDevice:
      return fmt::format("{} {} not enough {}", nodes, one ? "offers" : "offer", obstacle.what);
    case Kind::kTooSmall:
      return fmt::format("{} {} too small for it", nodes, one ? "is" : "are");
    case Kind::kHeld:
      return fmt::format("on {} the {} is held by others", nodes, obstacle.what);
    case Kind::kClaims:
      return fmt::format("{} {} no devices free for {}", nodes, one ? "has" : "have",
                         obstacle.what);
    case Kind::kBusyHost:
      return fmt::format("on {} others use the CPU or memory beside the GPU", nodes);
    case Kind::kOtherPods:
      return fmt::format("other pods keep it off {}", nodes);
    case Kind::kSharers:
      break;
  }
  return fmt::format("on {} it may not share with those who are there, as {}", nodes,
                     obstacle.what);
}

class Teller {
 public:
  Teller(const cluster::Snapshot& snapshot, const plan::Explanation& told)
      : snapshot_(snapshot), told_(told), pod_(*told.pod) {}

  std::vector<std::string> Tell() && {
    switch (told_.state) {
      case State::kEnded:
        Ended();
        break;
      case State::kNoGpu:
        NoGpu();
        break;
      case State::kOnNode:
        OnNode();
        break;
      case State::kSent:
        Sent();
        break;
      case State::kWaits:
        Waits();
        break;
    }
    return std::move(said_);
  }

 private:
  void Say(std::string sentence) { said_.push_back(std::move(sentence)); }
  std::string Name() const { return PodText({pod_.ns, pod_.name}); }
  std::string_view Annotation(std::string_view key) const {
    return cluster::Find(pod_.annotations, key);
  }
  std::string Since(base::Time then) const {
    return fmt::format("for {}", Roughly(snapshot_.taken_at - then));
  }

  void Ended() {
    if (pod_.phase == cluster::PodPhase::kPending) {
      return Say(fmt::format("{} is being deleted, and never got a node.", Name()));
    }
    const bool failed = pod_.phase == cluster::PodPhase::kFailed;
    Say(fmt::format("{} has ended ({}){} and holds nothing.", Name(),
                    failed ? "Failed" : "Succeeded",
                    pod_.node.empty() ? "" : ", on " + pod_.node + ","));
  }

  void NoGpu() {
    Say(fmt::format("{} asks for no GPU: Tangram leaves it as it is.", Name()));
    if (!pod_.node.empty()) return Say(fmt::format("It is on {}.", pod_.node));
    Say("It has no node yet.");
    SchedulerSays();
  }

  // ---- on a node ----

  void OnNode() {
    const bool runs = pod_.phase == cluster::PodPhase::kRunning;
    Say(runs && pod_.started_at
            ? fmt::format("{} runs on {}, {}.", Name(), pod_.node, Since(*pod_.started_at))
            : fmt::format("{} is on {}{}.", Name(), pod_.node, runs ? "" : " and starts"));
    ClassAndChoice("It asked for");
    const std::string_view why = Annotation(cluster::kPlacementAnnotation);
    Say(why.empty() ? "The scheduler chose the node; Tangram did not."
                    : fmt::format("Tangram placed it: {}.", why));
    NodeFacts();
    Holds();
    Activity();
    std::set<std::string> wastes;  // that of each card alike
    for (const plan::Finding& finding : told_.findings) {
      std::string waste = fmt::format("Waste: {}; {}.", finding.why, finding.fix);
      if (wastes.insert(waste).second) Say(std::move(waste));
    }
    Gang();
  }

  void ClassAndChoice(std::string_view asks) {
    const std::string_view name = cluster::Find(pod_.labels, plan::classes::kClassLabel);
    if (name.empty()) return Say(fmt::format("{} {}.", asks, AsksText(pod_)));
    const std::string_view choice = Annotation(plan::classes::kChoiceAnnotation);
    Say(fmt::format("It picked the class {}: {}.", name,
                    choice.empty() ? AsksText(pod_) : std::string(choice)));
  }

  void NodeFacts() {
    if (told_.node == nullptr) return Say("Of that node nothing is known.");
    const cluster::Node& node = *told_.node;
    std::string text = node.name;
    if (!node.instance_type.empty()) text += fmt::format(" is of type {} and", node.instance_type);
    text += " has " + Counted(static_cast<std::int64_t>(node.gpus.size()), "card", "cards");
    if (!node.pool.empty()) text += fmt::format(" in the node pool {}", node.pool);
    if (!node.ready) text += "; it is not ready";
    if (!node.schedulable) text += "; it is cordoned";
    Say(text + (node.price ? fmt::format("; it costs {} an hour.", DollarsPerHour(node.price->rate))
                           : "."));
  }

  void Holds() {
    if (told_.holds.empty()) {
      return Say("Which card it holds is not known: nothing on the node is what it asked for.");
    }
    std::set<std::string> parts;  // in order of the cards: equal ones are one
    std::vector<std::string> seats;
    for (const plan::HeldSeat& seat : told_.holds) {
      if (parts.insert(SeatText(seat)).second) seats.push_back(SeatText(seat));
    }
    const bool exact = std::all_of(told_.holds.begin(), told_.holds.end(),
                                   [](const plan::HeldSeat& seat) { return seat.exact; });
    std::string text = fmt::format("It holds {}", ListOf(seats));
    if (!exact) text += " (counted: the cluster does not say which one)";
    Say(text + PartOfCards() + Cost());
  }

  // Nothing for whole cards.
  std::string PartOfCards() const {
    base::PartsPerMillion share;
    for (const plan::HeldSeat& seat : told_.holds) share += seat.share;
    const auto cards = static_cast<std::int64_t>(told_.holds.size());
    if (share == base::kWhole * cards) return "";
    return fmt::format(", {} of a card", Percent(share));
  }

  std::string Cost() const {
    if (!told_.rate) return "; what it costs is not known, since the node has no price.";
    return fmt::format("; that costs {} an hour, {} a month.", DollarsPerHour(*told_.rate),
                       Dollars(*told_.rate));
  }

  void Activity() {
    std::int64_t sum = 0;
    std::int64_t seats = 0;
    for (const plan::HeldSeat& seat : told_.holds) {
      if (!seat.active) continue;
      sum += seat.active->value();
      ++seats;
    }
    if (seats == 0) {
      if (!told_.holds.empty()) Say("How busy it keeps them was not measured.");
      return;
    }
    const base::PartsPerMillion mean(sum / seats);
    Say(fmt::format("It kept {} busy {} of the time, over {}.", seats == 1 ? "it" : "them",
                    Percent(mean), base::FormatSpan(snapshot_.usage->to - snapshot_.usage->from)));
  }

  void Gang() {
    if (!told_.gang) return;
    const plan::GangStanding& gang = *told_.gang;
    std::string text = fmt::format("It is of the gang {}: {}", gang.name,
                                   Counted(gang.there, "pod is there", "pods are there"));
    if (gang.size) {
      text = fmt::format("It is of the gang {}: {} of {} pods are there", gang.name, gang.there,
                         *gang.size);
    }
    Say(text + fmt::format(", {} on nodes.", gang.on_nodes));
  }

  // ---- not on a node ----

  void Sent() {
    Say(fmt::format("{} waits for the scheduler, {}.", Name(), Since(pod_.created_at)));
    ClassAndChoice("It asks for");
    const std::string_view why = Annotation(cluster::kPlacementAnnotation);
    std::vector<std::string> nodes;
    for (const std::string_view node : base::Split(Annotation(cluster::kNodesAnnotation), ',')) {
      nodes.emplace_back(node);
    }
    Say(fmt::format("Tangram lifted its gate and sent it to {}.",
                    why.empty() ? base::Few(nodes) : std::string(why)));
    if (told_.node == nullptr) {
      Say("That node is gone: Tangram evicts the pod, and its controller makes another.");
    }
    SchedulerSays();
    Gang();
  }

  void Waits() {
    Say(fmt::format("{} waits for a GPU, {}.", Name(), Since(pod_.created_at)));
    ClassAndChoice("It asks for");
    Gates();
    Gang();
    if (told_.steps.empty()) {
      NoPlan();
    } else {
      Steps();
    }
    // What keeps it off nodes matters only where it is not to go to one of them at once.
    if (told_.steps.size() != 1) {
      InTheWay();
      HeldBy();
    }
    SchedulerSays();
  }

  void Gates() {
    std::vector<std::string> others;
    for (const std::string& gate : pod_.gates) {
      if (gate != cluster::kPlacementGate) others.push_back(gate);
    }
    if (!others.empty()) {
      Say(fmt::format("Held by the scheduling {} {}, which others have to lift first.",
                      others.size() == 1 ? "gate" : "gates", ListOf(others)));
    } else if (!pod_.gates.empty()) {
      Say("It is behind Tangram's gate, which is lifted together with a node.");
    }
  }

  void NoPlan() {
    if (!told_.waiting) return Say("No plan serves it.");
    const plan::Waiting& waiting = *told_.waiting;
    Say(fmt::format(
        "{} ({}): {}; {}.",
        plan::IsNever(waiting.reason) ? "No plan can ever serve it" : "No plan serves it now",
        plan::NameOf(waiting.reason), waiting.why, waiting.remedy));
  }

  void Steps() {
    const plan::Action& last = told_.steps.back().action;
    if (told_.steps.size() == 1) {
      return Say(fmt::format("It fits on {} now: {}; {}.", NodeOf(last.change), last.reason,
                             cluster::IsBehindGate(pod_) ? "the controller sends it there"
                                                         : "the scheduler may choose another"));
    }
    Say(fmt::format("A plan would serve it, in {} steps (tangram plan shows the whole):",
                    told_.steps.size()));
    plan::Plan plan;
    for (const plan::NextStep& step : told_.steps) plan.actions.push_back(step.action);
    const auto lines = GroupActions(snapshot_, plan, Grouping::kNone);
    for (std::size_t i = 0; i < lines.size() && i < kMostSteps; ++i) {
      Say(fmt::format("{}. {} {} on {}: {}{}", i + 1, Verb(told_.steps[i].action.change),
                      lines[i].what, lines[i].where, lines[i].why, Approval(told_.steps[i])));
    }
    if (lines.size() > kMostSteps) {
      Say(fmt::format("… and {} more.", lines.size() - kMostSteps));
    }
  }

  // Under whose policy it is done; nothing of what needs no other.
  static std::string Approval(const plan::NextStep& step) {
    if (std::holds_alternative<plan::PlacePod>(step.action.change)) return "";
    if (step.pool.empty()) return "; no GpuPool has the node, so it is up to you";
    return step.mode == plan::Mode::kAuto
               ? fmt::format("; GpuPool {} is in mode Auto", step.pool)
               : fmt::format("; GpuPool {} is in mode Recommend: it waits for approval", step.pool);
  }

  void InTheWay() {
    if (told_.gpu_nodes == 0) return Say("No node of the cluster has GPUs.");
    std::vector<std::string> parts;
    std::int64_t more = 0;
    for (const plan::Obstacle& obstacle : told_.obstacles) {
      if (parts.size() < kMostObstacles) {
        parts.push_back(SaysObstacle(obstacle));
      } else {
        more += obstacle.nodes;
      }
    }
    if (more > 0) parts.push_back(fmt::format("{} for other reasons", NodesText(more)));
    const std::string all = NodesText(told_.gpu_nodes);
    if (told_.open_nodes == 0) {
      return Say(
          fmt::format("Of {} with GPUs none could take it now: {}.", all, fmt::join(parts, "; ")));
    }
    Say(fmt::format("Of {} with GPUs {} could take it now{}{}.", all, Thousands(told_.open_nodes),
                    parts.empty() ? "" : "; the others: ", fmt::join(parts, "; ")));
  }

  void HeldBy() {
    std::vector<std::string> parts;
    for (const plan::Holder& holder : told_.holders) {
      if (parts.size() == kMostHolders) break;
      const std::string kind = holder.owner.kind.empty() ? "pod" : holder.owner.kind;
      parts.push_back(fmt::format("{}/{} ({}, {})", holder.ns, holder.owner.name, kind,
                                  Counted(holder.devices, "device", "devices")));
    }
    if (parts.empty()) return;
    const std::size_t more = told_.holders.size() - parts.size();
    if (more > 0) {
      parts.push_back(
          Counted(static_cast<std::int64_t>(more), "other workload", "other workloads"));
    }
    Say(fmt::format("Held there by {}.", ListOf(parts)));
  }

  void SchedulerSays() {
    if (pod_.pending_message.empty() || pod_.pending_reason == "SchedulingGated") return;
    std::string_view message = base::Trim(pod_.pending_message);
    while (message.ends_with('.')) message.remove_suffix(1);
    Say(fmt::format("The scheduler says: {}.", message));
  }

  const cluster::Snapshot& snapshot_;
  const plan::Explanation& told_;
  const cluster::Pod& pod_;
  std::vector<std::string> said_;
};

}  // namespace

std::vector<std::string> Sentences(const cluster::Snapshot& snapshot,
                                   const plan::Explanation& told) {
  return Teller(snapshot, told).Tell();
}

std::string RenderExplanation(const cluster::Snapshot& snapshot, const plan::Explanation& told,
                              ColorMode color) {
  std::string out;
  bool first = true;
  for (const std::string& sentence : Sentences(snapshot, told)) {
    const bool is_step = !sentence.empty() && sentence.front() >= '0' && sentence.front() <= '9';
    std::string indent = is_step ? "    " : "  ";
    for (const std::string& line : base::WrapText(Printable(sentence), kWidth - indent.size())) {
      out += indent + Paint(line, first ? Color::kBold : Color::kNone, color) + "\n";
      indent = is_step ? "       " : "    ";
    }
    first = false;
  }
  return out;
}

}  // namespace tangram::report
