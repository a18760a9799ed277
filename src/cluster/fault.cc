#include "cluster/fault.h"

#include <fmt/format.h>

#include "base/text.h"

namespace tangram::cluster {

std::string Shown(std::string_view text) {
  constexpr std::size_t kColumns = 40;
  std::string shown = base::Shorten(text.substr(0, 4 * kColumns + 4), kColumns);
  for (char& c : shown) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = '?';
  }
  return shown;
}

void Fault::Within(std::string_view field) {
  const bool joined = path_.empty() || path_.front() == '[' || path_.front() == '.';
  path_ = fmt::format("{}{}{}", field, joined ? "" : ".", path_);
}

void Fault::Within(std::size_t index) {
  const bool joined = path_.empty() || path_.front() == '[';
  path_ = fmt::format("[{}]{}{}", index, joined ? "" : ".", path_);
}

void Fault::Of(std::string object) { object_ = std::move(object); }

base::Error Fault::ToError() const {
  std::string where = path_;
  if (!object_.empty()) where += fmt::format(" of \"{}\"", Shown(object_));
  if (!where.empty()) where += ": ";
  return {base::ErrorCode::kInvalid, "snapshot: " + where + what_};
}

}  // namespace tangram::cluster
