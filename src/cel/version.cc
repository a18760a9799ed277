#include "cel/version.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"

namespace tangram::cel {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsNumber(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsDigit);
}
bool IsIdentifier(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
  });
}

std::optional<std::uint64_t> ReadNumber(std::string_view text) {
  if (!IsNumber(text) || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// At most three parts; the third one is the rest.
std::vector<std::string_view> SplitInThree(std::string_view text) {
  std::vector<std::string_view> parts;
  while (parts.size() < 2) {
    const std::size_t dot = text.find('.');
    if (dot == std::string_view::npos) break;
    parts.push_back(text.substr(0, dot));
    text.remove_prefix(dot + 1);
  }
  parts.push_back(text);
  return parts;
}

// Numbers come before names; numbers by value, names by bytes.
int CompareIdentifiers(const std::string& a, const std::string& b) {
  if (IsNumber(a) != IsNumber(b)) return IsNumber(a) ? -1 : 1;
  if (IsNumber(a) && a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  const int order = a.compare(b);
  return order == 0 ? 0 : order < 0 ? -1 : 1;
}

}  // namespace

std::optional<Version> ParseVersion(std::string_view text) {
  const std::vector<std::string_view> parts = SplitInThree(text);
  if (parts.size() != 3) return std::nullopt;
  std::string_view patch = parts[2];
  if (const std::size_t plus = patch.find('+'); plus != std::string_view::npos) {
    for (const std::string_view part : base::Split(patch.substr(plus + 1), '.')) {
      if (!IsIdentifier(part)) return std::nullopt;
    }
    patch = patch.substr(0, plus);
  }
  Version version;
  if (const std::size_t dash = patch.find('-'); dash != std::string_view::npos) {
    for (const std::string_view part : base::Split(patch.substr(dash + 1), '.')) {
      if (!IsIdentifier(part) || (IsNumber(part) && !ReadNumber(part))) return std::nullopt;
      version.prerelease.emplace_back(part);
    }
    patch = patch.substr(0, dash);
  }
  const auto major = ReadNumber(parts[0]);
  const auto minor = ReadNumber(parts[1]);
  const auto last = ReadNumber(patch);
  if (!major || !minor || !last) return std::nullopt;
  version.major = *major;
  version.minor = *minor;
  version.patch = *last;
  return version;
}

std::optional<Version> ParseTolerantVersion(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  const std::vector<std::string_view> parts = SplitInThree(text);
  if (parts.size() < 3 && parts.back().find_first_of("+-") != std::string_view::npos) {
    return std::nullopt;
  }
  std::string joined;
  for (std::size_t i = 0; i < 3; ++i) {
    std::string part(i < parts.size() ? parts[i] : "0");
    if (part.size() > 1) {
      part.erase(0, std::min(part.find_first_not_of('0'), part.size()));
      if (part.empty() || !IsDigit(part[0])) part.insert(0, "0");
    }
    joined += (i == 0 ? "" : ".") + part;
  }
  return ParseVersion(joined);
}

int Compare(const Version& a, const Version& b) {
  const std::array<std::uint64_t, 3> left = {a.major, a.minor, a.patch};
  const std::array<std::uint64_t, 3> right = {b.major, b.minor, b.patch};
  if (left != right) return left < right ? -1 : 1;
  if (a.prerelease.empty() || b.prerelease.empty()) {
    // A release comes after its own candidates.
    return static_cast<int>(a.prerelease.empty()) - static_cast<int>(b.prerelease.empty());
  }
  for (std::size_t i = 0; i < std::min(a.prerelease.size(), b.prerelease.size()); ++i) {
    const int order = CompareIdentifiers(a.prerelease[i], b.prerelease[i]);
    if (order != 0) return order;
  }
  if (a.prerelease.size() == b.prerelease.size()) return 0;
  return a.prerelease.size() < b.prerelease.size() ? -1 : 1;
}

}  // namespace tangram::cel
