// metadata of any object.
#pragma once

#include <string>
#include <string_view>

#include "adapter/json.h"
#include "cluster/pod.h"

namespace tangram::adapter {

struct Meta {
  std::string ns;
  std::string name;
  std::string uid;
  cluster::Labels labels;       // without the hashes that controllers add
  cluster::Labels annotations;  // of the allow list only: free text of users is not read
  base::Time created_at;
  bool terminating = false;   // deletionTimestamp is set
  cluster::Owner controller;  // the owner reference with controller: true, as it stands
  std::string pod_template_hash;
};

Meta ReadMeta(Json metadata);

// Whether controllers make up the label's values, which are not kept: "pod-template-hash".
bool IsMadeUpLabel(std::string_view key);

// Whether an annotation steers disruption or queueing, or is ours.
bool IsReadAnnotation(std::string_view key);

}  // namespace tangram::adapter
