#include "yaml/fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "yaml/load.h"

namespace tangram::yaml {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Words<int, 2> kWords = {{{"Observe", 1}, {"Recommend", 2}}};

const std::string kEvery = R"(flag: true
whole: -3
number: 0.25
text: "7"
span: 1h30m
word: Recommend
texts: [a, "1"]
numbers: [0, 1.5]
maps:
  - {name: x}
  - {name: y}
map: {name: z}
nothing:
)";

Value Document(const std::string& text) {
  auto documents = Load(text);
  EXPECT_TRUE(documents) << documents.error().message;
  return documents->front();
}

TEST(Fields, GivesWhatIsThere) {
  const Value document = Document(kEvery);
  Faults faults("Thing a");
  Fields fields(faults, &document, "");
  EXPECT_EQ(fields.Flag("flag"), true);
  EXPECT_EQ(fields.Whole("whole", {-3, 3}), -3);
  EXPECT_EQ(fields.Number("number", 0.25), 0.25);
  EXPECT_EQ(fields.Text("text"), "7");
  EXPECT_EQ(fields.Span("span"), std::chrono::minutes(90));
  EXPECT_EQ(fields.OneOf("word", kWords), 2);
  EXPECT_THAT(fields.Texts("texts"), ElementsAre("a", "1"));
  EXPECT_THAT(fields.Numbers("numbers", 2, 1.5), ElementsAre(0, 1.5));
  std::vector<Fields> maps = fields.Maps("maps");
  ASSERT_EQ(maps.size(), 2U);
  EXPECT_EQ(maps[1].Text("name"), "y");
  EXPECT_EQ(fields.Map("map").Text("name"), "z");
  fields.Allow({"flag", "whole", "number", "text", "span", "word", "texts", "numbers", "maps",
                "map", "nothing"});
  fields.Need("flag", "write it");
  EXPECT_FALSE(faults.first()) << faults.first()->message;
}

TEST(Fields, GivesNothingForWhatIsAbsentOrNull) {
  const Value document = Document(kEvery);
  Faults faults("Thing a");
  Fields fields(faults, &document, "");
  for (const char* key : {"nothing", "absent"}) {
    EXPECT_FALSE(fields.Has(key));
    EXPECT_EQ(fields.Find(key), nullptr);
    EXPECT_EQ(fields.Flag(key), std::nullopt);
    EXPECT_EQ(fields.Whole(key, {0, 9}), std::nullopt);
    EXPECT_EQ(fields.Number(key, 9), std::nullopt);
    EXPECT_EQ(fields.Text(key), std::nullopt);
    EXPECT_EQ(fields.Span(key), std::nullopt);
    EXPECT_EQ(fields.OneOf(key, kWords), std::nullopt);
    EXPECT_THAT(fields.Texts(key), IsEmpty());
    EXPECT_THAT(fields.Numbers(key, 2, 9), IsEmpty());
    EXPECT_TRUE(fields.Maps(key).empty());
    EXPECT_FALSE(fields.Map(key).Has("name"));
  }
  EXPECT_FALSE(Fields(faults, nullptr, "").Has("flag"));
  EXPECT_FALSE(faults.first()) << faults.first()->message;
}

struct Case {
  std::string value;  // of the field "f" of spec
  std::function<void(Fields&)> read;
  std::string told;  // behind "line 2: Thing a: spec.f"
};

TEST(Fields, SaysWhatIsWrong) {
  const auto flag = [](Fields& fields) { EXPECT_EQ(fields.Flag("f"), std::nullopt); };
  const auto whole = [](Fields& fields) { EXPECT_EQ(fields.Whole("f", {1, 8}), std::nullopt); };
  const auto number = [](Fields& fields) { EXPECT_EQ(fields.Number("f", 10), std::nullopt); };
  const auto text = [](Fields& fields) { EXPECT_EQ(fields.Text("f"), std::nullopt); };
  const auto span = [](Fields& fields) { EXPECT_EQ(fields.Span("f"), std::nullopt); };
  const auto word = [](Fields& fields) { EXPECT_EQ(fields.OneOf("f", kWords), std::nullopt); };
  const auto texts = [](Fields& fields) { EXPECT_THAT(fields.Texts("f"), IsEmpty()); };
  const auto numbers = [](Fields& fields) { EXPECT_THAT(fields.Numbers("f", 2, 1), IsEmpty()); };
  const auto maps = [](Fields& fields) { fields.Maps("f"); };
  const auto map = [](Fields& fields) { fields.Map("f"); };
  const std::string a_number =
      "; write a number from 0 to 10, with at most 6 digits after the point";
  const std::string a_text = "; write text, in quotes where YAML reads another type";
  const std::string a_span = "; write a span as 30s, 5m, 8h or 7d, at most ten years";
  const std::string two_numbers = "; write a list of 2 numbers from 0 to 1";
  const std::vector<Case> cases = {
      {"yes", flag, " is yes; write true or false"},
      {"'true'", flag, " is \"true\"; write true or false"},
      {"0", whole, " is 0; write a whole number from 1 to 8"},
      {"9", whole, " is 9; write a whole number from 1 to 8"},
      {"'4'", whole, " is \"4\"; write a whole number from 1 to 8"},
      {"99999999999999999999", whole, " is 99999999999999999999; write a whole number from 1 to 8"},
      {"-1", number, " is -1" + a_number},
      {"10.1", number, " is 10.1" + a_number},
      {".nan", number, " is .nan" + a_number},
      {"'1'", number, " is \"1\"" + a_number},
      {"7", text, " is 7" + a_text},
      {"{a: b}", text, " is a map" + a_text},
      {"7", span, " is 7" + a_span},
      {"fast", span, " is \"fast\"" + a_span},
      {"4000d", span, " is \"4000d\"" + a_span},
      {"observe", word, " is \"observe\"; write Observe or Recommend, did you mean Observe?"},
      {"something", word, " is \"something\"; write Observe or Recommend"},
      {"[a]", word, " is a list; write Observe or Recommend"},
      {"a", texts, " is \"a\"; write a list, as [A, B]"},
      {"[a, 1]", texts, "[1] is 1" + a_text},
      {"0", numbers, " is 0" + two_numbers},
      {"[0]", numbers, " has 1 of them" + two_numbers},
      {"[0, 1, 0]", numbers, " has 3 of them" + two_numbers},
      {"[0, 2]", numbers, "[1] is 2" + two_numbers},
      {"3", maps, " is 3; write a list, each item after a dash"},
      {"[3]", maps, "[0] is 3; write a map of fields"},
      {"[1]", map, " is a list; write a map of fields"},
      {"{g: }", [](Fields& fields) { fields.Map("f").Need("g", "write it"); },
       ".g is not there; write it"},
      {"{g: 1, g: 2}", map, ".g stands there twice; keep one"},
      {"{groop: 1}", [](Fields& fields) { fields.Map("f").Allow({"group", "mode"}); },
       ".groop is no field of it; did you mean group?"},
      {"{unlike: 1}", [](Fields& fields) { fields.Map("f").Allow({"group", "mode"}); },
       ".unlike is no field of it; known are group, mode"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.value + one.told);
    const Value document = Document("spec:\n  f: " + one.value + "\n");
    Faults faults("Thing a");
    Fields spec = Fields(faults, &document, "").Map("spec");
    one.read(spec);
    ASSERT_TRUE(faults.first());
    EXPECT_EQ(faults.first()->code, base::ErrorCode::kInvalid);
    EXPECT_EQ(faults.first()->message, "line 2: Thing a: spec.f" + one.told);
  }
}

TEST(Fields, ObjectsThatAreNoMapHaveNoFields) {
  const Value document = Document("[1]");
  Faults faults("");
  Fields fields(faults, &document, "");
  EXPECT_FALSE(fields.Has("a"));
  ASSERT_TRUE(faults.first());
  EXPECT_EQ(faults.first()->message, "line 1: it is a list; write a map of fields");
}

TEST(Fields, LongNamesAndValuesAreCutBetweenLetters) {
  std::string umlauts;
  for (int i = 0; i < 100; ++i) umlauts += "ä";
  const Value document = Document(umlauts + ": x\nb: " + umlauts + "\n");
  std::string cut;
  for (int i = 0; i < 59; ++i) cut += "ä";
  cut += "…";
  Faults by_name("");
  Fields(by_name, &document, "").Allow({"b"});
  EXPECT_EQ(by_name.first()->message, "line 1: " + cut + " is no field of it; known are b");
  Faults by_value("");
  Fields(by_value, &document, "").Flag("b");
  EXPECT_EQ(by_value.first()->message, "line 2: b is \"" + cut + "\"; write true or false");
}

TEST(Faults, KeepsTheFirst) {
  Faults faults("");
  EXPECT_FALSE(faults.first());
  faults.Wrong(0, "it is made by us");
  faults.Wrong(3, "another");
  EXPECT_EQ(faults.first()->message, "line 1: it is made by us");
}

}  // namespace
}  // namespace tangram::yaml
