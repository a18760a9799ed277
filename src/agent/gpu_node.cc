#include "agent/gpu_node.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/time_text.h"

namespace tangram::agent {
namespace {

using base::ErrorCode;
using base::Fail;
using nlohmann::ordered_json;

std::string_view NameOf(OrderState state) {
  switch (state) {
    case OrderState::kRunning:
      return "Running";
    case OrderState::kDone:
      return "Done";
    case OrderState::kFailed:
      break;
  }
  return "Failed";
}

std::string_view NameOf(CardState state) {
  switch (state) {
    case CardState::kOk:
      return "Ok";
    case CardState::kLost:
      return "Lost";
    case CardState::kUnreadable:
      break;
  }
  return "Unreadable";
}

std::string ProfileName(const Mig& mig, int id) {
  for (const Profile& one : mig.profiles) {
    if (one.id == id) return one.name;
  }
  return "";
}

// ---- reading ----

std::vector<CardLayout> ReadLayouts(const ordered_json& from) {
  std::vector<CardLayout> layouts;
  for (const ordered_json& one : from) {
    CardLayout& layout = layouts.emplace_back();
    layout.uuid = one.at("uuid");
    layout.mig = one.at("mig");
    for (const ordered_json& instance : one.value("instances", ordered_json::array())) {
      layout.instances.push_back({instance.at("profile"), instance.at("start")});
    }
  }
  return layouts;
}

base::Time ReadTime(const ordered_json& from) {
  return base::ParseTime(from.get<std::string>()).value_or(base::Time{});
}

OrderAnswer ReadAnswer(const ordered_json& from) {
  OrderAnswer answer;
  answer.operation = from.at("operation");
  answer.generation = from.at("generation");
  const std::string state = from.at("state");
  answer.state = state == "Done"     ? OrderState::kDone
                 : state == "Failed" ? OrderState::kFailed
                                     : OrderState::kRunning;
  answer.reason = from.value("reason", "");
  answer.message = from.value("message", "");
  answer.before = ReadLayouts(from.value("before", ordered_json::array()));
  answer.began = ReadTime(from.at("startedAt"));
  if (from.contains("endedAt")) answer.ended = ReadTime(from.at("endedAt"));
  return answer;
}

// ---- writing ----

ordered_json LayoutsJson(const std::vector<CardLayout>& layouts) {
  ordered_json all = ordered_json::array();
  for (const CardLayout& layout : layouts) {
    ordered_json instances = ordered_json::array();
    for (const WishedInstance& one : layout.instances) {
      instances.push_back({{"profile", one.profile}, {"start", one.start}});
    }
    all.push_back({{"uuid", layout.uuid}, {"mig", layout.mig}, {"instances", instances}});
  }
  return all;
}

ordered_json AnswerJson(const OrderAnswer& answer) {
  ordered_json to = {{"operation", answer.operation},
                     {"generation", answer.generation},
                     {"state", NameOf(answer.state)}};
  if (!answer.reason.empty()) to["reason"] = answer.reason;
  if (!answer.message.empty()) to["message"] = answer.message.substr(0, 4096);
  if (!answer.before.empty()) to["before"] = LayoutsJson(answer.before);
  to["startedAt"] = base::FormatTime(answer.began);
  if (answer.ended) to["endedAt"] = base::FormatTime(*answer.ended);
  return to;
}

class Writer {
 public:
  explicit Writer(const NodeState& state) : state_(state) {}

  ordered_json Cards() const {
    ordered_json cards = ordered_json::array();
    for (const CardNow& card : state_.cards) cards.push_back(CardJson(card));
    return cards;
  }

 private:
  bool Held(int card, std::optional<int> instance) const {
    return std::any_of(state_.pods.begin(), state_.pods.end(), [&](const auto& entry) {
      return entry.first.first == Place{card, instance} && entry.second.use.devices > 0;
    });
  }

  // Each device of it counts: a pod may hold two shares.
  ordered_json HeldBy(int card, std::optional<int> instance) const {
    ordered_json pods = ordered_json::array();
    for (const auto& [at, pod] : state_.pods) {
      if (at.first != Place{card, instance}) continue;
      for (int i = 0; i < pod.use.devices && pods.size() < kMostHolders; ++i) {
        pods.push_back({{"namespace", at.second.ns}, {"pod", at.second.pod}});
      }
    }
    return pods;
  }

  static int Processes(const Card& card, std::optional<int> instance) {
    return static_cast<int>(
        std::count_if(card.processes.begin(), card.processes.end(),
                      [&](const Process& one) { return !instance || one.instance == instance; }));
  }

  ordered_json InstancesJson(const Card& card) const {
    ordered_json instances = ordered_json::array();
    for (const Instance& one : card.mig->instances) {
      const int processes = Processes(card, one.id);
      ordered_json& to =
          instances.emplace_back(ordered_json{{"id", one.id},
                                              {"profile", ProfileName(*card.mig, one.profile_id)},
                                              {"start", one.placement.start},
                                              {"size", one.placement.size},
                                              {"inUse", processes > 0 || Held(card.index, one.id)},
                                              {"processes", processes}});
      if (one.compute.size() == 1 && !one.compute.front().uuid.empty()) {
        to["uuid"] = one.compute.front().uuid;
      }
      if (auto pods = HeldBy(card.index, one.id); !pods.empty()) to["heldBy"] = std::move(pods);
    }
    return instances;
  }

  ordered_json CardJson(const CardNow& now) const {
    const Card& card = now.reading.card;
    const bool hung = now.given_up && card.state == CardState::kOk;
    ordered_json to = {{"index", card.index}, {"state", hung ? "Unreadable" : NameOf(card.state)}};
    if (!card.uuid.empty()) to["uuid"] = card.uuid;
    if (!card.name.empty()) to["model"] = card.name;
    if (!card.pci_bus_id.empty()) to["pciBusId"] = card.pci_bus_id;
    if (card.numa_node) to["numaNode"] = *card.numa_node;
    if (card.memory) to["memoryMiB"] = card.memory->total.value();
    if (card.state == CardState::kOk) {
      const int processes = Processes(card, std::nullopt);
      to["inUse"] = processes > 0 || Held(card.index, std::nullopt);
      to["processes"] = processes;
      if (auto pods = HeldBy(card.index, std::nullopt); !pods.empty()) {
        to["heldBy"] = std::move(pods);
      }
    }
    if (card.mig) {
      to["mig"] = {{"enabled", card.mig->enabled},
                   {"pending", card.mig->pending},
                   {"instances", InstancesJson(card)}};
    }
    if (card.nvlinks) {
      to["nvlinks"] = {{"up", card.nvlinks->up}, {"toSwitch", card.nvlinks->to_switch}};
      if (!card.nvlinks->peers.empty()) to["nvlinks"]["peers"] = card.nvlinks->peers;
    }
    ordered_json problems = ordered_json::array();
    for (const Problem& one : card.problems) {
      if (problems.size() == kMostProblems) break;
      problems.push_back((one.what + ": " + one.why).substr(0, 1024));
    }
    if (!problems.empty()) to["problems"] = problems;
    return to;
  }

  static constexpr std::size_t kMostProblems = 16;
  static constexpr std::size_t kMostHolders = 64;
  const NodeState& state_;
};

}  // namespace

const kube::Resource& GpuNodes() {
  static const kube::Resource gpu_nodes{"tangram.dev", "v1alpha1", "gpunodes", "GpuNode"};
  return gpu_nodes;
}

kube::Call GetNodeCall(const std::string& node) {
  static const kube::Resource nodes{"", "v1", "nodes", "Node"};
  kube::Call call;
  call.asked = {.verb = "get", .resource = nodes, .name = node};
  call.path = nodes.Path({}, node);
  return call;
}

base::Result<std::string> OtherOwnerOf(std::string_view node) {
  const ordered_json object = ordered_json::parse(node, nullptr, false);
  if (!object.is_object() || !object.contains("metadata")) {
    return Fail(ErrorCode::kUnavailable, "the answer to get nodes is no Node");
  }
  const ordered_json labels = object["metadata"].value("labels", ordered_json::object());
  constexpr const char* kRuns = "nvidia.com/gpu.deploy.mig-manager";
  constexpr const char* kState = "nvidia.com/mig.config.state";
  const std::string runs = labels.value(kRuns, "false");
  const std::string state = labels.value(kState, "");
  const bool works = state == "pending" || state == "rebooting";
  if (runs == "false" && !works) return std::string();
  return fmt::format(
      "mig-manager owns the cards of this node (label {}={}), and one alone may; let it cut them, "
      "or "
      "switch it off here ({}=false) and ask again",
      works ? kState : kRuns, works ? state : runs, kRuns);
}

base::Result<SeenGpuNode> ReadGpuNode(std::string_view text) {
  try {
    const ordered_json object = ordered_json::parse(text);
    SeenGpuNode seen;
    const ordered_json spec = object.value("spec", ordered_json::object());
    if (spec.contains("operation")) {
      seen.order = Order{spec.at("operation"), object.at("metadata").at("generation"),
                         ReadLayouts(spec.value("layouts", ordered_json::array()))};
    }
    const ordered_json status = object.value("status", ordered_json::object());
    if (status.contains("order")) seen.answer = ReadAnswer(status.at("order"));
    return seen;
  } catch (const ordered_json::exception& error) {
    return Fail(ErrorCode::kInvalid, std::string("the GpuNode cannot be read: ") + error.what());
  }
}

ReadyNow ReadyOf(const NodeState& state) {
  ReadyNow ready{.reason = {}, .message = {}};
  if (!state.idle.empty()) {
    ready.reason = "DriverMissing";
    ready.message = state.idle;
    return ready;
  }
  int unwell = 0;
  for (const CardNow& card : state.cards) {
    if (card.reading.card.state == CardState::kOk && !card.given_up) continue;
    if (unwell++ > 0) continue;
    const bool lost = card.reading.card.state == CardState::kLost;
    const auto& problems = card.reading.card.problems;
    ready.reason = lost ? "CardLost" : "CardUnreadable";
    ready.message = fmt::format("GPU {}: {}", card.reading.card.index,
                                problems.empty() ? "it hangs" : problems.front().why);
  }
  if (unwell > 1) ready.message += fmt::format("; and {} more", unwell - 1);
  if (unwell > 0) return ready;
  ready.ready = true;
  ready.reason = "Reading";
  ready.message = fmt::format("{} GPUs are read", state.cards.size());
  return ready;
}

Report ReportOf(const NodeState& state, const ReadyNow& ready,
                const std::optional<OrderAnswer>& answer, base::Time now) {
  ordered_json status;
  if (!state.driver.version.empty()) {
    status["driver"] = {{"version", state.driver.version},
                        {"libraryVersion", state.driver.library_version},
                        {"cudaVersion", state.driver.cuda_version}};
  }
  status["cards"] = Writer(state).Cards();
  if (answer) status["order"] = AnswerJson(*answer);
  status["conditions"] = {{{"type", "Ready"},
                           {"status", ready.ready ? "True" : "False"},
                           {"reason", ready.reason},
                           {"message", ready.message.substr(0, 4096)},
                           {"lastTransitionTime", base::FormatTime(ready.since)}}};
  ordered_json gist = status;
  for (ordered_json& card : gist["cards"]) {  // processes come and go; that it is used, is said
    card.erase("processes");
    if (!card.contains("mig")) continue;
    for (ordered_json& one : card["mig"]["instances"]) one.erase("processes");
  }
  status["observedAt"] = base::FormatTime(now);
  return {status.dump(-1, ' ', false, ordered_json::error_handler_t::replace),
          gist.dump(-1, ' ', false, ordered_json::error_handler_t::replace)};
}

Holders HoldersOf(const PodDevices& devices, const Card& card) {
  Reading reading;
  reading.card = card;
  Holders holders;
  for (const Holding& one : Resolve(devices, {reading}).held) {
    if (one.place.card != card.index) continue;
    holders.emplace(one.place.instance.value_or(kWholeCard),
                    fmt::format("pod {}/{}", one.pod.ns, one.pod.pod));
  }
  return holders;
}

}  // namespace tangram::agent
