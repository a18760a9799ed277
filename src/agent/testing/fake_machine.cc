#include "agent/testing/fake_machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace tangram::agent::testing {
namespace {

using nlohmann::json;

// Wrong input is thrown here and caught by ParseMachine, as nlohmann's own errors are.
[[noreturn]] void Refuse(const std::string& why) { throw std::invalid_argument(why); }

bool Has(const json& object, const char* key) {
  return object.contains(key) && !object.at(key).is_null();
}

template <class T>
std::optional<T> Maybe(const json& object, const char* key, std::optional<T> otherwise) {
  if (!object.contains(key)) return otherwise;
  if (object.at(key).is_null()) return std::nullopt;
  return object.at(key).get<T>();
}

std::optional<base::MiB> MaybeMib(const json& object, const char* key) {
  const auto value = Maybe<std::int64_t>(object, key, std::nullopt);
  return value ? std::optional(base::MiB(*value)) : std::nullopt;
}

template <class T, std::size_t kCount>
T Named(const json& name, const std::pair<const char*, T> (&names)[kCount]) {
  for (const auto& [text, value] : names) {
    if (name == text) return value;
  }
  Refuse("there is no " + name.dump());
}

constexpr std::pair<const char*, CardState> kStates[] = {
    {"Ok", CardState::kOk}, {"Lost", CardState::kLost}, {"Unreadable", CardState::kUnreadable}};
constexpr std::pair<const char*, ProcessKind> kKinds[] = {{"Compute", ProcessKind::kCompute},
                                                          {"Graphics", ProcessKind::kGraphics},
                                                          {"Mps", ProcessKind::kMps}};
constexpr std::pair<const char*, Path> kPaths[] = {
    {"Board", Path::kBoard},           {"Switch", Path::kSwitch}, {"Switches", Path::kSwitches},
    {"HostBridge", Path::kHostBridge}, {"Node", Path::kNode},     {"System", Path::kSystem}};
constexpr std::pair<const char*, Slowdown> kSlowdowns[] = {
    {"PowerCap", Slowdown::kPowerCap},
    {"Hardware", Slowdown::kHardware},
    {"ThermalSoftware", Slowdown::kThermalSoftware},
    {"ThermalHardware", Slowdown::kThermalHardware},
    {"PowerBrake", Slowdown::kPowerBrake}};

// ---- MIG ----

Profile FromTable(const gpu::MigProfile& known) {
  Profile profile;
  profile.id = known.id;
  profile.name = known.name;
  profile.compute_slices = known.compute_slices;
  profile.multiprocessors = known.multiprocessors.value_or(0);
  profile.memory = known.memory.value_or(base::MiB(0));
  profile.most_instances = known.max_instances;
  profile.placements.emplace();
  for (const int start : known.starts) {
    profile.placements->push_back({start, known.memory_slices});
  }
  return profile;
}

Profile ReadProfile(const json& from) {
  Profile profile;
  profile.id = from.at("id");
  profile.name = from.at("name");
  profile.compute_slices = from.at("computeSlices");
  profile.multiprocessors = from.at("multiprocessors");
  profile.memory = base::MiB(from.at("memoryMiB").get<std::int64_t>());
  profile.most_instances = from.at("mostInstances");
  if (!Has(from, "placements")) return profile;
  profile.placements.emplace();
  for (const json& one : from.at("placements")) {
    profile.placements->push_back({one.at("start"), one.at("size")});
  }
  return profile;
}

const Profile& WantedProfile(const Mig& mig, const json& instance) {
  for (const Profile& profile : mig.profiles) {
    if (instance.contains("profileId")
            ? profile.id == instance.at("profileId").get<int>()
            : profile.name == instance.at("profile").get<std::string>()) {
      return profile;
    }
  }
  Refuse("the card has no profile for the instance " + instance.dump());
}

Instance ReadInstance(const json& from, const Card& card, const Mig& mig) {
  const Profile& profile = WantedProfile(mig, from);
  Instance instance;
  instance.id = from.value("id", static_cast<int>(mig.instances.size()) + 1);
  instance.profile_id = profile.id;
  const int start = from.at("start");
  if (profile.placements && !MayPlace(mig, profile, start)) {
    Refuse(fmt::format("card {} has no room for {} at {}", card.index, profile.name, start));
  }
  int size = from.value("size", 0);
  for (const gpu::Placement& one : profile.placements.value_or(std::vector<gpu::Placement>{})) {
    if (one.start == start) size = one.size;
  }
  instance.placement = {start, size};
  if (!from.contains("computeInstances")) {
    instance.compute = {WholeInstance(card, instance.id, profile.compute_slices)};
    return instance;
  }
  for (const json& one : from.at("computeInstances")) {
    instance.compute.push_back({one.at("id"), one.at("profileId"), one.value("uuid", "")});
  }
  return instance;
}

std::optional<Mig> ReadMig(const json& from, const Card& card) {
  const gpu::Model* model = gpu::ParseProduct(card.name).model;
  const json given = from.value("mig", json::object());
  if (given.is_null() || (!from.contains("mig") && (model == nullptr || !model->has_mig()))) {
    return std::nullopt;
  }
  Mig mig;
  mig.enabled = given.value("enabled", false);
  mig.pending = given.value("pending", mig.enabled);
  if (given.contains("profiles")) {
    for (const json& one : given.at("profiles")) mig.profiles.push_back(ReadProfile(one));
  } else if (model != nullptr) {
    for (const gpu::MigProfile& one : model->profiles) mig.profiles.push_back(FromTable(one));
  }
  for (const json& one : given.value("instances", json::array())) {
    mig.instances.push_back(ReadInstance(one, card, mig));
  }
  return mig;
}

// ---- a card ----

std::optional<Memory> ReadMemory(const json& from, const Card& card) {
  if (from.contains("memory")) {
    const json& given = from.at("memory");
    if (given.is_null()) return std::nullopt;
    return Memory{base::MiB(given.at("totalMiB").get<std::int64_t>()),
                  base::MiB(given.value("usedMiB", std::int64_t{0})),
                  MaybeMib(given, "reservedMiB")};
  }
  const gpu::Model* model = gpu::ParseProduct(card.name).model;
  if (model == nullptr) Refuse("the card \"" + card.name + "\" is unknown; give its memory");
  return Memory{model->memory, base::MiB(0), base::MiB(512)};
}

Health ReadHealth(const json& from) {
  Health health;
  health.celsius = Maybe<int>(from, "celsius", 35);
  health.slowdown_celsius = Maybe<int>(from, "slowdownCelsius", 87);
  health.milliwatts = Maybe<std::int64_t>(from, "milliwatts", 70'000);
  health.limit_milliwatts = Maybe<std::int64_t>(from, "limitMilliwatts", 700'000);
  if (!from.contains("slowdowns") || Has(from, "slowdowns")) health.slowdowns.emplace();
  if (Has(from, "slowdowns")) {
    for (const json& one : from.at("slowdowns"))
      health.slowdowns->push_back(Named(one, kSlowdowns));
  }
  if (!from.contains("eccErrors")) health.ecc.emplace();
  if (Has(from, "eccErrors")) {
    const json& given = from.at("eccErrors");
    health.ecc = EccErrors{given.at("sinceDriverLoad"), given.at("ever")};
  }
  if (!from.contains("remappedRows")) health.rows.emplace();
  if (Has(from, "remappedRows")) {
    const json& given = from.at("remappedRows");
    health.rows = RemappedRows{given.at("corrected"), given.at("uncorrected"), given.at("pending"),
                               given.at("failed")};
  }
  if (Has(from, "retiredPages")) {
    const json& given = from.at("retiredPages");
    health.pages = RetiredPages{given.at("singleBit"), given.at("doubleBit")};
  }
  return health;
}

std::vector<Process> ReadProcesses(const json& from) {
  std::vector<Process> processes;
  for (const json& one : from.value("processes", json::array())) {
    Process process;
    process.pid = one.at("pid");
    if (one.contains("kind")) process.kind = Named(one.at("kind"), kKinds);
    process.memory = MaybeMib(one, "memoryMiB");
    process.instance = Maybe<int>(one, "instance", std::nullopt);
    process.compute_instance = Maybe<int>(one, "computeInstance", std::nullopt);
    processes.push_back(process);
  }
  return processes;
}

Card ReadCard(const json& from, int index) {
  Card card;
  card.index = index;
  if (from.contains("state")) card.state = Named(from.at("state"), kStates);
  if (card.state != CardState::kOk) return card;
  card.name = from.at("name");
  card.uuid = from.value("uuid", fmt::format("GPU-{:08x}-0000-4000-8000-000000000000", index));
  card.pci_bus_id = from.value("pciBusId", fmt::format("0000:{:02x}:00.0", 0x10 + index));
  card.minor = Maybe<int>(from, "minor", index);
  card.numa_node = Maybe<int>(from, "numaNode", 0);
  card.memory = ReadMemory(from, card);
  card.mig = ReadMig(from, card);
  // With MIG on, NVML has no use of the whole card.
  if (!from.contains("use") && !(card.mig && card.mig->enabled)) card.use.emplace();
  if (Has(from, "use")) {
    card.use = Use{from.at("use").at("gpuPercent"), from.at("use").at("memoryPercent")};
  }
  card.health = ReadHealth(from.value("health", json::object()));
  if (Has(from, "nvlinks")) {
    const json& given = from.at("nvlinks");
    card.nvlinks = NvLinks{given.at("up"), given.value("toSwitch", 0),
                           given.value("peers", std::vector<std::string>{})};
  }
  card.processes = ReadProcesses(from);
  return card;
}

// ---- what goes on ----

void ReadUses(const json& from, int card, FakeMachine& machine) {
  for (const json& one : from.value("processes", json::array())) {
    if (!Has(one, "smPercent")) continue;
    const json& given = one.at("smPercent");
    std::vector<int> percent =
        given.is_array() ? given.get<std::vector<int>>() : std::vector<int>{given.get<int>()};
    if (percent.empty()) Refuse("a process has no percentage");
    machine.uses.push_back({card, one.at("pid"), std::move(percent)});
  }
}

void ReadCounters(const json& from, int card, int instance, FakeMachine& machine) {
  if (!Has(from, "counters")) return;
  const json& given = from.at("counters");
  const auto share = [&](const char* key) { return Maybe<double>(given, key, std::nullopt); };
  machine.counters.push_back(
      {card,
       instance,
       {share("graphics"), share("sm"), share("occupancy"), share("tensor"), share("dram")}});
}

void ReadModeChange(const json& from, const Card& card, FakeMachine& machine) {
  constexpr std::pair<const char*, ModeChange> kChanges[] = {{"AtOnce", ModeChange::kAtOnce},
                                                             {"Reset", ModeChange::kReset}};
  const gpu::Model* model = gpu::ParseProduct(card.name).model;
  const bool reset = model != nullptr && model->mig_toggle_needs_reset;
  machine.mode_changes[card.index] = Has(from, "modeChange")
                                         ? Named(from.at("modeChange"), kChanges)
                                         : (reset ? ModeChange::kReset : ModeChange::kAtOnce);
}

void ReadWhatGoesOn(const json& from, FakeMachine& machine) {
  int card = 0;
  for (const json& one : from.at("cards")) {
    ReadUses(one, card, machine);
    if (one.value("memoryLimits", false)) {
      auto& used = machine.memory_limits[card].used;
      const json given = one.value("cgroupUsedMiB", json::object());
      for (const auto& [text, size] : given.items()) {
        used[text] = base::MiB(size.get<std::int64_t>());
      }
    }
    ReadCounters(one, card, -1, machine);
    const json mig = one.value("mig", json());
    int number = 0;
    for (const json& instance :
         mig.is_object() ? mig.value("instances", json::array()) : json::array()) {
      ++number;
      ReadCounters(instance, card, instance.value("id", number), machine);
    }
    ++card;
  }
  for (const json& one : from.value("events", json::array())) {
    Event event{.card = one.at("card"), .xid = one.value("xid", std::uint64_t{0}), .instance = {}};
    if (event.xid == 0) event.kind = EventKind::kMigChange;
    event.instance = Maybe<int>(one, "instance", std::nullopt);
    machine.events.push_back({event, one.value("afterMilliseconds", 0)});
  }
  machine.period_ms = from.value("samplePeriodMilliseconds", machine.period_ms);
  if (machine.period_ms < 1) Refuse("samplePeriodMilliseconds is 1 or more");
}

FakeMachine ReadMachine(const json& from) {
  FakeMachine machine;
  Inventory& inventory = machine.inventory;
  inventory.driver.version = Maybe<std::string>(from, "driverVersion", "570.133.20").value_or("");
  inventory.driver.library_version =
      Maybe<std::string>(from, "libraryVersion", "12.570.133.20").value_or("");
  inventory.driver.cuda_version = Maybe<std::string>(from, "cudaVersion", "12.8").value_or("");
  for (const json& one : from.at("cards")) {
    inventory.cards.push_back(ReadCard(one, static_cast<int>(inventory.cards.size())));
    ReadModeChange(one, inventory.cards.back(), machine);
  }
  inventory.driver.cards = static_cast<int>(inventory.cards.size());
  for (const json& one : from.value("links", json::array())) {
    Link link;
    link.a = one.at("a");
    link.b = one.at("b");
    if (Has(one, "path")) link.path = Named(one.at("path"), kPaths);
    link.nvlink_p2p = Maybe<bool>(one, "nvlinkP2p", false);
    inventory.links.links.push_back(link);
  }
  for (const json& one : from.value("faults", json::array())) {
    machine.faults.push_back({one.at("call"), one.value("card", -1), one.value("after", 0),
                              one.value("times", -1), one.value("milliseconds", 0),
                              one.value("answer", 0), one.value("lies", false),
                              one.value("late", false), one.value("loses", false)});
  }
  ReadWhatGoesOn(from, machine);
  return machine;
}

}  // namespace

ComputeInstance WholeInstance(const Card& card, int instance, int slices) {
  ComputeInstance whole;
  while (kComputeSlices[whole.profile_id] < slices) ++whole.profile_id;
  whole.uuid = fmt::format("MIG-{:08x}-0000-4000-8000-{:012x}", card.index, instance);
  return whole;
}

std::string ChangesOf(const FakeMachine& machine) {
  json cards = json::array();
  for (const Card& card : machine.inventory.cards) {
    if (card.state != CardState::kOk) {
      cards.push_back({{"lost", true}});
      continue;
    }
    if (!card.mig) {
      cards.push_back(nullptr);
      continue;
    }
    json instances = json::array();
    for (const Instance& one : card.mig->instances) {
      json compute = json::array();
      for (const ComputeInstance& each : one.compute) {
        compute.push_back({{"id", each.id}, {"profileId", each.profile_id}, {"uuid", each.uuid}});
      }
      instances.push_back({{"id", one.id},
                           {"profileId", one.profile_id},
                           {"start", one.placement.start},
                           {"computeInstances", compute}});
    }
    cards.push_back(
        {{"enabled", card.mig->enabled}, {"pending", card.mig->pending}, {"instances", instances}});
  }
  return cards.dump();
}

base::Result<void> TakeChanges(std::string_view text, FakeMachine& machine) {
  try {
    const json cards = json::parse(text);
    for (Card& card : machine.inventory.cards) {
      const json& from = cards.at(static_cast<std::size_t>(card.index));
      if (from.is_null()) continue;
      if (from.contains("lost")) {
        card.state = CardState::kLost;
        continue;
      }
      card.mig->enabled = from.at("enabled");
      card.mig->pending = from.at("pending");
      card.mig->instances.clear();
      for (const json& one : from.at("instances")) {
        card.mig->instances.push_back(ReadInstance(one, card, *card.mig));
      }
      std::sort(card.mig->instances.begin(), card.mig->instances.end(),
                [](const Instance& a, const Instance& b) { return a.placement < b.placement; });
      if (card.mig->enabled) card.use.reset();
    }
    return {};
  } catch (const std::exception& error) {
    return base::Fail(base::ErrorCode::kInvalid,
                      std::string("what was changed of the fake NVML's machine: ") + error.what());
  }
}

base::Result<FakeMachine> ParseMachine(std::string_view text) {
  try {
    return ReadMachine(json::parse(text));
  } catch (const std::exception& error) {
    return base::Fail(base::ErrorCode::kInvalid,
                      std::string("the machine of the fake NVML: ") + error.what());
  }
}

}  // namespace tangram::agent::testing
