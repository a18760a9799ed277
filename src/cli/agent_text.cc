#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/text.h"
#include "cli/agent_show.h"
#include "report/words.h"

namespace tangram::cli {
namespace {

using agent::Card;
using agent::CardState;
using agent::Inventory;
using report::Cell;
using report::Column;
using Align = report::Column::Align;

constexpr std::size_t kColumns = 100;
constexpr const char* kUnknown = "–";

std::string Gib(base::MiB size) { return fmt::format("{:.1f}", double(size.value()) / 1024); }
std::string Watts(std::int64_t milliwatts) { return fmt::format("{}", (milliwatts + 500) / 1000); }

std::string ShortName(const Card& card) {
  if (card.state == CardState::kLost && card.name.empty()) return "lost";
  if (card.name.empty()) return card.state == CardState::kOk ? kUnknown : "unreadable";
  constexpr std::string_view kMaker = "NVIDIA ";
  return card.name.starts_with(kMaker) ? card.name.substr(kMaker.size()) : card.name;
}

std::string PowerOf(const agent::Health& health) {
  if (!health.milliwatts) return kUnknown;
  return Watts(*health.milliwatts) +
         (health.limit_milliwatts ? "/" + Watts(*health.limit_milliwatts) : "") + " W";
}

std::string MigOf(const Card& card) {
  if (!card.mig) return kUnknown;
  const std::string now = card.mig->enabled ? "on" : "off";
  return card.mig->enabled == card.mig->pending ? now
                                                : now + " → " + (card.mig->pending ? "on" : "off");
}

std::vector<Cell> RowOf(const Card& card) {
  const agent::Health& health = card.health;
  const bool hot =
      health.celsius && health.slowdown_celsius && *health.celsius >= *health.slowdown_celsius;
  return {
      {fmt::format("{}", card.index)},
      {ShortName(card), card.state == CardState::kOk ? report::Color::kNone : report::Color::kRed},
      {card.pci_bus_id.empty() ? kUnknown : card.pci_bus_id},
      {card.numa_node ? fmt::format("{}", *card.numa_node) : kUnknown},
      {card.memory ? Gib(card.memory->used) + "/" + Gib(card.memory->total) + " GiB" : kUnknown},
      {card.use ? fmt::format("{} %", card.use->gpu_percent) : kUnknown},
      {health.celsius ? fmt::format("{} °C", *health.celsius) : kUnknown,
       hot ? report::Color::kRed : report::Color::kNone},
      {PowerOf(health)},
      {MigOf(card)}};
}

std::string Cards(const Inventory& inventory, report::ColorMode mode) {
  std::vector<std::vector<Cell>> rows;
  for (const Card& card : inventory.cards) rows.push_back(RowOf(card));
  return report::RenderTable({{"GPU", Align::kRight},
                              {"NAME", Align::kLeft, 20},
                              {"BUS"},
                              {"NUMA", Align::kRight},
                              {"MEMORY", Align::kRight},
                              {"USE", Align::kRight},
                              {"TEMP", Align::kRight},
                              {"POWER", Align::kRight},
                              {"MIG"}},
                             rows, mode);
}

std::string NameOf(const agent::Mig& mig, int profile_id) {
  for (const agent::Profile& profile : mig.profiles) {
    if (profile.id == profile_id && !profile.name.empty()) return profile.name;
  }
  return fmt::format("profile {}", profile_id);
}

std::string SlicesOf(const gpu::Placement& placement) {
  if (placement.size <= 1) return fmt::format("{}", placement.start);
  return fmt::format("{}-{}", placement.start, placement.start + placement.size - 1);
}

std::string Instances(const Inventory& inventory, report::ColorMode mode) {
  std::vector<std::vector<Cell>> rows;
  for (const Card& card : inventory.cards) {
    if (!card.mig) continue;
    for (const agent::Instance& one : card.mig->instances) {
      std::vector<std::string> uuids;
      for (const auto& compute : one.compute) {
        uuids.push_back(compute.uuid.empty() ? kUnknown : compute.uuid);
      }
      const auto users =
          std::count_if(card.processes.begin(), card.processes.end(),
                        [&](const agent::Process& process) { return process.instance == one.id; });
      rows.push_back(
          {{fmt::format("{}", card.index)},
           {fmt::format("{}", one.id)},
           {NameOf(*card.mig, one.profile_id)},
           {SlicesOf(one.placement)},
           {fmt::format("{}", users)},
           {uuids.empty() ? "no compute instance" : fmt::format("{}", fmt::join(uuids, " "))}});
    }
  }
  if (rows.empty()) return "";
  return "\n" + report::RenderTable({{"GPU", Align::kRight},
                                     {"INSTANCE", Align::kRight},
                                     {"PROFILE", Align::kLeft, 16},
                                     {"SLICES"},
                                     {"PROCESSES", Align::kRight},
                                     {"MIG DEVICE", Align::kLeft, 46}},
                                    rows, mode);
}

// "7 × 1g.10gb, or 4 × 1g.20gb, or 3 × 2g.20gb"; the largest last.
std::string RoomOf(const agent::Mig& mig) {
  std::vector<const agent::Profile*> profiles;
  for (const agent::Profile& one : mig.profiles) {
    if (one.free.value_or(0) > 0) profiles.push_back(&one);
  }
  std::stable_sort(profiles.begin(), profiles.end(), [](const auto* a, const auto* b) {
    return std::tie(a->compute_slices, a->memory) < std::tie(b->compute_slices, b->memory);
  });
  std::vector<std::string> parts;
  for (const agent::Profile* one : profiles) {
    parts.push_back(fmt::format("{} × {}", *one->free, NameOf(mig, one->id)));
  }
  return fmt::format("{}", fmt::join(parts, ", or "));
}

std::string Processes(const Inventory& inventory, report::ColorMode mode) {
  std::vector<std::vector<Cell>> rows;
  for (const Card& card : inventory.cards) {
    for (const agent::Process& one : card.processes) {
      const std::string kind = one.kind == agent::ProcessKind::kCompute ? "compute"
                               : one.kind == agent::ProcessKind::kMps   ? "MPS client"
                                                                        : "graphics";
      rows.push_back({{fmt::format("{}", card.index)},
                      {one.instance ? fmt::format("{}", *one.instance) : ""},
                      {fmt::format("{}", one.pid)},
                      {kind},
                      {one.memory ? report::Thousands(one.memory->value()) + " MiB" : kUnknown}});
    }
  }
  if (rows.empty()) return "";
  return "\n" + report::RenderTable({{"GPU", Align::kRight},
                                     {"INSTANCE", Align::kRight},
                                     {"PID", Align::kRight},
                                     {"KIND"},
                                     {"MEMORY", Align::kRight}},
                                    rows, mode);
}

// ---- links ----

// As nvidia-smi writes them.
std::string Short(const agent::Link& link) {
  if (link.nvlinks > 0) return fmt::format("NV{}", link.nvlinks);
  if (link.nvlink_p2p.value_or(false)) return "NVS";
  if (!link.path) return kUnknown;
  switch (*link.path) {
    case agent::Path::kBoard:
      return "BRD";
    case agent::Path::kSwitch:
      return "PIX";
    case agent::Path::kSwitches:
      return "PXB";
    case agent::Path::kHostBridge:
      return "PHB";
    case agent::Path::kNode:
      return "NODE";
    case agent::Path::kSystem:
      break;
  }
  return "SYS";
}

std::string Between(const Inventory& inventory, int a, int b) {
  for (const agent::Link& link : inventory.links.links) {
    if (link.a == std::min(a, b) && link.b == std::max(a, b)) return Short(link);
  }
  return kUnknown;
}

std::string Links(const Inventory& inventory, report::ColorMode mode) {
  if (inventory.links.links.empty()) return "";
  std::vector<Column> columns = {{"LINKS"}};
  std::vector<std::vector<Cell>> rows;
  for (const Card& card : inventory.cards) {
    columns.push_back({fmt::format("GPU {}", card.index)});
    std::vector<Cell> row = {{fmt::format("GPU {}", card.index)}};
    for (const Card& other : inventory.cards) {
      row.push_back(
          {card.index == other.index ? "·" : Between(inventory, card.index, other.index)});
    }
    rows.push_back(std::move(row));
  }
  return "\n" + report::RenderTable(columns, rows, mode) +
         "  NV2 two direct NVLinks · NVS NVLink by switches · PIX, PXB one, several PCIe switches\n"
         "  PHB one host bridge · NODE one NUMA node · SYS across NUMA nodes · BRD one board\n";
}

// ---- what to look at ----

std::string Slow(const std::vector<agent::Slowdown>& slowdowns) {
  std::vector<std::string_view> words;
  for (const agent::Slowdown one : slowdowns) {
    switch (one) {
      case agent::Slowdown::kPowerCap:
        words.push_back("power cap");
        break;
      case agent::Slowdown::kHardware:
        words.push_back("hardware slowdown");
        break;
      case agent::Slowdown::kThermalSoftware:
        words.push_back("heat, by the driver");
        break;
      case agent::Slowdown::kThermalHardware:
        words.push_back("heat, by the hardware");
        break;
      case agent::Slowdown::kPowerBrake:
        words.push_back("power brake of the chassis");
        break;
    }
  }
  return fmt::format("clocks are held down: {}", fmt::join(words, ", "));
}

std::vector<std::string> Troubles(const Card& card) {
  std::vector<std::string> found;
  const agent::Health& health = card.health;
  if (health.slowdowns && !health.slowdowns->empty()) found.push_back(Slow(*health.slowdowns));
  if (health.ecc && health.ecc->ever > 0) {
    found.push_back(
        fmt::format("memory errors that ECC did not correct: {} since the driver was "
                    "loaded, {} ever",
                    health.ecc->since_driver_load, health.ecc->ever));
  }
  if (health.rows && health.rows->failed) {
    found.push_back("a memory row could not be remapped: replace the card");
  } else if (health.rows && health.rows->pending) {
    found.push_back("memory rows wait to be remapped: reset the card when it is free");
  }
  if (health.pages && health.pages->double_bit > 0) {
    found.push_back(
        fmt::format("memory pages retired for double-bit errors: {}", health.pages->double_bit));
  }
  for (const agent::Problem& problem : card.problems) {
    found.push_back(problem.what + ": " + problem.why);
  }
  return found;
}

std::string Line(const std::string& about, const std::string& text) {
  std::string out;
  const std::size_t indent = base::Columns(about) + 4;
  for (const std::string& line : base::WrapText(report::Printable(text), kColumns - indent)) {
    out += "  " + (out.empty() ? about + "  " : std::string(indent - 2, ' ')) + line + "\n";
  }
  return out;
}

std::string LookAt(const Inventory& inventory) {
  std::string out;
  for (const Card& card : inventory.cards) {
    for (const std::string& trouble : Troubles(card)) {
      out += Line(fmt::format("GPU {}", card.index), trouble);
    }
  }
  for (const auto* problems : {&inventory.driver.problems, &inventory.links.problems}) {
    for (const agent::Problem& one : *problems) out += Line("all", one.what + ": " + one.why);
  }
  return out;
}

std::string Heading(const Inventory& inventory) {
  const agent::Driver& driver = inventory.driver;
  const std::size_t cards = inventory.cards.size();
  std::string out = fmt::format("{} GPU{}", cards, cards == 1 ? "" : "s");
  if (!driver.version.empty()) out += " · driver " + driver.version;
  if (!driver.cuda_version.empty()) out += " · CUDA up to " + driver.cuda_version;
  return report::Printable(out);
}

}  // namespace

std::string RenderAgentText(const Inventory& inventory, report::ColorMode mode) {
  std::string out = report::Paint(Heading(inventory), report::Color::kBold, mode) + "\n\n";
  out += Cards(inventory, mode) + Instances(inventory, mode);
  std::string room;
  for (const Card& card : inventory.cards) {
    const std::string of_card = card.mig && card.mig->enabled ? RoomOf(*card.mig) : "";
    if (!of_card.empty()) room += Line(fmt::format("GPU {}", card.index), of_card);
  }
  if (!room.empty()) out += "\nRoom for more instances:\n" + room;
  out += Processes(inventory, mode) + Links(inventory, mode);
  const std::string look_at = LookAt(inventory);
  if (!look_at.empty()) out += "\nTo look at:\n" + look_at;
  return out;
}

}  // namespace tangram::cli
