// Names as keyed digests.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

namespace tangram::cluster {

class NameHasher {
 public:
  // Whoever has `key` can test a name against a digest; without it nothing is learned.
  explicit NameHasher(std::string_view key);

  // "<kind>-<12 hex digits>"; the digits depend on the name alone, so that a name is the same
  // wherever it stands. 12 and not fewer: 200,000 pods must keep names of their own. An empty name
  // stays empty.
  std::string Of(std::string_view kind, std::string_view name);

 private:
  std::string key_;
  std::unordered_map<std::string, std::string> digits_;
};

}  // namespace tangram::cluster
