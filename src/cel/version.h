// Semantic versions as a selector sees them.
//
// Source: github.com/blang/semver/v4, and semver(text, true) of k8s.io/apiserver.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tangram::cel {

struct Version {
  std::uint64_t major = 0;
  std::uint64_t minor = 0;
  std::uint64_t patch = 0;
  std::vector<std::string> prerelease{};  // identifiers; build metadata orders nothing
};

// "1.2.3-rc.1+build"; nothing if it is not one.
std::optional<Version> ParseVersion(std::string_view text);

// Also "v1", "1.02": without a leading "v" and leading zeros, missing parts are 0.
std::optional<Version> ParseTolerantVersion(std::string_view text);

// -1, 0, 1.
int Compare(const Version& a, const Version& b);

}  // namespace tangram::cel
