#include "cluster/fallbacks.h"

#include <gmock/gmock.h>

#include <map>

namespace tangram::cluster {
namespace {

using Fallbacks = std::map<std::string, std::vector<std::string>>;

std::vector<GpuClass> Classes(const Fallbacks& fallbacks) {
  std::vector<GpuClass> classes;
  for (const auto& [name, next] : fallbacks) {
    GpuClass& one = classes.emplace_back();
    one.name = name;
    one.fallbacks = next;
  }
  return classes;
}

struct CycleCase {
  std::string name;
  Fallbacks fallbacks;
  std::string of;
  std::vector<std::string> want;
};

const CycleCase kCases[] = {
    {"None", {{"a", {"b"}}, {"b", {"c"}}, {"c", {}}}, "a", {}},
    {"Itself", {{"a", {"a"}}}, "a", {"a", "a"}},
    {"Two", {{"a", {"b"}}, {"b", {"a"}}}, "b", {"b", "a", "b"}},
    {"Shortest",
     {{"a", {"b", "c"}}, {"b", {"d"}}, {"c", {"a"}}, {"d", {"a"}}},
     "a",
     {"a", "c", "a"}},
    {"EarlierFallbackOfEquals",
     {{"a", {"c", "b"}}, {"b", {"a"}}, {"c", {"a"}}},
     "a",
     {"a", "c", "a"}},
    {"LeadsIntoOneButIsNotOnIt", {{"a", {"b"}}, {"b", {"c"}}, {"c", {"b"}}}, "a", {}},
    {"UnknownFallback", {{"a", {"gone"}}}, "a", {}},
    {"UnknownClass", {{"a", {"a"}}}, "b", {}},
};

class FallbackCycleTest : public testing::TestWithParam<CycleCase> {};
TEST_P(FallbackCycleTest, Finds) {
  EXPECT_EQ(FallbackCycle(Classes(GetParam().fallbacks), GetParam().of), GetParam().want);
}
INSTANTIATE_TEST_SUITE_P(Table, FallbackCycleTest, testing::ValuesIn(kCases),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace tangram::cluster
