// What a person may have meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tangram::base {

// The most different `text` may be from a candidate, in letters changed, added or left out.
struct Nearness {
  std::size_t most = 0;
  std::size_t count = 3;  // candidates to return
};

// The candidates nearest to `text`, nearest first, ties in their order; none where all are farther
// than `most`. Text beyond 200 letters has none.
std::vector<std::string> Nearest(std::string_view text, const std::vector<std::string>& candidates,
                                 Nearness nearness);

// "a, b or c".
std::string OneOf(const std::vector<std::string>& words);

// "a, b"; of more than `most`, the first and a count: "a, b, c, d, e and 9995 more". For messages
// that would name every node of a large cluster.
std::string Few(const std::vector<std::string>& words, std::size_t most = 5);

}  // namespace tangram::base
