#include "base/quantity_text.h"

#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>

namespace tangram::base {
namespace {

struct QuantityCase {
  std::string text;
  std::optional<std::int64_t> units;  // nothing: refused
  std::optional<std::int64_t> milli;
};

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

const QuantityCase kCases[] = {
    {"0", 0, 0},
    {"1", 1, 1000},
    {"+1", 1, 1000},
    {"-1", -1, -1000},
    {"80Gi", 85'899'345'920, 85'899'345'920'000},
    {"100m", 1, 100},
    {"-100m", -1, -100},
    {"1500m", 2, 1500},
    {"1e3", 1000, 1'000'000},
    {"1E3", 1000, 1'000'000},
    {"1e-3", 1, 1},
    {"1e+2", 100, 100'000},
    {"0.5", 1, 500},
    {".5", 1, 500},
    {"1.", 1, 1000},
    {"0.0001", 1, 1},
    {"-0.0001", -1, -1},
    {"1.5Gi", 1'610'612'736, 1'610'612'736'000},
    {"0.1Ki", 103, 102'400},
    {"12E", std::nullopt, std::nullopt},
    {"9E", 9'000'000'000'000'000'000, std::nullopt},
    {"7Ei", 8'070'450'532'247'928'832, std::nullopt},
    {"0.5Ei", 576'460'752'303'423'488, std::nullopt},
    {"8Ei", std::nullopt, std::nullopt},
    {"9223372036854775807", kMost, std::nullopt},
    {"9223372036854775808", std::nullopt, std::nullopt},
    {"-9223372036854775807", -kMost, std::nullopt},
    {"1n", 1, 1},
    {"5u", 1, 1},
    {"1k", 1000, 1'000'000},
    {"0e100", 0, 0},
    {"1e100", std::nullopt, std::nullopt},
    {"1e-100", 1, 1},
    {"1e101", std::nullopt, std::nullopt},
    {"00000000000000000000000000000000000000000000000001", 1, 1000},
    {"99999999999999999999999999999999999999999", std::nullopt, std::nullopt},
    {"", std::nullopt, std::nullopt},
    {"-", std::nullopt, std::nullopt},
    {".", std::nullopt, std::nullopt},
    {"1 ", std::nullopt, std::nullopt},
    {" 1", std::nullopt, std::nullopt},
    {"1.2.3", std::nullopt, std::nullopt},
    {"1K", std::nullopt, std::nullopt},
    {"1ki", std::nullopt, std::nullopt},
    {"1GiB", std::nullopt, std::nullopt},
    {"1e", std::nullopt, std::nullopt},
    {"1e+-3", std::nullopt, std::nullopt},
    {"1e1.5", std::nullopt, std::nullopt},
    {"--1", std::nullopt, std::nullopt},
    {"0x10", std::nullopt, std::nullopt},
    {"NaN", std::nullopt, std::nullopt},
};

TEST(Quantity, Table) {
  for (const QuantityCase& row : kCases) {
    const auto units = ParseUnits(row.text);
    const auto milli = ParseMilli(row.text);
    EXPECT_EQ(units.has_value(), row.units.has_value()) << row.text;
    EXPECT_EQ(milli.has_value(), row.milli.has_value()) << row.text;
    if (units && row.units) {
      EXPECT_EQ(*units, *row.units) << row.text;
    }
    if (milli && row.milli) {
      EXPECT_EQ(*milli, *row.milli) << row.text;
    }
    if (!units) {
      EXPECT_NE(units.error().message.find("write it as 80Gi"), std::string::npos);
    }
  }
}

TEST(Quantity, WholeNumbersAreThemselvesInEveryUnit) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 2000; ++i) {
    const auto value = static_cast<std::int64_t>(random() % 1'000'000);
    EXPECT_EQ(*ParseUnits(std::to_string(value) + "Mi"), value * 1'048'576);
    EXPECT_EQ(*ParseUnits(std::to_string(value) + "G"), value * 1'000'000'000);
    EXPECT_EQ(*ParseMilli(std::to_string(value) + "m"), value);
    EXPECT_EQ(*ParseUnits(std::to_string(value) + "m"), (value + 999) / 1000);
    EXPECT_EQ(*ParseUnits("-" + std::to_string(value) + "m"), -((value + 999) / 1000));
  }
}

}  // namespace
}  // namespace tangram::base
