// Finding a node's price.
#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <span>
#include <tuple>

#include "base/text.h"
#include "cluster/price.h"
#include "gpu/gpu.h"

namespace tangram::cluster {
namespace {

using Entry = PriceBook::Entry;
using Index = PriceBook::Index;
using Group = std::span<const Entry>;
using Figure = std::optional<base::MicroUsdPerHour> PriceRow::*;

constexpr std::string_view kAwsZoneId = "topology.k8s.aws/zone-id";

// "NVIDIA-A100-SXM4-40GB" and "A100-40GB" -> "a100-40gb"; an unknown name stays as it is.
std::string ModelKey(std::string_view name, std::optional<base::MiB> memory) {
  if (gpu::ModelNamed(name) != nullptr) return base::Lower(name);
  const gpu::ProductName product = gpu::ParseProduct(name, memory);
  return base::Lower(product.model != nullptr ? product.model->name : name);
}

Entry MakeEntry(PriceRow row) {
  const auto slash = row.region.find('/');
  Entry entry;
  entry.key = row.instance_type.empty() ? ModelKey(row.gpu_model, std::nullopt)
                                        : base::Lower(row.instance_type);
  entry.cloud = base::Lower(row.cloud);
  entry.region = base::Lower(row.region.substr(0, slash));
  if (slash != std::string::npos) entry.zone = base::Lower(row.region.substr(slash + 1));
  entry.row = std::move(row);
  return entry;
}

auto OrderOf(const Entry& entry) {
  const PriceRow& row = entry.row;
  return std::tie(entry.key, entry.cloud, entry.region, entry.zone, row.on_demand, row.spot,
                  row.gpu_count, row.as_of, row.source, row.gpu_model, row.instance_type,
                  row.region, row.cloud);
}

void SortEntries(std::vector<Entry>& entries) {
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return OrderOf(a) < OrderOf(b); });
}

Index MakeIndex(const PriceTable& table, std::string_view default_source) {
  Index index;
  for (PriceRow row : table.rows) {
    if (row.gpu_count < 1) continue;  // not from ParsePrices; no figure per GPU can be made of it
    if (row.source.empty()) row.source = default_source;
    auto& entries = row.instance_type.empty() ? index.by_model : index.by_type;
    entries.push_back(MakeEntry(std::move(row)));
  }
  SortEntries(index.by_type);
  SortEntries(index.by_model);
  return index;
}

// Where a node is, in lower case.
struct Place {
  std::string cloud;
  std::string region;
  std::string zone;
  std::string zone_id;
};

Place PlaceOf(const Node& node) {
  return {.cloud = base::Lower(node.cloud),
          .region = base::Lower(node.region),
          .zone = base::Lower(node.zone),
          .zone_id = base::Lower(Find(node.labels, kAwsZoneId))};
}

// One figure and where it is from.
struct Match {
  base::MicroUsdPerHour rate;
  std::string source;
  std::string as_of;
  std::string note;
};

std::string Joined(const std::string& notes, const std::string& more) {
  return notes.empty() || more.empty() ? notes + more : notes + "; " + more;
}

Match MakeMatch(const Entry& entry, Figure figure, std::string note = {}) {
  return {*(entry.row.*figure), entry.row.source, entry.row.as_of, std::move(note)};
}

Group WithKey(const std::vector<Entry>& entries, const std::string& key) {
  struct Less {
    bool operator()(const Entry& entry, const std::string& wanted) const {
      return entry.key < wanted;
    }
    bool operator()(const std::string& wanted, const Entry& entry) const {
      return wanted < entry.key;
    }
  };
  const auto [first, last] = std::equal_range(entries.begin(), entries.end(), key, Less{});
  return {first, last};
}

// The entries of one cloud; `group` is sorted by cloud.
Group OfCloud(Group group, const std::string& cloud) {
  const auto first = std::find_if(group.begin(), group.end(),
                                  [&](const Entry& entry) { return entry.cloud == cloud; });
  const auto last =
      std::find_if(first, group.end(), [&](const Entry& entry) { return entry.cloud != cloud; });
  return {first, last};
}

// The entries that can be meant, the more exact group first.
struct Clouds {
  std::array<Group, 2> groups;
  std::string note;
};

Clouds MeantClouds(Group group, const std::string& cloud) {
  const Group any = OfCloud(group, "");
  if (!cloud.empty()) return {{OfCloud(group, cloud), any}, {}};
  const Group named = group.subspan(any.size());  // "" sorts first
  const bool one_cloud = !named.empty() && named.front().cloud == named.back().cloud;
  if (!one_cloud) return {{any, Group()}, {}};
  return {{any, named}, "the node's cloud is unknown; taken from its instance type"};
}

// The lower median of `entries` by figure; nullptr where there is none.
const Entry* MiddleOne(std::vector<const Entry*> entries, Figure figure) {
  if (entries.empty()) return nullptr;
  const auto middle = entries.begin() + static_cast<std::ptrdiff_t>((entries.size() - 1) / 2);
  std::nth_element(entries.begin(), middle, entries.end(), [&](const Entry* a, const Entry* b) {
    return std::make_tuple(a->row.*figure, OrderOf(*a)) <
           std::make_tuple(b->row.*figure, OrderOf(*b));
  });
  return *middle;
}

template <class Wanted>
std::vector<const Entry*> Select(Group group, Figure figure, Wanted wanted) {
  std::vector<const Entry*> selected;
  for (const Entry& entry : group) {
    if ((entry.row.*figure).has_value() && wanted(entry)) selected.push_back(&entry);
  }
  return selected;
}

std::optional<Match> MiddleOfZones(Group group, const Place& place, Figure figure) {
  const auto zones = Select(group, figure, [&](const Entry& entry) {
    return entry.region == place.region && !entry.zone.empty();
  });
  const Entry* middle = MiddleOne(zones, figure);
  if (middle == nullptr) return std::nullopt;
  const bool differ = std::any_of(zones.begin(), zones.end(), [&](const Entry* entry) {
    return entry->row.*figure != middle->row.*figure;
  });
  if (!differ) return MakeMatch(*middle, figure);
  return MakeMatch(
      *middle, figure,
      "the middle one of " + std::to_string(zones.size()) + " zones of " + place.region);
}

// Step 1: the zone, the region, the region's zones, any region.
std::optional<Match> Here(Group group, const Place& place, Figure figure) {
  const auto in_zone = Select(group, figure, [&](const Entry& entry) {
    return !entry.zone.empty() && entry.region == place.region &&
           (entry.zone == place.zone || entry.zone == place.zone_id);
  });
  if (!in_zone.empty()) return MakeMatch(*in_zone.front(), figure);
  const auto in_region = Select(group, figure, [&](const Entry& entry) {
    return !place.region.empty() && entry.zone.empty() && entry.region == place.region;
  });
  if (!in_region.empty()) return MakeMatch(*in_region.front(), figure);
  if (auto zones = MiddleOfZones(group, place, figure)) return zones;
  const auto anywhere =
      Select(group, figure, [](const Entry& entry) { return entry.region.empty(); });
  if (anywhere.empty()) return std::nullopt;
  return MakeMatch(*anywhere.front(), figure);
}

// Step 2: other regions.
std::optional<Match> Elsewhere(Group group, const Place& place, Figure figure) {
  const auto all = Select(group, figure, [](const Entry& entry) { return !entry.region.empty(); });
  const Entry* middle = MiddleOne(all, figure);
  if (middle == nullptr) return std::nullopt;
  const std::string where =
      place.region.empty() ? "the node's region is unknown" : "no price for " + place.region;
  const std::string which = all.size() == 1 ? "the price in "
                                            : "the middle one of " + std::to_string(all.size()) +
                                                  " prices elsewhere, of ";
  return MakeMatch(*middle, figure, where + "; " + which + middle->row.region);
}

using Step = std::optional<Match> (*)(Group, const Place&, Figure);

std::optional<Match> OfType(const Index& index, const Node& node, Figure figure, Step step) {
  if (node.instance_type.empty()) return std::nullopt;
  const Place place = PlaceOf(node);
  const Clouds clouds =
      MeantClouds(WithKey(index.by_type, base::Lower(node.instance_type)), place.cloud);
  for (const Group group : clouds.groups) {
    auto match = step(group, place, figure);
    if (!match) continue;
    if (!group.front().cloud.empty()) match->note = Joined(match->note, clouds.note);
    return match;
  }
  return std::nullopt;
}

// A fallback row of one model that holds where the node is; nullptr where there is none.
const Entry* OfModel(const Index& index, const std::string& key, const Place& place,
                     Figure figure) {
  const Group group = WithKey(index.by_model, key);
  for (const std::string& cloud : {place.cloud, std::string()}) {
    for (const std::string& region : {place.region, std::string()}) {
      const auto is_there = [&](const Entry& e) { return e.region == region && e.zone.empty(); };
      const auto found = Select(OfCloud(group, cloud), figure, is_there);
      if (!found.empty()) return found.front();
    }
  }
  return nullptr;
}

// Step 3: the GPUs of the node, each at its model's price; nothing if one model has none.
std::optional<Match> ByModel(const std::array<const Index*, 2>& indexes, const Node& node,
                             Figure figure) {
  std::map<std::string, std::int64_t> models;
  for (const Gpu& gpu : node.gpus) {
    ++models[ModelKey(gpu.product,
                      gpu.memory > base::MiB(0) ? std::optional(gpu.memory) : std::nullopt)];
  }
  if (models.empty()) return std::nullopt;
  const Place place = PlaceOf(node);
  Match sum;
  std::set<std::string> sources;
  for (const auto& [key, count] : models) {
    const Entry* entry = OfModel(*indexes[0], key, place, figure);
    if (entry == nullptr) entry = OfModel(*indexes[1], key, place, figure);
    if (entry == nullptr) return std::nullopt;
    sum.rate += *(entry->row.*figure) * count / entry->row.gpu_count;
    sources.insert(entry->row.source);
    const bool older = sum.as_of.empty() || entry->row.as_of < sum.as_of;
    if (older && !entry->row.as_of.empty()) sum.as_of = entry->row.as_of;
    sum.note =
        Joined(sum.note, "by GPU model: " + std::to_string(count) + " x " + entry->row.gpu_model);
  }
  for (const std::string& source : sources) sum.source = Joined(sum.source, source);
  return sum;
}

std::optional<Match> FindFigure(const std::array<const Index*, 2>& indexes, const Node& node,
                                Figure figure) {
  for (const Step step : {&Here, &Elsewhere}) {
    for (const Index* index : indexes) {
      if (auto match = OfType(*index, node, figure, step)) return match;
    }
  }
  return ByModel(indexes, node, figure);
}

std::string NoteOf(CapacityType capacity) {
  switch (capacity) {
    case CapacityType::kUnknown:
      return "capacity type unknown; counted at the on-demand price";
    case CapacityType::kReserved:
      return "reserved; counted at the on-demand price";
    case CapacityType::kOnDemand:
    case CapacityType::kSpot:
      return {};
  }
  return {};
}

NodePrice MakePrice(const Match& paid, const std::optional<Match>& spot) {
  NodePrice price{.rate = paid.rate,
                  .spot_rate = std::nullopt,
                  .source = paid.source,
                  .as_of = paid.as_of,
                  .note = paid.note};
  if (spot) price.spot_rate = spot->rate;
  return price;
}

}  // namespace

PriceBook::PriceBook(const PriceTable& table, const PriceTable& overrides)
    : overrides_(MakeIndex(overrides, "price overrides")), table_(MakeIndex(table, "")) {}

std::optional<NodePrice> PriceBook::PriceOf(const Node& node) const {
  const std::array<const Index*, 2> indexes = {&overrides_, &table_};
  const auto on_demand = FindFigure(indexes, node, &PriceRow::on_demand);
  auto spot = FindFigure(indexes, node, &PriceRow::spot);
  if (spot && on_demand && spot->rate >= on_demand->rate) {
    spot->rate = on_demand->rate;
    spot->note = Joined(spot->note, "spot gave no discount");
  }
  if (node.capacity_type == CapacityType::kSpot) {
    if (!spot) return std::nullopt;
    return MakePrice(*spot, spot);
  }
  if (!on_demand) return std::nullopt;
  NodePrice price = MakePrice(*on_demand, spot);
  price.note = Joined(price.note, NoteOf(node.capacity_type));
  if (spot && !spot->note.empty()) price.note = Joined(price.note, "spot: " + spot->note);
  return price;
}

void ApplyPrices(const PriceBook& book, List<Node>& nodes) {
  for (Node& node : nodes) {
    node.price = node.gpus.empty() ? std::nullopt : book.PriceOf(node);
  }
}

}  // namespace tangram::cluster
