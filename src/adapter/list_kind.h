// One kind of object, listed and decoded, with what went wrong as gaps.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cluster/snapshot.h"
#include "kube/client.h"

namespace tangram::adapter {

// How often a kind must be there.
enum class Presence { kAlways, kIfServed };

// A kind in the versions that can be read, the newest first. One that is not kAlways is looked up
// in discovery.
struct Kind {
  std::vector<kube::Resource> versions;
  Presence presence = Presence::kAlways;
};

template <class T>
struct Listed {
  std::vector<T> items;
  std::vector<cluster::Gap> gaps;
  std::optional<base::Error> failed;  // the list as a whole
  bool served = false;
  std::size_t requests = 0;
};

inline constexpr const char* kLeftOut =
    "the object is left out of every figure; compare the field with the API's schema";
// Objects that could not be read are named up to this many; the others are counted.
inline constexpr std::size_t kMostNamed = 20;

// The version to list; nothing where none is served.
base::Result<std::optional<kube::Resource>> ChooseVersion(kube::Client& client, const Kind& kind);

// Why a list failed and the RBAC rule that allows it, as a gap.
cluster::Gap GapOf(const kube::Resource& resource, const base::Error& error);
cluster::Gap GapOfRest(const kube::Resource& resource, std::size_t unnamed);

// `decode` gives Result<T> or Result<optional<T>>.
template <class T, class Decode>
Listed<T> ListKind(kube::Client& client, const Kind& kind, const kube::ListOptions& options,
                   const Decode& decode, const std::function<void(std::size_t)>& progress) {
  Listed<T> listed;
  const auto resource = ChooseVersion(client, kind);
  if (!resource) {
    listed.gaps.push_back(GapOf(kind.versions.front(), resource.error()));
    listed.failed = resource.error();
    return listed;
  }
  if (!resource->has_value()) return listed;
  listed.served = true;
  std::vector<cluster::Gap> bad;
  std::size_t unnamed = 0;
  std::size_t seen = 0;
  kube::ListHandler handler;
  handler.on_item = [&](simdjson::ondemand::object& item) -> base::Result<void> {
    auto decoded = decode(item);
    if (!decoded) {
      const bool named = bad.size() < kMostNamed;
      if (named) bad.push_back({(*resource)->Name(), decoded.error().message, kLeftOut});
      if (!named) ++unnamed;
    } else if constexpr (std::is_same_v<std::decay_t<decltype(*decoded)>, T>) {
      listed.items.push_back(std::move(*decoded));
    } else if (decoded->has_value()) {
      listed.items.push_back(std::move(**decoded));
    }
    ++seen;
    if (seen % 500 == 0) progress(seen);
    return {};
  };
  handler.on_restart = [&] {
    listed.items.clear();
    bad.clear();
    unnamed = 0;
    seen = 0;
  };
  const auto meta = client.List(**resource, options, handler);
  listed.gaps = std::move(bad);
  if (unnamed > 0) listed.gaps.push_back(GapOfRest(**resource, unnamed));
  if (!meta) {
    // A list that broke off half-way would give wrong sums.
    listed.items.clear();
    listed.gaps.push_back(GapOf(**resource, meta.error()));
    listed.failed = meta.error();
  }
  progress(seen);
  return listed;
}

}  // namespace tangram::adapter
