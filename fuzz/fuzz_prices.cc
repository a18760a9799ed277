// Price tables that may hold anything: no crash, and what is read keeps its promises.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "cluster/price.h"

namespace {

using tangram::cluster::Node;
using tangram::cluster::PriceBook;
using tangram::cluster::PriceRow;
using tangram::cluster::PriceTable;

void Require(bool holds) {
  if (!holds) std::abort();
}

Node NodeFor(const PriceRow& row) {
  Node node;
  node.cloud = row.cloud;
  node.region = row.region.substr(0, row.region.find('/'));
  node.instance_type = row.instance_type;
  node.gpus.resize(2);
  node.gpus[0].product = node.gpus[1].product = row.gpu_model;
  return node;
}

void CheckTable(const PriceTable& table) {
  Require(!table.rows.empty());
  for (const PriceRow& row : table.rows) {
    Require(row.gpu_count >= 1 && (row.on_demand || row.spot));
    Require(row.on_demand.value_or(tangram::base::MicroUsdPerHour(1)).value() > 0);
    Require(row.spot.value_or(tangram::base::MicroUsdPerHour(1)).value() > 0);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto table = tangram::cluster::ParsePrices({reinterpret_cast<const char*>(data), size});
  if (!table) return 0;
  CheckTable(*table);
  PriceTable reversed = *table;
  std::reverse(reversed.rows.begin(), reversed.rows.end());
  const PriceBook book(*table, {});
  const PriceBook other(reversed, {});
  constexpr std::ptrdiff_t kMostNodes = 20;
  const auto count = std::min(kMostNodes, std::ssize(table->rows));
  std::for_each_n(table->rows.begin(), count, [&](const PriceRow& row) {
    Node node = NodeFor(row);
    const auto price = book.PriceOf(node);
    Require(price == other.PriceOf(node));
    Require(price.has_value() || !row.on_demand);
    Require(!price || !price->spot_rate || *price->spot_rate <= price->rate);
  });
  return 0;
}
