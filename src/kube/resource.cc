#include "kube/resource.h"

#include "net/http.h"

namespace tangram::kube {

std::string Resource::GroupVersionPath() const {
  if (group.empty()) return "/api/" + net::UrlEncode(version);
  return "/apis/" + net::UrlEncode(group) + "/" + net::UrlEncode(version);
}

std::string Resource::Path(std::string_view ns, std::string_view name) const {
  std::string path = GroupVersionPath();
  if (!ns.empty()) path += "/namespaces/" + net::UrlEncode(ns);
  path += "/" + net::UrlEncode(plural);
  if (!name.empty()) path += "/" + net::UrlEncode(name);
  return path;
}

}  // namespace tangram::kube
