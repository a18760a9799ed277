#include "cluster/name_hasher.h"

#include "base/digest.h"

namespace tangram::cluster {

// The hashed key has a fixed length, so no two pairs of key and name give one text; the cut digest
// cannot be extended.
NameHasher::NameHasher(std::string_view key) : key_(base::Sha256Hex(key)) {}

std::string NameHasher::Of(std::string_view kind, std::string_view name) {
  if (name.empty()) return {};
  constexpr std::size_t kDigits = 12;
  const auto [entry, is_new] = digits_.try_emplace(std::string(name));
  if (is_new) entry->second = base::Sha256Hex(key_ + entry->first).substr(0, kDigits);
  return std::string(kind) + "-" + entry->second;
}

}  // namespace tangram::cluster
