// The published openb files, for tests: they are not copied into the project.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/file.h"

namespace tangram::sim {

inline std::filesystem::path OpenbFolder() {
  const char* shared = std::getenv("TANGRAM_SHARED");
  const std::filesystem::path root =
      shared != nullptr ? std::filesystem::path(shared)
                        : std::filesystem::path(TANGRAM_SOURCE_DIR) / ".." / "shared";
  return root / "data" / "openb";
}

// A published file whole; the test fails where it cannot be read.
inline std::string OpenbText(const std::filesystem::path& name) {
  constexpr std::size_t kMostBytes = 64UL << 20;
  auto text = base::ReadFile(OpenbFolder() / name, kMostBytes);
  EXPECT_TRUE(text) << text.error().message;
  return text ? *std::move(text) : std::string();
}

// Skips a test where the files are absent.
#define TANGRAM_NEEDS_OPENB()                                                             \
  if (!std::filesystem::exists(OpenbFolder()))                                            \
  GTEST_SKIP() << OpenbFolder() << " is absent; set TANGRAM_SHARED to a folder that has " \
               << "data/openb of alibaba/clusterdata, cluster-trace-gpu-v2023"

}  // namespace tangram::sim
