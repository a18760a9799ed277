#include "adapter/printable.h"

#include <algorithm>

namespace tangram::adapter {

std::string Printable(std::string_view text) {
  constexpr std::size_t kMost = 60;
  std::string out(text.substr(0, kMost));
  std::replace_if(out.begin(), out.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  if (text.size() > kMost) out += "...";
  return out;
}

}  // namespace tangram::adapter
