#include <nlohmann/json.hpp>

#include "base/time_text.h"
#include "cli/agent_show.h"

namespace tangram::cli {
namespace {

using nlohmann::ordered_json;

std::string_view Name(agent::CardState state) {
  switch (state) {
    case agent::CardState::kOk:
      return "Ok";
    case agent::CardState::kLost:
      return "Lost";
    case agent::CardState::kUnreadable:
      break;
  }
  return "Unreadable";
}

std::string_view Name(agent::ProcessKind kind) {
  switch (kind) {
    case agent::ProcessKind::kCompute:
      return "Compute";
    case agent::ProcessKind::kGraphics:
      return "Graphics";
    case agent::ProcessKind::kMps:
      break;
  }
  return "Mps";
}

std::string_view Name(agent::Slowdown slowdown) {
  switch (slowdown) {
    case agent::Slowdown::kPowerCap:
      return "PowerCap";
    case agent::Slowdown::kHardware:
      return "Hardware";
    case agent::Slowdown::kThermalSoftware:
      return "ThermalSoftware";
    case agent::Slowdown::kThermalHardware:
      return "ThermalHardware";
    case agent::Slowdown::kPowerBrake:
      break;
  }
  return "PowerBrake";
}

std::string_view Name(agent::Path path) {
  switch (path) {
    case agent::Path::kBoard:
      return "Board";
    case agent::Path::kSwitch:
      return "Switch";
    case agent::Path::kSwitches:
      return "Switches";
    case agent::Path::kHostBridge:
      return "HostBridge";
    case agent::Path::kNode:
      return "Node";
    case agent::Path::kSystem:
      break;
  }
  return "System";
}

ordered_json Text(std::string_view text) {
  return text.empty() ? ordered_json(nullptr) : ordered_json(text);
}

ordered_json Number(const std::optional<base::MiB>& size) {
  return size ? ordered_json(size->value()) : ordered_json(nullptr);
}

template <class T>
ordered_json Number(const std::optional<T>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

// null where there is nothing, else what `write` makes of it.
template <class T, class Write>
ordered_json Object(const std::optional<T>& value, Write write) {
  return value ? write(*value) : ordered_json(nullptr);
}

ordered_json ToJson(const agent::Problem& problem);
ordered_json ToJson(const gpu::Placement& placement);
ordered_json ToJson(const agent::Slowdown& slowdown);
ordered_json ToJson(const agent::ComputeInstance& compute);
ordered_json ToJson(const agent::Profile& profile);
ordered_json ToJson(const agent::Process& process);
ordered_json ToJson(const agent::Card& card);
ordered_json ToJson(const agent::Link& link);

template <class T>
ordered_json List(const std::vector<T>& values) {
  ordered_json list = ordered_json::array();
  for (const T& value : values) list.push_back(ToJson(value));
  return list;
}

ordered_json ToJson(const agent::Problem& problem) {
  return {{"what", problem.what}, {"why", problem.why}};
}

ordered_json ToJson(const gpu::Placement& placement) {
  return {{"start", placement.start}, {"size", placement.size}};
}

ordered_json ToJson(const agent::Slowdown& slowdown) { return Name(slowdown); }

ordered_json ToJson(const agent::ComputeInstance& compute) {
  return {{"id", compute.id}, {"profileId", compute.profile_id}, {"uuid", Text(compute.uuid)}};
}

ordered_json ToJson(const agent::Profile& profile) {
  return {{"id", profile.id},
          {"name", Text(profile.name)},
          {"computeSlices", profile.compute_slices},
          {"multiprocessors", profile.multiprocessors},
          {"memoryMiB", profile.memory.value()},
          {"mostInstances", profile.most_instances},
          {"free", Number(profile.free)},
          {"placements", Object(profile.placements, [](const auto& all) { return List(all); })}};
}

ordered_json ToJson(const agent::Process& process) {
  return {{"pid", process.pid},
          {"kind", Name(process.kind)},
          {"memoryMiB", Number(process.memory)},
          {"instance", Number(process.instance)},
          {"computeInstance", Number(process.compute_instance)}};
}

ordered_json InstanceJson(const agent::Mig& mig, const agent::Instance& instance) {
  std::string_view name;
  for (const agent::Profile& profile : mig.profiles) {
    if (profile.id == instance.profile_id) name = profile.name;
  }
  return {{"id", instance.id},
          {"profileId", instance.profile_id},
          {"profile", Text(name)},
          {"start", instance.placement.start},
          {"size", instance.placement.size},
          {"computeInstances", List(instance.compute)}};
}

ordered_json MigJson(const agent::Mig& mig) {
  ordered_json instances = ordered_json::array();
  for (const agent::Instance& one : mig.instances) instances.push_back(InstanceJson(mig, one));
  return {{"enabled", mig.enabled},
          {"pending", mig.pending},
          {"profiles", List(mig.profiles)},
          {"instances", std::move(instances)}};
}

ordered_json HealthJson(const agent::Health& health) {
  return {{"celsius", Number(health.celsius)},
          {"slowdownCelsius", Number(health.slowdown_celsius)},
          {"milliwatts", Number(health.milliwatts)},
          {"limitMilliwatts", Number(health.limit_milliwatts)},
          {"slowdowns", Object(health.slowdowns, [](const auto& all) { return List(all); })},
          {"eccErrors", Object(health.ecc,
                               [](const agent::EccErrors& ecc) {
                                 return ordered_json{{"sinceDriverLoad", ecc.since_driver_load},
                                                     {"ever", ecc.ever}};
                               })},
          {"remappedRows", Object(health.rows,
                                  [](const agent::RemappedRows& rows) {
                                    return ordered_json{{"corrected", rows.corrected},
                                                        {"uncorrected", rows.uncorrected},
                                                        {"pending", rows.pending},
                                                        {"failed", rows.failed}};
                                  })},
          {"retiredPages", Object(health.pages, [](const agent::RetiredPages& pages) {
             return ordered_json{{"singleBit", pages.single_bit}, {"doubleBit", pages.double_bit}};
           })}};
}

ordered_json MemoryJson(const agent::Memory& memory) {
  return {{"totalMiB", memory.total.value()},
          {"usedMiB", memory.used.value()},
          {"reservedMiB", Number(memory.reserved)}};
}

ordered_json ToJson(const agent::Card& card) {
  const auto memory = card.memory ? std::optional(card.memory->total) : std::nullopt;
  const gpu::Model* model = gpu::ParseProduct(card.name, memory).model;
  return {{"index", card.index},
          {"state", Name(card.state)},
          {"uuid", Text(card.uuid)},
          {"name", Text(card.name)},
          {"model", Text(model != nullptr ? model->name : "")},
          {"pciBusId", Text(card.pci_bus_id)},
          {"minor", Number(card.minor)},
          {"numaNode", Number(card.numa_node)},
          {"memory", Object(card.memory, MemoryJson)},
          {"use", Object(card.use,
                         [](const agent::Use& use) {
                           return ordered_json{{"gpuPercent", use.gpu_percent},
                                               {"memoryPercent", use.memory_percent}};
                         })},
          {"health", HealthJson(card.health)},
          {"mig", Object(card.mig, MigJson)},
          {"nvlinks", Object(card.nvlinks,
                             [](const agent::NvLinks& links) {
                               return ordered_json{{"up", links.up},
                                                   {"toSwitch", links.to_switch},
                                                   {"peers", links.peers}};
                             })},
          {"processes", List(card.processes)},
          {"problems", List(card.problems)}};
}

ordered_json ToJson(const agent::Link& link) {
  return {{"a", link.a},
          {"b", link.b},
          {"path", Object(link.path, [](agent::Path path) { return ordered_json(Name(path)); })},
          {"nvlinks", link.nvlinks},
          {"nvlinkP2p", Number(link.nvlink_p2p)}};
}

}  // namespace

std::string RenderAgentJson(const agent::Inventory& inventory) {
  std::vector<agent::Problem> problems = inventory.driver.problems;
  problems.insert(problems.end(), inventory.links.problems.begin(), inventory.links.problems.end());
  const ordered_json all = {{"format", "tangram-agent"},
                            {"version", kAgentVersion},
                            {"takenAt", base::FormatTime(inventory.taken_at)},
                            {"driverVersion", Text(inventory.driver.version)},
                            {"libraryVersion", Text(inventory.driver.library_version)},
                            {"cudaVersion", Text(inventory.driver.cuda_version)},
                            {"cards", List(inventory.cards)},
                            {"links", List(inventory.links.links)},
                            {"problems", List(problems)}};
  return all.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace tangram::cli
