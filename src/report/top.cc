#include "report/top.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>
#include <unordered_map>

#include "base/text.h"
#include "base/time_text.h"
#include "plan/leaks/busy.h"
#include "plan/leaks/seats.h"
#include "plan/pass/willing.h"
#include "plan/pass/world.h"
#include "report/words.h"

namespace tangram::report {
namespace {

using Align = Column::Align;
using Json = nlohmann::ordered_json;

// What MakeTop gathers for one row before it is summed up.
struct Draft {
  TopRow row;
  plan::Holdings holdings;
};

std::string_view ModelOf(const cluster::Node& node, const plan::Card* card) {
  if (card != nullptr && card->model != nullptr) return card->model->name;
  return node.gpus.empty() || node.gpus.front().product.empty()
             ? std::string_view("unknown cards")
             : std::string_view(node.gpus.front().product);
}

std::string PoolNameOf(const cluster::Node& node, const plan::PlanPolicy& policy,
                       const plan::Card* card) {
  if (const plan::Pool* pool = plan::PoolOf(policy, node)) return pool->name;
  return node.pool.empty() ? std::string(ModelOf(node, card)) : node.pool;
}

void Add(const std::vector<TopDevices>& devices, std::vector<TopDevices>& sum) {
  for (const TopDevices& one : devices) {
    const auto kind = [](const TopDevices& of) { return std::tie(of.profile, of.replicas); };
    const auto at = std::find_if(sum.begin(), sum.end(),
                                 [&](const auto& known) { return kind(known) >= kind(one); });
    if (at != sum.end() && kind(*at) == kind(one)) {
      at->count += one.count;
    } else {
      sum.insert(at, one);
    }
  }
}

void Add(const TopRow& node, TopRow& sum) {
  Add(node.devices, sum.devices);
  ++sum.nodes;
  sum.cards += node.cards;
  sum.held += node.held;
  sum.cost += node.cost;
  sum.waste += node.waste;
  sum.unpriced += node.unpriced;
}

std::vector<TopDevices> DevicesOf(const cluster::Node& node) {
  std::map<std::pair<std::string, int>, std::int64_t> counts;
  for (const cluster::Gpu& gpu : node.gpus) {
    if (gpu.instances.empty()) ++counts[{"", gpu.replicas}];
    for (const cluster::Instance& one : gpu.instances) ++counts[{one.profile, gpu.replicas}];
  }
  std::vector<TopDevices> devices;
  for (const auto& [kind, count] : counts) devices.push_back({kind.first, count, kind.second});
  return devices;
}

class TopMaker {
 public:
  TopMaker(const cluster::Snapshot& snapshot, const plan::PlanPolicy& policy)
      : snapshot_(snapshot), policy_(policy) {}

  Top Make() && {
    const plan::Findings findings = plan::FindLeaks(snapshot_, plan::LeakPolicy());
    const plan::Holdings holdings = plan::FindHoldings(snapshot_);
    AddNodes(holdings);
    AddMoney(findings);
    for (auto& [name, node] : nodes_) {
      Add(node.row, all_);
      Add(node.row, pools_[pool_of_.at(name)].row);
      node.row.busy = plan::BusyOf(snapshot_, node.holdings, plan::LeakPolicy());
      top_.nodes.push_back(node.row);
    }
    all_.busy = plan::BusyOf(snapshot_, holdings, plan::LeakPolicy());
    AddWaiting();
    for (auto& [name, pool] : pools_) {
      pool.row.name = name;
      pool.row.busy = plan::BusyOf(snapshot_, pool.holdings, plan::LeakPolicy());
      top_.pools.push_back(pool.row);
    }
    for (const plan::Group& group : findings.by_workload) {
      TopRow row{.name = group.key, .held = group.split.gpus};
      row.cost = group.split.cost;
      row.waste = plan::WasteOf(group.split);
      top_.workloads.push_back(std::move(row));
    }
    top_.all = std::move(all_);
    return std::move(top_);
  }

 private:
  void AddNodes(const plan::Holdings& holdings) {
    std::unordered_map<std::string_view, const plan::Card*> first_card;
    for (const plan::Card& card : holdings.cards) first_card.try_emplace(card.node->name, &card);
    for (const cluster::Node& node : snapshot_.nodes) {
      if (node.gpus.empty()) continue;
      TopRow& row = nodes_[node.name].row;
      row.name = node.name;
      row.nodes = 1;
      row.cards = static_cast<std::int64_t>(node.gpus.size());
      row.unpriced = node.price ? 0 : 1;
      row.devices = DevicesOf(node);
      const auto card = first_card.find(node.name);
      pool_of_[node.name] =
          PoolNameOf(node, policy_, card == first_card.end() ? nullptr : card->second);
    }
    for (const plan::Card& card : holdings.cards) {
      Draft& node = nodes_.at(card.node->name);
      base::PartsPerMillion before;
      for (const plan::Seat& seat : card.seats) {
        if (seat.pod != nullptr) node.row.held += plan::PartBetween(before, before + seat.share);
        before = before + seat.share;
      }
      node.holdings.cards.push_back(card);
      pools_[pool_of_.at(card.node->name)].holdings.cards.push_back(card);
    }
  }

  void AddMoney(const plan::Findings& findings) {
    for (const plan::Group& group : findings.by_node) {
      const auto node = nodes_.find(group.key);
      if (node == nodes_.end()) continue;
      node->second.row.cost = group.split.cost;
      node->second.row.waste = plan::WasteOf(group.split);
    }
  }

  // A pod that waits counts at each pool of which some node would take it, were nobody there.
  void AddWaiting() {
    std::vector<const cluster::Node*> nodes;
    for (const cluster::Node& node : snapshot_.nodes) {
      if (!node.gpus.empty()) nodes.push_back(&node);
    }
    plan::WillingNodes willing(nodes);
    const plan::ClassResources resources(snapshot_);
    for (const cluster::Pod& pod : snapshot_.pods) {
      if (!plan::WaitsForDevices(pod, resources)) continue;
      ++all_.waiting;
      const std::string* last = nullptr;  // nodes of one pool often stand together
      std::map<std::string_view, bool> counted;
      for (const std::size_t n : willing.For(pod).all) {
        const std::string& pool = pool_of_.at(nodes[n]->name);
        if (last == &pool || counted[pool] || !Offers(*nodes[n], pod, resources)) continue;
        last = &pool;
        counted[pool] = true;
        ++pools_[pool].row.waiting;
      }
    }
  }

  // By its device plugin, or by DRA, of which nothing but the name is looked at.
  static bool Offers(const cluster::Node& node, const cluster::Pod& pod,
                     const plan::ClassResources& resources) {
    return std::all_of(pod.devices.begin(), pod.devices.end(), [&](const auto& asked) {
      const std::int64_t offered = cluster::CountOf(node.devices, asked.name);
      return offered >= asked.count || (offered == 0 && resources.Find(asked.name) != nullptr);
    });
  }

  const cluster::Snapshot& snapshot_;
  const plan::PlanPolicy& policy_;
  std::map<std::string, Draft, std::less<>> nodes_;
  std::map<std::string, std::string, std::less<>> pool_of_;  // by node
  std::map<std::string, Draft, std::less<>> pools_;
  TopRow all_;
  Top top_;
};

void Sort(TopSort sort, std::vector<TopRow>& rows) {
  std::sort(rows.begin(), rows.end(), [&](const TopRow& a, const TopRow& b) {
    if (sort == TopSort::kWaste && a.waste != b.waste) return a.waste > b.waste;
    if (sort != TopSort::kName && a.cost != b.cost) return a.cost > b.cost;
    return a.name < b.name;
  });
}

// ---- text ----

std::string SharePercent(base::MilliGpu part, std::int64_t cards) {
  return Percent(base::Ratio(part.value(), cards * 1000));
}

Color ColorOfWaste(const TopRow& row) {
  if (row.waste.value() * 2 > row.cost.value()) return Color::kRed;
  return row.waste.value() * 5 > row.cost.value() ? Color::kYellow : Color::kGreen;
}

std::string CostText(const TopRow& row, base::MicroUsdPerHour amount) {
  const bool unknown = row.nodes > 0 && row.unpriced == row.nodes;
  return unknown ? "?" : DollarsPerHour(amount);
}

std::vector<Cell> NodesRow(const TopRow& row) {
  return {{row.name},
          {Thousands(row.nodes)},
          {Thousands(row.cards)},
          {SharePercent(row.held, row.cards)},
          {row.busy ? SharePercent(*row.busy, row.cards) : "–"},
          {CostText(row, row.cost)},
          {CostText(row, row.waste), ColorOfWaste(row)},
          {row.waiting == 0 ? "" : Thousands(row.waiting)}};
}

// "2 whole, 7 x 1g.10gb in 4"; empty: whole cards, and nobody shares them.
std::string DevicesText(const std::vector<TopDevices>& devices) {
  const bool plain = std::all_of(devices.begin(), devices.end(), [](const TopDevices& one) {
    return one.profile.empty() && one.replicas == 1;
  });
  std::string text;
  for (const auto& [profile, count, replicas] : devices) {
    if (plain) break;
    if (!text.empty()) text += ", ";
    text +=
        profile.empty() ? fmt::format("{} whole", count) : fmt::format("{} x {}", count, profile);
    if (replicas > 1) text += fmt::format(" in {}", replicas);
  }
  return text;
}

// Cut to `columns`, escape sequences not counted.
std::string Cut(std::string_view line, std::size_t columns) {
  std::string cut;
  std::size_t used = 0;
  bool painted = false;
  for (std::size_t i = 0; i < line.size();) {
    if (line[i] == '\x1b') {
      const std::size_t end = std::min(line.find('m', i), line.size() - 1) + 1;
      cut += line.substr(i, end - i);
      painted = true;
      i = end;
      continue;
    }
    const bool goes_on = (static_cast<unsigned char>(line[i]) & 0xC0U) == 0x80U;
    if (!goes_on && used++ == columns) return cut + (painted ? "\x1b[0m" : "");
    cut += line[i++];
  }
  return cut;
}

class TopText {
 public:
  TopText(const cluster::Snapshot& snapshot, const Top& top, const TopOptions& options)
      : snapshot_(snapshot), top_(top), options_(options) {}

  std::string Render() && {
    Headline();
    const std::size_t left = options_.lines > used_ ? options_.lines - used_ : 0;
    const std::size_t pools = Pools(options_.lines == 0 ? kMostPools : left / 3);
    // Two tables more, each with its heading and an empty line.
    const std::size_t rest = left > pools + 4 ? left - pools - 4 : 0;
    const std::size_t workloads = std::min(rest / 2, top_.workloads.size());
    const std::size_t nodes = options_.lines == 0 ? kMostRows : rest - workloads;
    Nodes(nodes);
    Workloads(options_.lines == 0 ? kMostRows : rest - std::min(nodes, top_.nodes.size()));
    std::string frame;
    std::size_t lines = 0;
    for (const std::string_view line : base::Split(std::string_view(out_), '\n')) {
      if (options_.lines > 0 && lines++ == options_.lines) break;
      frame += Cut(line, options_.columns) + "\n";
    }
    while (frame.ends_with("\n\n")) frame.pop_back();
    return frame;
  }

 private:
  static constexpr std::size_t kMostRows = 10;
  static constexpr std::size_t kMostPools = 20;

  void Line(const std::string& text, Color color = Color::kNone) {
    out_ += "  " + Paint(Printable(text), color, options_.color) + "\n";
    ++used_;
  }
  void Gap() {
    out_ += "\n";
    ++used_;
  }
  // How many lines it took.
  std::size_t Table(const std::vector<Column>& columns,
                    const std::vector<std::vector<Cell>>& rows) {
    if (rows.empty()) return 0;
    out_ += RenderTable(columns, rows, options_.color);
    Gap();
    return rows.size() + 2;
  }

  void Headline() {
    const TopRow& all = top_.all;
    constexpr std::string_view kBy[] = {"waste", "cost", "name"};
    Line(fmt::format(
             "{} · {} · {} · by {}", snapshot_.cluster, base::FormatTime(snapshot_.taken_at),
             snapshot_.usage
                 ? "usage over " + base::FormatSpan(snapshot_.usage->to - snapshot_.usage->from)
                 : "usage not measured",
             kBy[static_cast<std::size_t>(options_.sort)]),
         Color::kDim);
    std::string text =
        fmt::format("{}/h, {}/h of it wasted · {} GPUs on {} nodes · {} held",
                    DollarsPerHour(all.cost), DollarsPerHour(all.waste), Thousands(all.cards),
                    Thousands(all.nodes), SharePercent(all.held, all.cards));
    if (all.busy) text += fmt::format(" · {} busy", SharePercent(*all.busy, all.cards));
    Line(text, Color::kBold);
    std::string more = fmt::format("{} {} for a GPU", Thousands(all.waiting),
                                   all.waiting == 1 ? "pod waits" : "pods wait");
    if (all.unpriced > 0) {
      more +=
          fmt::format(" · {} no price, in no sum",
                      all.unpriced == 1 ? "1 node has" : Thousands(all.unpriced) + " nodes have");
    }
    Line(more);
    Gap();
  }

  static std::vector<Column> NodeColumns(const std::string& title) {
    return {{title, Align::kLeft, 34},  {"NODES", Align::kRight}, {"GPUS", Align::kRight},
            {"HELD", Align::kRight},    {"BUSY", Align::kRight},  {"$/H", Align::kRight},
            {"WASTE/H", Align::kRight}, {"WAIT", Align::kRight}};
  }

  std::size_t Pools(std::size_t most) {
    std::vector<std::vector<Cell>> rows;
    for (const TopRow& pool : top_.pools) {
      if (rows.size() == most) break;
      rows.emplace_back(NodesRow(pool)).push_back({DevicesText(pool.devices)});
    }
    return CutTable(NodeColumns("POOL"), std::move(rows));
  }

  // The last cell of each row says how cards are cut; left out where none is.
  std::size_t CutTable(std::vector<Column> columns, std::vector<std::vector<Cell>> rows) {
    const bool some_cut = std::any_of(rows.begin(), rows.end(),
                                      [](const auto& row) { return !row.back().text.empty(); });
    if (some_cut) {
      columns.push_back({"CUT INTO", Align::kLeft});
    } else {
      for (std::vector<Cell>& row : rows) row.pop_back();
    }
    return Table(columns, rows);
  }

  void Nodes(std::size_t most) {
    std::vector<std::vector<Cell>> rows;
    for (const TopRow& node : top_.nodes) {
      if (rows.size() == most) break;
      std::vector<Cell>& row = rows.emplace_back(NodesRow(node));
      row.erase(row.begin() + 1);
      row.back() = {DevicesText(node.devices)};
    }
    std::vector<Column> columns = NodeColumns("NODE");
    columns.erase(columns.begin() + 1);
    columns.pop_back();  // how many wait
    CutTable(std::move(columns), std::move(rows));
  }

  void Workloads(std::size_t most) {
    std::vector<std::vector<Cell>> rows;
    for (const TopRow& workload : top_.workloads) {
      if (rows.size() == most) break;
      rows.push_back({{workload.name},
                      {Gpus(workload.held)},
                      {DollarsPerHour(workload.cost)},
                      {DollarsPerHour(workload.waste), ColorOfWaste(workload)}});
    }
    Table({{"WORKLOAD", Align::kLeft, 54},
           {"GPUS", Align::kRight},
           {"$/H", Align::kRight},
           {"WASTE/H", Align::kRight}},
          rows);
  }

  const cluster::Snapshot& snapshot_;
  const Top& top_;
  const TopOptions& options_;
  std::string out_;
  std::size_t used_ = 0;  // lines
};

// ---- JSON ----

double Number(base::MicroUsdPerHour rate) { return static_cast<double>(rate.value()) / 1e6; }
double Number(base::MilliGpu gpus) { return static_cast<double>(gpus.value()) / 1e3; }

Json RowJson(const TopRow& row) {
  return {{"nodes", row.nodes},
          {"gpus", row.cards},
          {"gpusHeld", Number(row.held)},
          {"gpusBusy", row.busy ? Json(Number(*row.busy)) : Json()},
          {"usdPerHour", Number(row.cost)},
          {"wasteUsdPerHour", Number(row.waste)},
          {"nodesWithoutPrice", row.unpriced},
          {"podsWaiting", row.waiting}};
}

Json DevicesJson(const std::vector<TopDevices>& devices) {
  Json list = Json::array();
  for (const auto& [profile, count, replicas] : devices) {
    list.push_back({{"profile", profile.empty() ? Json() : Json(profile)},
                    {"count", count},
                    {"replicas", replicas}});
  }
  return list;
}

enum class Of { kPools, kNodes };

Json RowsJson(const std::vector<TopRow>& rows, Of of) {
  Json list = Json::array();
  for (const TopRow& row : rows) {
    Json json = {{"name", row.name}};
    json.update(RowJson(row));
    if (of == Of::kNodes) json["devices"] = DevicesJson(row.devices);
    list.push_back(std::move(json));
  }
  return list;
}

}  // namespace

Top MakeTop(const cluster::Snapshot& snapshot, const plan::PlanPolicy& policy, TopSort sort) {
  Top top = TopMaker(snapshot, policy).Make();
  Sort(sort, top.pools);
  Sort(sort, top.nodes);
  Sort(sort, top.workloads);
  return top;
}

std::string RenderTop(const cluster::Snapshot& snapshot, const Top& top,
                      const TopOptions& options) {
  return TopText(snapshot, top, options).Render();
}

std::string RenderTopJson(const cluster::Snapshot& snapshot, const Top& top) {
  Json workloads = Json::array();
  for (const TopRow& row : top.workloads) {
    workloads.push_back({{"name", row.name},
                         {"gpusHeld", Number(row.held)},
                         {"usdPerHour", Number(row.cost)},
                         {"wasteUsdPerHour", Number(row.waste)}});
  }
  const Json json = {{"format", "tangram-top"},
                     {"version", 1},
                     {"cluster", snapshot.cluster},
                     {"takenAt", base::FormatTime(snapshot.taken_at)},
                     {"all", RowJson(top.all)},
                     {"pools", RowsJson(top.pools, Of::kPools)},
                     {"nodes", RowsJson(top.nodes, Of::kNodes)},
                     {"workloads", std::move(workloads)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace tangram::report
