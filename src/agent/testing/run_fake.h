// A machine that the fake NVML plays, for one test.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "base/file_testing.h"

namespace tangram::agent::testing {

class WithFake : public base::testing::InFolder {
 protected:
  void TearDown() override {
    unsetenv("TANGRAM_FAKE_NVML");
    InFolder::TearDown();
  }
  // From the next start of the library on. Each call is a machine of its own, with faults that
  // have not happened yet.
  void Play(const nlohmann::json& machine) {
    static int count = 0;
    const std::string path = Write("machine" + std::to_string(++count) + ".json", machine.dump());
    setenv("TANGRAM_FAKE_NVML", path.c_str(), 1);
  }
  static nlohmann::json Recorded(const std::string& name) {
    std::ifstream file(std::string(TANGRAM_SOURCE_DIR) + "/src/agent/testdata/" + name);
    return nlohmann::json::parse(file);
  }
};

}  // namespace tangram::agent::testing
