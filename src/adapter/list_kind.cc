#include "adapter/list_kind.h"

namespace tangram::adapter {

base::Result<std::optional<kube::Resource>> ChooseVersion(kube::Client& client, const Kind& kind) {
  if (kind.presence == Presence::kAlways) return kind.versions.front();
  for (const kube::Resource& resource : kind.versions) {
    const auto served = client.Serves(resource);
    if (!served) return tl::unexpected<base::Error>(served.error());
    if (*served) return resource;
  }
  return std::nullopt;
}

cluster::Gap GapOf(const kube::Resource& resource, const base::Error& error) {
  std::string remedy;
  switch (error.code) {
    case base::ErrorCode::kDenied:
    case base::ErrorCode::kNotFound:
      remedy = "{apiGroups: [\"" + resource.group + "\"], resources: [" + resource.plural +
               "], verbs: [list]}";
      break;
    default:
      remedy = "try again; if it stays, look at the API server's log";
  }
  return {resource.Name(), error.message, std::move(remedy)};
}

cluster::Gap GapOfRest(const kube::Resource& resource, std::size_t unnamed) {
  return {resource.Name(), std::to_string(unnamed) + " more objects could not be read", kLeftOut};
}

}  // namespace tangram::adapter
