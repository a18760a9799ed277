// The published openb files, for tests: they are not copied into the project.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace tangram::sim {

inline std::filesystem::path OpenbFolder() {
  const char* shared = std::getenv("TANGRAM_SHARED");
  const std::filesystem::path root =
      shared != nullptr ? std::filesystem::path(shared)
                        : std::filesystem::path(TANGRAM_SOURCE_DIR) / ".." / "shared";
  return root / "data" / "openb";
}

inline std::string ReadFile(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

// Skips a test where the files are absent.
#define TANGRAM_NEEDS_OPENB()                                                             \
  if (!std::filesystem::exists(OpenbFolder()))                                            \
  GTEST_SKIP() << OpenbFolder() << " is absent; set TANGRAM_SHARED to a folder that has " \
               << "data/openb of alibaba/clusterdata, cluster-trace-gpu-v2023"

}  // namespace tangram::sim
