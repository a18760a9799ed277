// The files of testdata/, for the tests of the readers.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace tangram::objects {

inline const std::filesystem::path kTestdata = TANGRAM_SOURCE_DIR "/src/objects/testdata";

inline std::string TextOf(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

struct RefusedFile {
  std::string name;
  std::string text;
  std::string message;  // what it ends in, behind "# error: "
};

// Those of `kind`/bad.
inline std::vector<RefusedFile> RefusedFiles(const std::string& kind) {
  constexpr std::string_view kMark = "# error: ";
  std::vector<RefusedFile> files;
  for (const auto& file : std::filesystem::directory_iterator(kTestdata / kind / "bad")) {
    const std::string text = TextOf(file.path());
    const std::size_t at = text.find(kMark);
    if (at == std::string::npos) {
      ADD_FAILURE() << file.path() << " does not say what is wrong with it";
      continue;
    }
    const std::size_t begin = at + kMark.size();
    files.push_back(
        {file.path().filename(), text, text.substr(begin, text.find('\n', begin) - begin)});
  }
  return files;
}

}  // namespace tangram::objects
