#include "agent/cgroup.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"

namespace tangram::agent {
namespace {

bool IsHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char letter) {
    return (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'f');
  });
}

// A UUID, or the 32 digits of a static pod's; the systemd driver writes dashes as underscores.
std::string UidOf(std::string_view text) {
  std::string uid(text);
  std::replace(uid.begin(), uid.end(), '_', '-');
  constexpr std::array<std::size_t, 4> kDashes = {8, 13, 18, 23};
  if (uid.size() == 32 && IsHex(uid)) return uid;
  if (uid.size() != 36) return "";
  for (std::size_t i = 0; i < uid.size(); ++i) {
    const bool dash = std::find(kDashes.begin(), kDashes.end(), i) != kDashes.end();
    if (dash ? uid[i] != '-' : !IsHex(uid.substr(i, 1))) return "";
  }
  return uid;
}

// "cri-containerd-ID.scope", "crio-ID", "docker-ID.scope", "ID"; containerd's cgroupfs driver may
// write "kubepods-podUID.slice:cri-containerd:ID".
std::string ContainerIn(std::string_view part) {
  constexpr std::string_view kScope = ".scope";
  constexpr std::size_t kDigits = 64;
  if (part.ends_with(kScope)) part.remove_suffix(kScope.size());
  if (part.size() < kDigits) return "";
  const std::string_view id = part.substr(part.size() - kDigits);
  const std::string_view before = part.substr(0, part.size() - kDigits);
  const bool apart = before.empty() || before.ends_with('-') || before.ends_with(':');
  if (!apart || before.find("conmon") != std::string_view::npos || !IsHex(id)) return "";
  return std::string(id);
}

std::optional<CgroupPlace> PlaceIn(std::string_view path) {
  CgroupPlace place;
  bool above = true;  // of the part that names the pod
  const auto parts = base::Split(path, '/');
  bool relative = parts.size() > 1 && parts[1] == "..";
  for (const std::string_view part : parts) {
    if (part.empty() || part == "..") continue;
    if (above) {
      place.pod_uid = PodUidIn(part.substr(0, part.find(':')));
      above = place.pod_uid.empty();
      if (const std::size_t last = part.rfind(':'); !above && last != std::string_view::npos) {
        place.container_id = ContainerIn(part.substr(last + 1));
      }
      // From within our own pod, its name is cut off.
      if (above && relative) place.container_id = ContainerIn(part);
      if (!place.container_id.empty()) return place;
      relative = false;  // but only there
      continue;
    }
    place.container_id = ContainerIn(part);
    return place;  // what is below is the container's own
  }
  if (above) return std::nullopt;
  return place;
}

}  // namespace

std::string PodUidIn(std::string_view folder) {
  constexpr std::string_view kSlice = ".slice";
  constexpr std::string_view kPod = "pod";
  if (folder.ends_with(kSlice)) {
    folder.remove_suffix(kSlice.size());
    const std::size_t last = folder.rfind("-pod");
    if (!folder.starts_with("kube") || last == std::string_view::npos) return "";
    return UidOf(folder.substr(last + 1 + kPod.size()));
  }
  return folder.starts_with(kPod) ? UidOf(folder.substr(kPod.size())) : "";
}

std::optional<CgroupPlace> ParseCgroup(std::string_view text) {
  std::optional<CgroupPlace> best;
  for (const std::string_view line : base::Split(text, '\n')) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    auto place = PlaceIn(line.substr(second + 1));
    if (!place) continue;
    if (!place->container_id.empty()) return place;
    if (!best) best = std::move(place);
  }
  return best;
}

}  // namespace tangram::agent
