// Against the real implementation: testbed/cmd/dra, whose path is in TANGRAM_DRA
// (testbed/dra_differential builds it and runs these tests).
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "cel/cel.h"
#include "cel/testing/devices.h"
#include "cel/testing/random_expressions_testing.h"

namespace tangram::cel {
namespace {

struct Question {
  std::string expression;
  std::string device_name;
  Device device;
};

std::string TextOf(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

Answer Read(const nlohmann::json& line) {
  if (line.contains("compileError")) {
    return {"compile error", line.at("compileError").get<std::string>()};
  }
  if (line.contains("runtimeError")) {
    return {"runtime error", line.at("runtimeError").get<std::string>()};
  }
  return {line.at("result").get<bool>() ? "true" : "false"};
}

// As an object of the API server holds it: what is no UTF-8 is replaced on the way.
std::string AsText(const std::string& bytes) {
  const auto replace = nlohmann::json::error_handler_t::replace;
  return nlohmann::json::parse(nlohmann::json(bytes).dump(-1, ' ', false, replace));
}

class DifferentialTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* program = std::getenv("TANGRAM_DRA");
    if (program == nullptr) {
      GTEST_SKIP() << "TANGRAM_DRA is not set: testbed/dra_differential builds the program and "
                      "runs these tests";
    }
    program_ = program;
    folder_ = std::filesystem::temp_directory_path() / fmt::format("tangram-cel-{}", ::getpid());
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  // What the program writes for `input`.
  std::string Run(const std::string& mode, const std::string& input) {
    const auto in = folder_ / "in";
    const auto out = folder_ / "out";
    std::ofstream(in) << input;
    const std::string command =
        fmt::format("'{}' {} <'{}' >'{}'", program_, mode, in.string(), out.string());
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    return TextOf(out);
  }

  std::vector<Answer> RealAnswers(const std::vector<Question>& questions) {
    std::string input;
    for (const Question& question : questions) {
      const nlohmann::json line = {{"expression", question.expression},
                                   {"device", DeviceJson(question.device)}};
      input += line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    }
    std::vector<Answer> answers;
    std::istringstream output(Run("cel", input));
    for (std::string line; std::getline(output, line);) {
      answers.push_back(Read(nlohmann::json::parse(line)));
    }
    return answers;
  }

  // Counts by kind of our answers; every disagreement that is not "unknown" is a failure.
  std::map<std::string, int> Compare(const std::vector<Question>& questions) {
    const std::vector<Answer> real = RealAnswers(questions);
    EXPECT_EQ(real.size(), questions.size());
    std::map<std::string, int> counts;
    for (std::size_t i = 0; i < std::min(real.size(), questions.size()); ++i) {
      const Answer ours = OurAnswer(questions[i].expression, questions[i].device);
      ++counts[ours.kind];
      if (ours.kind == "unknown" || ours.kind == real[i].kind) continue;
      ADD_FAILURE() << questions[i].expression << "\n  " << DeviceJson(questions[i].device).dump()
                    << "\n  ours: " << ours.kind << " " << ours.detail
                    << "\n  real: " << real[i].kind << " " << real[i].detail;
    }
    for (const auto& [kind, count] : counts) {
      RecordProperty(kind, count);
      std::cout << fmt::format("{:>14}: {}\n", kind, count);
    }
    return counts;
  }

  // The record is what the unit tests go by.
  void CompareWithRecord(const std::vector<Answer>& real) {
    const std::size_t devices = TableDevices().size();
    const std::string path = std::string(TANGRAM_SOURCE_DIR) + "/src/cel/testdata/answers.txt";
    std::string record;
    std::size_t at = 0;
    for (const std::string& expression : TableExpressions()) {
      for (std::size_t i = 0; i < devices; ++i) record += real.at(at++).kind[0];
      record += " " + expression + "\n";
    }
    if (std::getenv("TANGRAM_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << record;
    EXPECT_EQ(record, TextOf(path)) << "TANGRAM_UPDATE_GOLDEN=1 records the answers anew";
  }

  std::string program_;
  std::filesystem::path folder_;
};

TEST_F(DifferentialTest, FunctionsAreThoseDeclared) {
  EXPECT_EQ(Run("functions", ""),
            TextOf(std::string(TANGRAM_SOURCE_DIR) + "/src/cel/functions.txt"));
}

TEST_F(DifferentialTest, TableHasTheSameAnswers) {
  std::vector<Question> questions;
  for (const std::string& expression : TableExpressions()) {
    for (const auto& [name, device] : TableDevices()) {
      questions.push_back({expression, name, device});
    }
  }
  Compare(questions);
  CompareWithRecord(RealAnswers(questions));
}

// TANGRAM_ROUNDS and TANGRAM_SEED ask for more, or for others.
TEST_F(DifferentialTest, RandomExpressionsHaveTheSameAnswers) {
  const auto number = [](const char* name, unsigned long otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoul(text, nullptr, 10);
  };
  std::mt19937_64 random(number("TANGRAM_SEED", 20261122));
  std::vector<Question> questions;
  for (unsigned long i = 0; i < number("TANGRAM_ROUNDS", 4000); ++i) {
    const std::string expression = AsText(RandomExpression(random));
    for (int j = 0; j < 3; ++j) questions.push_back({expression, "", RandomDevice(random)});
  }
  const auto counts = Compare(questions);
  for (const char* kind : {"true", "false", "compile error", "runtime error"}) {
    EXPECT_GT(counts.contains(kind) ? counts.at(kind) : 0, 100) << kind;
  }
}

}  // namespace
}  // namespace tangram::cel
