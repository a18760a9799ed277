#include "kube/call.h"

#include "net/http.h"

namespace tangram::kube {

std::string Target(const Call& call) {
  std::string target = call.path;
  char separator = '?';
  for (const auto& [name, value] : call.query) {
    target += separator + net::UrlEncode(name) + "=" + net::UrlEncode(value);
    separator = '&';
  }
  return target;
}

std::string AcceptList(Content content) {
  if (content == Content::kFull) return "application/json";
  return "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
}

std::string AcceptObject(Content content) {
  if (content == Content::kFull) return "application/json";
  return "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
}

}  // namespace tangram::kube
