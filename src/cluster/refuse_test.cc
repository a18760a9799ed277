// What a strict reader refuses, and the words it does so with.
#include <gtest/gtest.h>

#include "cluster/file_form.h"

namespace tangram::cluster {
namespace {

struct RefuseCase {
  std::string name;
  std::string text;  // what stands behind the header, or the whole file where it starts with '!'
  std::string want;  // the whole message without "snapshot: "
};

// A file with `rest` behind its header.
std::string FileOf(const std::string& rest) {
  if (rest.starts_with('!')) return rest.substr(1);
  return R"({"format":"tangram-snapshot","version":1,"takenAt":"2026-11-21T13:20:41Z")" + rest;
}

const RefuseCase kCases[] = {
    {"NegativeIndex", R"(,"nodes":[{"name":"a"},{"name":"gpu-a100-1","gpus":[{"index":-1}]}]})",
     R"(nodes[1].gpus[0].index of "gpu-a100-1": found -1; write a whole number from 0 to 4095)"},
    {"HugeNumber", R"(,"nodes":[{"name":"a","cpuMilli":99999999999999999999}]})",
     R"(nodes[0].cpuMilli of "a": found 99999999999999999999; write a whole number from 0 to 1000000000000)"},
    {"Fraction", R"(,"nodes":[{"name":"a","cpuMilli":1.5}]})",
     R"(nodes[0].cpuMilli of "a": found 1.5; write a whole number from 0 to 1000000000000)"},
    {"NumberAsText", R"(,"nodes":[{"name":"a","cpuMilli":"4"}]})",
     R"(nodes[0].cpuMilli of "a": found "4"; write a whole number from 0 to 1000000000000)"},
    {"NegativeCount", R"(,"nodes":[{"name":"a","devices":{"nvidia.com/gpu":-8}}]})",
     R"(nodes[0].devices.nvidia.com/gpu of "a": found -8; write a whole number from 0 to 1000000000000)"},
    {"RatioAboveOne",
     R"(,"usage":{"from":"2026-11-01T00:00:00Z","to":"2026-11-21T00:00:00Z","devices":[{"activeMaxPpm":1000001}]}})",
     R"(usage.devices[0].activeMaxPpm: found 1000001; write a whole number from 0 to 1000000)"},
    {"UnknownField", R"(,"nodes":[{"name":"a","colour":"red"}]})",
     R"(nodes[0] of "a": unknown field "colour" in a node; remove it, or use a newer tangram)"},
    {"UnknownFieldAtTop", R"(,"colour":"red"})",
     R"(unknown field "colour" in a snapshot; remove it, or use a newer tangram)"},
    {"MissingField", R"(,"pods":[{"namespace":"n","name":"p"}]})",
     R"(pods[0] of "n/p": the field "phase" of the pod is missing; add it)"},
    {"MissingTime", R"(!{"format":"tangram-snapshot","version":1})",
     R"(the field "takenAt" of the snapshot is missing; add it)"},
    {"MissingVersion", R"(!{"format":"tangram-snapshot","takenAt":"2026-11-21T13:20:41Z"})",
     R"(the field "version" is missing; add it)"},
    {"DoubledField", R"(,"nodes":[{"name":"a","name":"b"}]})",
     R"(nodes[0].name of "a": the field is there twice; keep one)"},
    {"DoubledVersion", R"(,"version":1})", R"(version: the field is there twice; keep one)"},
    {"DoubledLabel", R"(,"nodes":[{"name":"a","labels":{"z":"1","b":"2","z":"3"}}]})",
     R"(nodes[0].labels of "a": found key "z" twice; keep one)"},
    {"DoubledResource", R"(,"nodes":[{"name":"a","devices":{"g":1,"g":1}}]})",
     R"(nodes[0].devices of "a": found resource "g" twice; keep one)"},
    {"EmptyKey", R"(,"nodes":[{"name":"a","labels":{"":"1"}}]})",
     R"(nodes[0].labels of "a": found an empty key; give it a name or remove it)"},
    {"EmptyName", R"(,"nodes":[{"name":""}]})", R"(nodes[0].name: found ""; it may not be empty)"},
    {"BadEnum", R"(,"nodes":[{"name":"a","capacityType":"spot"}]})",
     R"(nodes[0].capacityType of "a": found "spot"; write one of Unknown, OnDemand, Spot, Reserved)"},
    {"BadTime", R"(,"nodes":[{"name":"a","createdAt":"yesterday"}]})",
     R"(nodes[0].createdAt of "a": found "yesterday"; write a time as 2026-11-21T13:20:41Z (RFC 3339))"},
    {"NullIsNoValue", R"(,"nodes":[{"name":"a","price":null}]})",
     R"(nodes[0].price of "a": found null; write an object {...})"},
    {"ObjectForList", R"(,"nodes":{"name":"a"}})", R"(nodes: found an object; write a list [...])"},
    {"ListForText", R"(,"cluster":["a"]})", R"(cluster: found a list; write a text "...")"},
    {"TextForBool", R"(,"nodes":[{"name":"a","ready":"yes"}]})",
     R"(nodes[0].ready of "a": found "yes"; write true or false)"},
    {"NumberInListOfTexts",
     R"(,"pods":[{"namespace":"n","name":"p","phase":"Running","gates":[7]}]})",
     R"(pods[0].gates[0] of "n/p": found 7; write a text "...")"},
    {"LongValueIsShortened",
     R"(,"nodes":[{"name":"a","capacityType":"0123456789012345678901234567890123456789012345"}]})",
     "nodes[0].capacityType of \"a\": found \"012345678901234567890123456789012345678…\"; write "
     "one "
     "of Unknown, OnDemand, Spot, Reserved"},
    {"SameNodeTwice", R"(,"nodes":[{"name":"b"},{"name":"a"},{"name":"b"}]})",
     R"(nodes[2].name: found "b", which nodes[0] has too; give each its own name)"},
    {"SamePodTwice",
     R"(,"pods":[{"namespace":"n","name":"p","phase":"Running"},{"namespace":"n","name":"p","phase":"Running"}]})",
     R"(pods[1].name: found "p", which pods[0] has too; give each its own name)"},
    {"SameIndexTwice", R"(,"nodes":[{"name":"a","gpus":[{"index":1},{"index":0},{"index":1}]}]})",
     R"(nodes[0].gpus[2].index of "a": found 1, which gpus[0] has too; give each card its own index)"},
    {"WindowBackwards", R"(,"usage":{"from":"2026-11-21T00:00:00Z","to":"2026-11-20T00:00:00Z"}})",
     R"(usage.to: found 2026-11-20T00:00:00Z, which is before "from" (2026-11-21T00:00:00Z); write a window that ends after it starts)"},
    {"NoWholeHour",
     R"(,"demand":[{"pool":"p","profile":"1g.5gb","from":"2026-11-21T13:20:00Z","peaks":[1]}]})",
     R"(demand[0].from: found 2026-11-21T13:20:00Z, which is no whole hour; write when an hour begins, as 2026-11-21T13:00:00Z)"},
    {"NoHour",
     R"(,"demand":[{"pool":"p","profile":"1g.5gb","from":"2026-11-21T13:00:00Z","peaks":[]}]})",
     R"(demand[0].peaks: found no hour; name at least one, or leave the row out)"},
    {"NegativePeak",
     R"(,"demand":[{"pool":"p","profile":"1g.5gb","from":"2026-11-21T13:00:00Z","peaks":[4,-1]}]})",
     R"(demand[0].peaks[1]: found -1; write a whole number from 0 to 1000000000000)"},
    {"Empty", "!", "the file is empty; write one with 'tangram snapshot'"},
    {"OnlyBlanks", "! \n\t", "the file is empty; write one with 'tangram snapshot'"},
    {"NoObject", "!apiVersion: v1\n",
     "this is not a Tangram snapshot (it starts with \"apiVersi\"); write one with 'tangram "
     "snapshot'"},
    {"AnotherObject", R"(!{"apiVersion":"v1","kind":"List","items":[]})",
     R"(this is not a Tangram snapshot ("format" is missing, not "tangram-snapshot"); write one with 'tangram snapshot')"},
    {"AttributeOfAnotherType",
     R"(,"slices":[{"name":"s","driver":"d","pool":"p","devices":[{"name":"g","attributes":[)"
     R"({"name":"index","type":"Int","value":"one"}]}]}]})",
     R"(slices[0].devices[0].attributes[0].value of "g": found "one", which is not of the )"
     R"(attribute's type; write an integer's digits, "true" or "false", or nothing for a list)"},
    {"AnotherFormat", R"(!{"format":"tarball","version":1,"takenAt":"2026-11-21T13:20:41Z"})",
     R"(this is not a Tangram snapshot ("format" is "tarball", not "tangram-snapshot"); write one with 'tangram snapshot')"},
    {"LaterVersion", R"(!{"nodes":[{"name":"a","new":1}],"format":"tangram-snapshot","version":7})",
     "this file is version 7; this tangram reads 6: use a newer tangram"},
    {"VersionZero", R"(!{"format":"tangram-snapshot","version":0})",
     "version: found 0; write a whole number from 1 to 6"},
    {"CutShort", R"(,"nodes":[{"name":"a"},{"na)",
     R"(a text has no closing "; the file may be cut short)"},
    {"CutBetweenRows", R"(,"nodes":[{"name":"a"},)",
     "it does not end with the closing } of the snapshot; the file may be cut short, or something "
     "follows the snapshot"},
    {"TrailingText", R"(} x)",
     "it does not end with the closing } of the snapshot; the file may be cut short, or something "
     "follows the snapshot"},
    {"TrailingObject", R"(} {})", "something follows the closing } of the snapshot; remove it"},
    {"RawControlCharacter", ",\"cluster\":\"a\nb\"}",
     "a text holds a control character that is not escaped (as \\n); escape it"},
    {"NotUtf8", ",\n\n\"cluster\":\"a\xFF\"}",
     "line 3 is not UTF-8; write one with 'tangram snapshot'"},
    {"BadEscape", R"(,"cluster":"a\q"})",
     R"(cluster: found "a\q"; it has an escape that JSON does not know)"},
    {"LoneSurrogate", R"(,"cluster":"\ud800"})",
     R"(cluster: found "\ud800"; it has an escape that JSON does not know)"},
};

class RefuseTest : public ::testing::TestWithParam<RefuseCase> {};

TEST_P(RefuseTest, SaysWhereWhatAndWhatToDo) {
  const auto read = ReadSnapshot(FileOf(GetParam().text));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message, "snapshot: " + GetParam().want);
  EXPECT_EQ(read.error().code, base::ErrorCode::kInvalid);
}
INSTANTIATE_TEST_SUITE_P(Table, RefuseTest, ::testing::ValuesIn(kCases),
                         [](const auto& test) { return test.param.name; });

TEST(Refuse, SyntaxErrorsNameTheLine) {
  const auto read = ReadSnapshot(FileOf(",\n\"nodes\":[\n{\"name\":\"a\"},\n{\"name\" \"b\"}\n]}"));
  ASSERT_FALSE(read);
  EXPECT_TRUE(read.error().message.starts_with("snapshot: nodes[1]: line 4 is not JSON ("))
      << read.error().message;
}

TEST(Refuse, MessagesHoldNoControlCharacters) {
  const auto read = ReadSnapshot(
      FileOf(R"(,"nodes":[{"name":"\u001b[31mred","capacityType":"\u001b]0;owned\u0007"}]})"));
  ASSERT_FALSE(read);
  for (const char c : read.error().message) EXPECT_GE(static_cast<unsigned char>(c), 0x20);
}

TEST(Refuse, DeepNestingIsAFaultAndNoCrash) {
  for (const char* const open : {"[", "{\"nodes\":", "{\"a\":["}) {
    std::string text;
    for (int depth = 0; depth < 100'000; ++depth) text += open;
    EXPECT_FALSE(ReadSnapshot(FileOf(",\"nodes\":" + text)));
    EXPECT_FALSE(ReadSnapshot(text));
    EXPECT_FALSE(ReadSnapshot(FileOf(",\"nodes\":" + text + "}")));
  }
}

TEST(Refuse, ATextHasABound) {
  const auto file = [](std::size_t length) {
    return FileOf(",\"cluster\":\"" + std::string(length, 'x') + "\"}");
  };
  EXPECT_TRUE(ReadSnapshot(file(262'144)));
  const auto read = ReadSnapshot(file(262'145));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().message,
            "snapshot: cluster: found a text of 262145 bytes; at most 262144 are read");
}

}  // namespace
}  // namespace tangram::cluster
