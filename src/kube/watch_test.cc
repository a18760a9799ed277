#include "kube/watch.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace tangram::kube {
namespace {

// Every line of `stream`, fed in the given pieces.
std::vector<std::string> Lines(std::string_view stream, const std::vector<std::size_t>& pieces,
                               std::size_t max_line = 1000) {
  LineFramer framer(max_line);
  std::vector<std::string> lines;
  const LineFramer::OnLine on_line = [&](simdjson::padded_string_view line) {
    lines.emplace_back(line.data(), line.size());
    return true;
  };
  for (const std::size_t piece : pieces) {
    if (framer.Feed(stream.substr(0, piece), on_line) == LineFramer::State::kTooLong) {
      lines.emplace_back("TOO LONG");
      return lines;
    }
    stream.remove_prefix(std::min(piece, stream.size()));
  }
  if (framer.HasPartialLine()) lines.emplace_back("PARTIAL");
  return lines;
}

TEST(LineFramer, ChunksDoNotMatter) {
  std::mt19937 random(11);
  for (int round = 0; round < 300; ++round) {
    std::string stream;
    std::vector<std::string> want;
    for (int i = 0; i < 20; ++i) {
      const std::string line(random() % 200, static_cast<char>('a' + random() % 26));
      stream += line + (random() % 2 == 0 ? "\n" : "\r\n");
      if (!line.empty()) want.push_back(line);
    }
    std::vector<std::size_t> pieces;
    for (std::size_t left = stream.size(); left > 0;) {
      pieces.push_back(std::min<std::size_t>(left, 1 + random() % 150));
      left -= pieces.back();
    }
    auto got = Lines(stream, pieces);
    for (std::string& line : got) {
      if (line.ends_with('\r')) line.pop_back();
    }
    EXPECT_EQ(got, want) << round;
    EXPECT_EQ(Lines(stream, {stream.size()}), Lines(stream, pieces)) << round;
  }
}

TEST(LineFramer, RefusesLongLinesWholeOrNot) {
  EXPECT_EQ(Lines(std::string(50, 'x') + "\n", {51}, 50).size(), 1U);
  EXPECT_EQ(Lines(std::string(51, 'x') + "\n", {52}, 50), (std::vector<std::string>{"TOO LONG"}));
  EXPECT_EQ(Lines(std::string(51, 'x'), {20, 31}, 50), (std::vector<std::string>{"TOO LONG"}));
  EXPECT_EQ(Lines("ab\ncd", {5}), (std::vector<std::string>{"ab", "PARTIAL"}));
}

struct EventCase {
  std::string name;
  std::string line;
  std::string want;  // "TYPE kind ns/name uid@rv", or "CODE: part of the message"
};
std::ostream& operator<<(std::ostream& out, const EventCase& row) { return out << row.name; }

const EventCase kEvents[] = {
    {"Added",
     R"({"type":"ADDED","object":{"kind":"Pod","metadata":{"name":"a","namespace":"n","uid":"u","resourceVersion":"5"},"spec":{}}})",
     "0 Pod n/a u@5"},
    {"AnyOrder",
     R"( {"object":{"spec":{"x":[1,2,{"type":"DELETED"}]},"metadata":{"resourceVersion":"6","name":"b"},"kind":"Pod"},"type":"DELETED"} )",
     "2 Pod /b @6"},
    {"Escapes",
     R"({"type":"MODIFIED","object":{"kind":"Pod","metadata":{"name":"a\u0062","resourceVersion":"5"}}})",
     "1 Pod /ab @5"},
    {"Bookmark",
     R"({"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"9"}}})",
     "3 Pod / @9"},
    {"Gone",
     R"({"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old resource version"}})",
     "3: too old resource version"},
    {"ServerError", R"({"type":"ERROR","object":{"code":500,"message":"x"}})", "5: ended with 500"},
    {"ErrorWithoutCode", R"({"type":"ERROR","object":{}})", "5: ended with 500"},
    {"ErrorWithAStrangeCode", R"({"type":"ERROR","object":{"code":"x"}})", "5: ended with 500"},
    {"WrongKind",
     R"({"type":"ADDED","object":{"kind":"Node","metadata":{"name":"a","resourceVersion":"5"}}})",
     "5: is a Node, not a Pod"},
    {"NoKind", R"({"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"5"}}})",
     "5: not a Pod"},
    {"NoName", R"({"type":"ADDED","object":{"kind":"Pod","metadata":{"resourceVersion":"5"}}})",
     "5: no name"},
    {"NoVersion", R"({"type":"ADDED","object":{"kind":"Pod","metadata":{"name":"a"}}})",
     "5: no resourceVersion"},
    {"NameIsNumber", R"({"type":"ADDED","object":{"kind":"Pod","metadata":{"name":5}}})",
     "5: metadata cannot be read"},
    {"UnknownType", R"({"type":"SYNC","object":{}})", "5: its type is SYNC"},
    {"NoType", R"({"object":{}})", "5: not a watch event"},
    {"ObjectIsNull", R"({"type":"ADDED","object":null})", "5: not a watch event"},
    {"Truncated", R"({"type":"ADDED","object":{"kind":"Pod","metadata":{"name":"a")",
     "5: not a watch event"},
    {"Garbage", "\x01\xff{{{{", "5: not a watch event"},
};

std::string Read(const std::string& line) {
  simdjson::ondemand::parser parser;
  const simdjson::padded_string padded(line);
  std::string got;
  const auto read = ReadEvent(
      parser, padded, "Pod", [&](const WatchEvent& event, simdjson::ondemand::object& object) {
        const ObjectMeta& meta = event.meta;
        got = std::to_string(static_cast<int>(event.type)) + " " + meta.kind + " " + meta.ns + "/" +
              meta.name + " " + meta.uid + "@" + meta.resource_version;
        simdjson::ondemand::value again;
        EXPECT_FALSE(object.find_field_unordered("metadata").get(again));
        return base::Result<void>();
      });
  if (read) return got;
  return std::to_string(static_cast<int>(read.error().code)) + ": " + read.error().message;
}

class ReadEventTest : public testing::TestWithParam<EventCase> {};
TEST_P(ReadEventTest, ReadsOrRefuses) {
  const std::string got = Read(GetParam().line);
  const std::string& want = GetParam().want;
  const auto colon = want.find(": ");
  if (colon == std::string::npos) {
    EXPECT_EQ(got, want);
    return;
  }
  EXPECT_TRUE(got.starts_with(want.substr(0, colon + 2))) << got;
  EXPECT_NE(got.find(want.substr(colon + 2)), std::string::npos) << got;
}
INSTANTIATE_TEST_SUITE_P(Table, ReadEventTest, testing::ValuesIn(kEvents),
                         [](const auto& row) { return row.param.name; });

TEST(ReadEvent, AnyCutOfALineIsAnErrorAndNoCrash) {
  const std::string& whole = kEvents[0].line;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_TRUE(Read(whole.substr(0, length)).starts_with("5: ")) << length;
  }
  std::mt19937 random(2);
  for (int i = 0; i < 5000; ++i) {
    std::string bent = whole;
    for (int j = 0; j < 3; ++j) bent[random() % bent.size()] = static_cast<char>(random());
    Read(bent);
  }
}

}  // namespace
}  // namespace tangram::kube
