// Just enough of CEL to see which attributes and capacities of a device an expression reads.
//
// Not a parser: what it does not understand it does not report.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tangram::lint {

struct CelToken {
  enum class Kind { kName, kText, kNumber, kSign };
  Kind kind = Kind::kSign;
  std::string text;       // of kText without its quotes
  std::size_t begin = 0;  // in the expression
  std::size_t end = 0;
};

// The tokens of `expression`; ends early at a quote that is never closed.
std::vector<CelToken> CelTokens(std::string_view expression);

enum class DeviceMap { kAttributes, kCapacity };

// device.attributes["gpu.nvidia.com"].profile
struct CelRead {
  enum class Form {
    kPlain,     // an error on a device that does not have it
    kOptional,  // .?profile
    kTest,      // "profile" in device.attributes[...], or has(...)
  };
  DeviceMap map = DeviceMap::kAttributes;
  Form form = Form::kPlain;
  std::string domain;
  std::string name;
  std::size_t first = 0;  // tokens [first, last) are the read
  std::size_t last = 0;
};
std::vector<CelRead> ReadsIn(const std::vector<CelToken>& tokens);

// True where `left == "right"` stands in the expression, in either order; `left` as in
// {"device", ".", "driver"}.
bool Compares(const std::vector<CelToken>& tokens, const std::vector<std::string_view>& left,
              std::string_view right);

// device.attributes["gpu.nvidia.com"]
std::string MapText(DeviceMap map, std::string_view domain);

}  // namespace tangram::lint
