#include "cluster/price.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "base/text.h"
#include "gpu/gpu.h"

namespace tangram::cluster {
namespace {

using testing::HasSubstr;

constexpr std::string_view kHeader =
    "cloud,region,instance_type,gpu_model,gpu_count,on_demand_usd_per_h,spot_usd_per_h,as_of,"
    "source\n";

std::string Csv(std::string_view rows) { return std::string(kHeader) + std::string(rows); }

PriceTable Table(std::string_view rows) {
  auto table = ParsePrices(Csv(rows));
  EXPECT_TRUE(table.has_value()) << (table ? "" : table.error().message);
  return table.value_or(PriceTable{});
}

base::MicroUsdPerHour Usd(std::string_view text) {
  return base::MicroUsdPerHour(base::ParseMillionths(text).value_or(-1));
}

// ---- the table ----

TEST(ParsePrices, ReadsFiguresExactly) {
  const PriceTable table =
      Table("aws,us-east-1,p4d.24xlarge,A100-40GB,8,21.957642,,2026-07-20,x\n");
  ASSERT_EQ(table.rows.size(), 1U);
  EXPECT_EQ(table.rows[0].on_demand, base::MicroUsdPerHour(21'957'642));
  EXPECT_EQ(table.rows[0].spot, std::nullopt);
  EXPECT_EQ(table.rows[0].gpu_count, 8);
}

TEST(ParsePrices, ReadsColumnsInAnyOrderAndIgnoresOthers) {
  const auto table = ParsePrices(
      "\xEF\xBB\xBF"
      "source,team,as_of,spot_usd_per_h,on_demand_usd_per_h,gpu_count,gpu_model,"
      "instance_type,region,cloud\r\n\"a, \"\"b\"\"\",red,,1.5,2,2,T4-16GB,box,r,c\r\n");
  ASSERT_TRUE(table.has_value()) << table.error().message;
  EXPECT_EQ(table->rows[0].source, "a, \"b\"");
  EXPECT_EQ(table->rows[0].spot, Usd("1.5"));
  EXPECT_EQ(table->rows[0].cloud, "c");
}

struct BadRowCase {
  std::string name;
  std::string row;
  std::string why;
};

class BadRowTest : public testing::TestWithParam<BadRowCase> {};
TEST_P(BadRowTest, IsListedWithLineAndReason) {
  const PriceTable table = Table("c,r,good,T4-16GB,1,1,,,s\n" + GetParam().row + "\n");
  EXPECT_EQ(table.rows.size(), 1U);
  ASSERT_EQ(table.bad.size(), 1U);
  EXPECT_EQ(table.bad[0].line, 3);
  EXPECT_THAT(table.bad[0].why, HasSubstr(GetParam().why));
}
const BadRowCase kBadRows[] = {
    {"Negative", "c,r,t,m,1,-3,,,s", "on_demand_usd_per_h: found \"-3\""},
    {"NotANumber", "c,r,t,m,1,1,NaN,,s", "spot_usd_per_h: found \"NaN\""},
    {"Exponent", "c,r,t,m,1,1e9,,,s", "found \"1e9\""},
    {"Huge", "c,r,t,m,1,1000000000,,,s", "up to 100000"},
    {"JustTooMuch", "c,r,t,m,1,100000.000001,,,s", "up to 100000"},
    {"Zero", "c,r,t,m,1,0.0,,,s", "above 0"},
    {"TooManyDigits", "c,r,t,m,1,1.0000001,,,s", "at most 6 digits"},
    {"Infinite", "c,r,t,m,1,inf,,,s", "found \"inf\""},
    {"Dollar", "c,r,t,m,1,$5,,,s", "found \"$5\""},
    {"NoFigure", "c,r,t,m,1,,,,s", "both blank"},
    {"NoName", "c,r,,,1,1,,,s", "instance_type and gpu_model are both blank"},
    {"NoGpus", "c,r,t,m,0,1,,,s", "gpu_count: found \"0\""},
    {"BlankGpus", "c,r,t,m,,1,,,s", "gpu_count: found \"\""},
    {"BadDate", "c,r,t,m,1,1,,2026-02-30,s", "as_of: found \"2026-02-30\""},
    {"DateInWords", "c,r,t,m,1,1,,20th July!,s", "as_of"},
    {"TwoSlashes", "c,r/a/b,t,m,1,1,,,s", "region/zone"},
    {"NoZone", "c,r/,t,m,1,1,,,s", "region/zone"},
    {"ZoneOfAModel", "c,r/z,,T4-16GB,1,1,,,s", "leave the zone out"},
    {"FewCells", "c,r,t", "3 cells where the first line has 9"},
    {"ManyCells", "c,r,t,m,1,1,,,s,x", "10 cells"},
    {"OpenQuote", "c,r,\"t,m,1,1,,,s", "not closed"},
    {"LongLine", std::string(10'000'000, 'a'), "10000000 bytes"},
    {"Control", "c,r,t\x1b[31m,m,1,1,,,s", "control character"},
    {"Repeats", "C,R,GOOD,T4-16GB,1,1,,,s2", "line 2"},
};
INSTANTIATE_TEST_SUITE_P(Table, BadRowTest, testing::ValuesIn(kBadRows),
                         [](const auto& row) { return row.param.name; });

TEST(ParsePrices, LongCellsAreCutInReasons) {
  const PriceTable table = Table("c,r,good,,1,1,,,s\nc,r,t,m,1," + std::string(5000, '9') + ",,,s");
  ASSERT_EQ(table.bad.size(), 1U);
  EXPECT_LT(table.bad[0].why.size(), 250U);
}

TEST(ParsePrices, NewestOfSeveralCounts) {
  const PriceTable table =
      Table("c,r,t,m,1,1,,2026-01-01,old\nc,r,t,m,1,2,,2026-02-01,new\nc,r,t,m,1,3,,,undated\n");
  ASSERT_EQ(table.rows.size(), 1U);
  EXPECT_EQ(table.rows[0].source, "new");
  ASSERT_EQ(table.bad.size(), 2U);
  EXPECT_THAT(table.bad[0].why, HasSubstr("line 3"));
  EXPECT_EQ(table.bad[1].line, 4);
}

TEST(ParsePrices, EquallyNewRowsThatDisagreeAreAllBad) {
  const PriceTable table =
      Table("c,r,other,m,1,1,,,s\nc,r,t,m,1,1,,2026-01-01,a\nc,r,t,m,1,2,,2026-01-01,b\n");
  EXPECT_EQ(table.rows.size(), 1U);
  ASSERT_EQ(table.bad.size(), 2U);
  EXPECT_THAT(table.bad[0].why, HasSubstr("lines 3 and 4 give different prices"));
}

struct BadTableCase {
  std::string name;
  std::string csv;
  std::string message;
};

class BadTableTest : public testing::TestWithParam<BadTableCase> {};
TEST_P(BadTableTest, IsRefused) {
  const auto table = ParsePrices(GetParam().csv);
  ASSERT_FALSE(table.has_value());
  EXPECT_EQ(table.error().code, base::ErrorCode::kInvalid);
  EXPECT_THAT(table.error().message, HasSubstr(GetParam().message));
}
const BadTableCase kBadTables[] = {
    {"Empty", "", "it is empty"},
    {"OnlyBlankLines", "\n\n", "it is empty"},
    {"NoRow", std::string(kHeader), "no row"},
    {"MissingColumns", "cloud,region\na,b\n", "no column instance_type, gpu_model"},
    {"DoubledColumn", "cloud," + Csv("x"), "cloud stands there twice"},
    {"NoGoodRow", Csv("c,r,t,m,1,-1,,,s\n"), "none of 1 rows can be used; line 2: on_demand"},
    {"Binary", std::string("\0\1\2", 3), "control character"},
    {"LongHeader", std::string(10'000'000, ','), "bytes"},
};
INSTANTIATE_TEST_SUITE_P(Table, BadTableTest, testing::ValuesIn(kBadTables),
                         [](const auto& row) { return row.param.name; });

// ---- the bundled table ----

TEST(BundledPrices, EveryRowIsGoodAndHasASource) {
  const PriceTable& table = BundledPrices();
  EXPECT_TRUE(table.bad.empty());
  EXPECT_GT(table.rows.size(), 900U);
  for (const PriceRow& row : table.rows) {
    EXPECT_FALSE(row.source.empty()) << row.instance_type;
    const bool ours = gpu::ModelNamed(row.gpu_model) != nullptr;
    EXPECT_TRUE(ours || row.gpu_model == "MI300X-192GB") << row.gpu_model;
  }
}

TEST(BundledPrices, CommonModelsHaveAFallbackPerGpu) {
  std::set<std::string> models;
  for (const PriceRow& row : BundledPrices().rows) {
    if (!row.instance_type.empty()) continue;
    EXPECT_EQ(row.gpu_count, 1);
    EXPECT_FALSE(row.spot.has_value());
    models.insert(row.gpu_model);
  }
  for (const char* model : {"A100-40GB", "A100-80GB", "H100-80GB", "H200-141GB", "L4-24GB",
                            "T4-16GB", "B200-180GB", "A10G-24GB", "L40S-48GB", "V100-16GB"}) {
    EXPECT_TRUE(models.contains(model)) << model;
  }
}

// ---- the match ----

struct MatchCase {
  std::string name;
  Node node;
  std::optional<std::string> rate;       // dollars; absent: no price
  std::optional<std::string> spot_rate;  // dollars
  std::string note;                      // a part of it; empty: no note at all
};

Node OnDemand(std::string cloud, std::string region, std::string type) {
  Node node;
  node.name = "n";
  node.cloud = std::move(cloud);
  node.region = std::move(region);
  node.instance_type = std::move(type);
  node.capacity_type = CapacityType::kOnDemand;
  return node;
}

Node InZone(Node node, std::string zone) {
  node.zone = std::move(zone);
  return node;
}

Node InZoneId(Node node, std::string zone_id) {
  node.labels = {{"topology.k8s.aws/zone-id", std::move(zone_id)}};
  return node;
}

Node Spot(Node node) {
  node.capacity_type = CapacityType::kSpot;
  return node;
}

Node As(Node node, CapacityType capacity_type) {
  node.capacity_type = capacity_type;
  return node;
}

Node WithGpus(Node node, int count, const std::string& product) {
  for (int i = 0; i < count; ++i) {
    Gpu gpu;
    gpu.index = static_cast<int>(node.gpus.size());
    gpu.product = product;
    node.gpus.push_back(gpu);
  }
  return node;
}

constexpr std::string_view kRows =
    "aws,us-east-1,p5,H100-80GB,8,55,,2026-07-20,s\n"
    "aws,us-east-1/use1-az1,p5,H100-80GB,8,,14,,z\n"
    "aws,us-east-1/use1-az2,p5,H100-80GB,8,,20,,z\n"
    "aws,us-east-1/use1-az3,p5,H100-80GB,8,,90,,z\n"
    "aws,us-west-2/usw2-az1,p5,H100-80GB,8,60,21,,z\n"
    "aws,us-west-2/usw2-az2,p5,H100-80GB,8,60,22,,z\n"
    "gcp,us-central1,a2-highgpu-1g,A100-40GB,1,3.6734,1.928,2026-08-03,s\n"
    "gcp,europe-west4,a2-highgpu-1g,A100-40GB,1,4,2.5,2026-08-03,s\n"
    "gcp,asia-east1,a2-highgpu-1g,A100-40GB,1,5,1,2026-08-03,s\n"
    "azure,eastus,Standard_NC24ads_A100_v4,A100-PCIe-80GB,1,3.673,,2026-06-18,s\n"
    "one,r,shared,T4-16GB,1,1,,,s\n"
    "two,r,shared,T4-16GB,1,2,,,s\n"
    "own,,dgx,H100-80GB,8,30,,,finance\n"
    "none,r,flat,T4-16GB,1,2,2.5,,s\n"
    ",,,A100-40GB,1,3,,2026-06-18,medians\n"
    ",,,H100-80GB,2,13,,2026-07-20,medians\n"
    "aws,,,T4-16GB,1,0.5,0.25,,s\n"
    ",,,G2,1,1.5,,,s\n";

class MatchTest : public testing::TestWithParam<MatchCase> {};
TEST_P(MatchTest, FindsTheMostExactFigure) {
  const PriceBook book(Table(kRows), {});
  const auto price = book.PriceOf(GetParam().node);
  ASSERT_EQ(price.has_value(), GetParam().rate.has_value());
  if (!price) return;
  EXPECT_EQ(price->rate, Usd(*GetParam().rate));
  EXPECT_EQ(price->spot_rate,
            GetParam().spot_rate ? std::optional(Usd(*GetParam().spot_rate)) : std::nullopt);
  if (GetParam().note.empty()) {
    EXPECT_EQ(price->note, "");
  } else {
    EXPECT_THAT(price->note, HasSubstr(GetParam().note));
  }
}

const Node kP5 = OnDemand("aws", "us-east-1", "p5");
const Node kA2 = OnDemand("gcp", "us-central1", "a2-highgpu-1g");
const std::string kSxm = "NVIDIA-H100-80GB-HBM3";
const MatchCase kMatches[] = {
    {"RegionForOnDemandAndZoneIdForSpot", InZoneId(InZone(kP5, "us-east-1a"), "use1-az1"), "55",
     "14", ""},
    {"ZoneNameIsNoZoneId", InZone(kP5, "us-east-1a"), "55", "20",
     "spot: the middle one of 3 zones of us-east-1"},
    {"SpotNodeByZoneId", Spot(InZoneId(kP5, "use1-az2")), "20", "20", ""},
    {"SpotNodeByZoneName", Spot(InZone(kP5, "use1-az2")), "20", "20", ""},
    {"SpotNodeByRegion", Spot(kP5), "20", "20", "the middle one of 3 zones"},
    {"SpotAboveOnDemandIsNoDiscount", Spot(InZoneId(kP5, "use1-az3")), "55", "55",
     "spot gave no discount"},
    {"NoDiscountForAnOnDemandNode", OnDemand("none", "r", "flat"), "2", "2",
     "spot: spot gave no discount"},
    {"ZonesThatAgreeNeedNoNote", InZoneId(OnDemand("aws", "us-west-2", "p5"), "usw2-az1"), "60",
     "21", ""},
    {"LowerMiddleOfTwo", OnDemand("aws", "us-west-2", "p5"), "60", "21",
     "spot: the middle one of 2 zones of us-west-2"},
    {"ExactRegion", kA2, "3.6734", "1.928", ""},
    {"CaseDoesNotMatter", OnDemand("AZURE", "EastUS", "standard_nc24ads_a100_V4"), "3.673",
     std::nullopt, ""},
    {"AnotherRegion", OnDemand("gcp", "us-east4", "a2-highgpu-1g"), "4", "1.928",
     "no price for us-east4; the middle one of 3 prices elsewhere, of europe-west4"},
    {"OnlyOneOtherRegion", OnDemand("azure", "westus", "Standard_NC24ads_A100_v4"), "3.673",
     std::nullopt, "no price for westus; the price in eastus"},
    {"RegionUnknown", OnDemand("gcp", "", "a2-highgpu-1g"), "4", "1.928",
     "the node's region is unknown"},
    {"CloudFromTheType", OnDemand("", "us-central1", "a2-highgpu-1g"), "3.6734", "1.928",
     "the node's cloud is unknown"},
    {"TypeOfTwoClouds", OnDemand("", "r", "shared"), std::nullopt, std::nullopt, ""},
    {"AnotherCloudsType", OnDemand("azure", "us-east-1", "p5"), std::nullopt, std::nullopt, ""},
    {"AnyRegionRow", OnDemand("own", "basement", "dgx"), "30", std::nullopt, ""},
    {"ByModel", WithGpus(OnDemand("", "", ""), 4, "NVIDIA-A100-SXM4-40GB"), "12", std::nullopt,
     "by GPU model: 4 x A100-40GB"},
    {"ByModelSharesTheRow", WithGpus(OnDemand("aws", "r", "p9"), 8, kSxm), "52", std::nullopt,
     "by GPU model: 8 x H100-80GB"},
    {"TypeBeforeModel", WithGpus(kA2, 1, "NVIDIA-A100-SXM4-40GB"), "3.6734", "1.928", ""},
    {"ByModelOfACloud", Spot(WithGpus(OnDemand("aws", "r", "x"), 2, "Tesla-T4")), "0.5", "0.5",
     "by GPU model"},
    {"ModelOfAnotherCloud", WithGpus(OnDemand("gcp", "r", "x"), 2, "Tesla-T4"), std::nullopt,
     std::nullopt, ""},
    {"TwoModels", WithGpus(WithGpus(OnDemand("", "", ""), 1, kSxm), 1, "NVIDIA-A100-SXM4-40GB"),
     "9.5", std::nullopt, "1 x A100-40GB; by GPU model: 1 x H100-80GB"},
    {"OneModelUnknown", WithGpus(WithGpus(OnDemand("", "", ""), 1, kSxm), 1, "Mystery"),
     std::nullopt, std::nullopt, ""},
    {"UnknownProductThatTheTableNames", WithGpus(OnDemand("", "", ""), 8, "G2"), "12", std::nullopt,
     "8 x G2"},
    {"NothingKnown", OnDemand("", "", ""), std::nullopt, std::nullopt, ""},
    {"SpotNeverFallsBackToOnDemand", Spot(WithGpus(OnDemand("", "", ""), 1, kSxm)), std::nullopt,
     std::nullopt, ""},
    {"Reserved", As(kA2, CapacityType::kReserved), "3.6734", "1.928", "reserved; counted at"},
    {"UnknownCapacity", As(kA2, CapacityType::kUnknown), "3.6734", "1.928",
     "capacity type unknown"},
};
INSTANTIATE_TEST_SUITE_P(Table, MatchTest, testing::ValuesIn(kMatches),
                         [](const auto& row) { return row.param.name; });

TEST(PriceBook, OverridesWinAtEachStep) {
  const PriceTable ours = Table(
      "aws,us-east-1,p5,H100-80GB,8,40,,2026-10-01,\n"
      "gcp,,a2-highgpu-1g,A100-40GB,1,2,,,contract\n"
      "azure,westus,Standard_NC24ads_A100_v4,A100-PCIe-80GB,1,1,,,contract\n"
      ",,,A100-40GB,1,0.9,,,contract\n");
  const PriceBook book(Table(kRows), ours);
  const auto here = book.PriceOf(InZoneId(kP5, "use1-az1"));
  ASSERT_TRUE(here.has_value());
  EXPECT_EQ(here->rate, Usd("40"));
  EXPECT_EQ(here->source, "price overrides");
  EXPECT_EQ(here->spot_rate, Usd("14"));  // a figure that the override leaves open
  EXPECT_EQ(book.PriceOf(kA2)->rate, Usd("2"));
  // A row for another region does not displace an exact one, but comes before the table's others.
  EXPECT_EQ(book.PriceOf(OnDemand("azure", "eastus", "Standard_NC24ads_A100_v4"))->rate,
            Usd("3.673"));
  EXPECT_EQ(book.PriceOf(OnDemand("azure", "uksouth", "Standard_NC24ads_A100_v4"))->rate, Usd("1"));
  EXPECT_EQ(book.PriceOf(WithGpus(OnDemand("", "", ""), 2, "NVIDIA-A100-SXM4-40GB"))->rate,
            Usd("1.8"));
}

TEST(PriceBook, KeepsSourceAndDate) {
  const auto price =
      PriceBook(BundledPrices(), {}).PriceOf(OnDemand("aws", "us-east-1", "p4d.24xlarge"));
  ASSERT_TRUE(price.has_value());
  EXPECT_EQ(price->rate, base::MicroUsdPerHour(21'957'642));
  EXPECT_EQ(price->as_of, "2026-07-20");
  EXPECT_THAT(price->source, HasSubstr("aws/karpenter-provider-aws@1d927085"));
}

TEST(PriceBook, RowsMadeByHandCannotDivideByZero) {
  PriceRow row;
  row.gpu_model = "H100-80GB";
  row.on_demand = Usd("1");
  const PriceBook book(PriceTable{{row}, {}}, {});
  EXPECT_FALSE(book.PriceOf(WithGpus(OnDemand("", "", ""), 1, kSxm)).has_value());
}

TEST(ApplyPrices, SetsAndClears) {
  List<Node> nodes = {WithGpus(kA2, 1, "x"), kA2, WithGpus(OnDemand("", "", ""), 1, "x")};
  nodes[1].price = nodes[2].price = NodePrice{};
  ApplyPrices(PriceBook(Table(kRows), {}), nodes);
  EXPECT_TRUE(nodes[0].price.has_value());
  EXPECT_FALSE(nodes[1].price.has_value());  // no GPU
  EXPECT_FALSE(nodes[2].price.has_value());  // unknown stays unknown
}

// ---- laws ----

List<Node> RandomNodes(std::mt19937& random) {
  const auto pick = [&random](const std::vector<std::string>& of) {
    return of[random() % of.size()];
  };
  List<Node> nodes;
  for (int i = 0; i < 40; ++i) {
    Node node = OnDemand(pick({"aws", "gcp", "azure", ""}),
                         pick({"us-east-1", "us-west-2", "us-central1", "eastus", "nowhere", ""}),
                         pick({"p5.48xlarge", "p4d.24xlarge", "a2-highgpu-1g", "g2-standard-4",
                               "Standard_NC24ads_A100_v4", "unheard-of", ""}));
    node = InZoneId(node, pick({"use1-az1", "use1-az6", "usw2-az2", ""}));
    if (random() % 2 == 0) node = Spot(node);
    nodes.push_back(WithGpus(node, 1 + static_cast<int>(random() % 8),
                             pick({"NVIDIA-A100-SXM4-40GB", "NVIDIA-H200", "Tesla-T4", "?"})));
  }
  return nodes;
}

TEST(PriceBook, NeverDependsOnTheOrderOfRows) {
  std::mt19937 random(11);
  PriceTable shuffled = BundledPrices();
  for (int round = 0; round < 10; ++round) {
    List<Node> nodes = RandomNodes(random);
    List<Node> again = nodes;
    ApplyPrices(PriceBook(BundledPrices(), {}), nodes);
    std::shuffle(shuffled.rows.begin(), shuffled.rows.end(), random);
    ApplyPrices(PriceBook(shuffled, {}), again);
    EXPECT_EQ(nodes, again) << round;
  }
}

TEST(PriceBook, SpotIsNeverAboveOnDemand) {
  std::mt19937 random(12);
  const PriceBook book(BundledPrices(), {});
  for (int round = 0; round < 20; ++round) {
    for (Node& node : RandomNodes(random)) {
      const auto as_spot = book.PriceOf(Spot(node));
      const auto on_demand = book.PriceOf(As(node, CapacityType::kOnDemand));
      if (!on_demand) continue;
      EXPECT_LE(as_spot ? as_spot->rate : on_demand->rate, on_demand->rate);
      EXPECT_LE(on_demand->spot_rate.value_or(on_demand->rate), on_demand->rate);
    }
  }
}

TEST(ParsePrices, NeverDependsOnTheOrderOfRows) {
  std::mt19937 random(13);
  std::vector<std::string> lines = {"c,r,t,m,1,1,,2026-01-01,a",
                                    "C,r,t,m,1,1,,2026-01-01,b",
                                    "c,r,t,m,1,9,,2025-01-01,old",
                                    "c,r,u,m,1,1,,2026-01-01,a",
                                    "c,r,u,m,1,2,,2026-01-01,b",
                                    "c,r,v,m,1,3,,,s",
                                    "c,r,,M,1,4,,,s",
                                    "c,r,,m,1,4,,,t"};
  std::optional<std::vector<PriceRow>> first;
  for (int round = 0; round < 100; ++round) {
    std::shuffle(lines.begin(), lines.end(), random);
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    std::vector<PriceRow> rows = Table(text).rows;
    std::sort(rows.begin(), rows.end(), [](const PriceRow& a, const PriceRow& b) {
      return std::tie(a.instance_type, a.source) < std::tie(b.instance_type, b.source);
    });
    if (!first) first = rows;
    EXPECT_EQ(rows, *first) << round;
    EXPECT_EQ(rows.size(), 3U);
  }
}

}  // namespace
}  // namespace tangram::cluster
