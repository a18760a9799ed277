// Prices: a table of instance types, and how a node finds its row.
//
// Pure. The bundled table (data/prices.csv) is compiled into the binary; its rows keep the date and
// the source of each figure. A price that is not known stays unknown: a node without a price is
// counted and named, and left out of sums. docs/prices.md is the same for users.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cluster/list.h"
#include "cluster/node.h"

namespace tangram::cluster {

struct PriceRow {
  std::string cloud;          // "aws"; empty: any cloud
  std::string region;         // "us-east-1"; a zone after a slash ("us-east-1/use1-az5") if zonal;
                              // empty: any region
  std::string instance_type;  // empty: a fallback by GPU model
  std::string gpu_model;      // our short name where there is one ("A100-40GB")
  int gpu_count = 0;          // GPUs that the figures pay for; 1 or more
  std::optional<base::MicroUsdPerHour> on_demand;  // the whole instance; above 0
  std::optional<base::MicroUsdPerHour> spot;       // above 0; a row has at least one of the two
  std::string as_of;                               // "2026-07-20"; empty: the source has no date
  std::string source;
  bool operator==(const PriceRow&) const = default;
};

// A row that could not be used, and why: shown, never dropped in silence.
struct BadPriceRow {
  int line = 0;     // 1-based, in the file
  std::string why;  // column, what was found, what to write
  bool operator==(const BadPriceRow&) const = default;
};

struct PriceTable {
  std::vector<PriceRow> rows;    // as in the file
  std::vector<BadPriceRow> bad;  // by line
};

// Columns by header name, any order, more columns than these are allowed: cloud, region,
// instance_type, gpu_model, gpu_count, on_demand_usd_per_h, spot_usd_per_h, as_of, source.
// `csv` may hold anything. Figures are read exactly (at most 6 digits of fraction) and lie above 0
// and up to 100,000 dollars an hour. Of rows for the same thing (cloud, region and instance type,
// or model; case aside) the newest counts and the others are bad; two of one date that disagree
// are bad both. Fails on a missing or doubled column and where no row is good.
base::Result<PriceTable> ParsePrices(std::string_view csv);

// The table that is compiled in. Parsed at the first call; safe from any thread; never freed.
const PriceTable& BundledPrices();

// Which row prices a node. The on-demand and the spot figure are looked up each for itself; the
// first of these that knows the figure gives it:
//   1. same cloud and type, here: the node's zone; else its region; else the middle one of the
//      zones of its region (noted where they differ); else a row for any region
//   2. same cloud and type, the middle one of all other regions (noted)
//   3. a fallback row of the GPU model, per GPU (noted)
// At each of the three, rows of `overrides` win over `table`. "The middle one" is the lower median,
// so it is always a figure that somebody published, and never depends on the order of rows.
//
// A zone is known by topology.kubernetes.io/zone or, as AWS names zones differently in every
// account, by the label topology.k8s.aws/zone-id. Names are compared without regard to case. A node
// whose cloud is unknown takes that of its instance type where only one cloud has the type (noted).
//
// A spot node is priced by the spot figure, and by none if it is unknown. A spot figure at or above
// on-demand means that there was no discount: it counts as the on-demand figure. Reserved nodes and
// those of unknown capacity type are counted at the on-demand figure (noted).
class PriceBook {
 public:
  PriceBook(const PriceTable& table, const PriceTable& overrides);
  // O(log rows + rows of the node's instance type). Safe from several threads at once.
  std::optional<NodePrice> PriceOf(const Node& node) const;

  // A row with its keys in lower case.
  struct Entry {
    std::string key;  // the instance type, or the GPU model
    std::string cloud;
    std::string region;
    std::string zone;
    PriceRow row;
  };
  struct Index {
    std::vector<Entry> by_type;  // by key, cloud, region, zone, then the rest of the row
    std::vector<Entry> by_model;
  };

 private:
  Index overrides_;
  Index table_;
};

// Sets `price` of every node that has GPUs; a node with none found gets no price.
void ApplyPrices(const PriceBook& book, List<Node>& nodes);

}  // namespace tangram::cluster
