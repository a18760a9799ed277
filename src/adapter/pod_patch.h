// The JSON Patch (RFC 6902) that gives a pod what was chosen for it.
//
// Operations only add; only labels and annotations of ours, and the priority that another admission
// plugin has worked out before the class gave one, are replaced or removed. Nothing that the pod
// asks for is taken away.
#pragma once

#include <string>
#include <string_view>

#include "adapter/pod_form.h"
#include "cluster/pod.h"
#include "plan/classes/choice.h"

namespace tangram::adapter {

struct PodEdit {
  const PodForm& form;
  const cluster::Pod& pod;
  const ContainerForm& container;  // that gets the device
  bool gate = true;                // whether our gate is added, unless it is there
};

// A JSON list; "[]" where nothing changes.
std::string PatchFor(const plan::classes::Choice& choice, std::string_view admission,
                     const PodEdit& edit);
// Only the gate.
std::string GatePatch(const PodForm& form);

// The name of our claim within the pod.
inline constexpr std::string_view kClaimName = "tangram-gpu";

}  // namespace tangram::adapter
