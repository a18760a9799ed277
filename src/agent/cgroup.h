// Which container a process is in, as /proc/PID/cgroup says it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tangram::agent {

struct CgroupPlace {
  std::string pod_uid;       // with dashes; empty: not told
  std::string container_id;  // 64 hexadecimal digits; empty: not told
  bool operator==(const CgroupPlace&) const = default;
};

// None: in no pod. Version 1 and 2, the cgroup drivers systemd and cgroupfs, containerd, CRI-O and
// Docker; seen from the host, or from a cgroup namespace of our own (paths that begin with "/..").
//
// A container may make cgroups of any name below its own, so that the outermost pod counts. Pure;
// any input is safe.
std::optional<CgroupPlace> ParseCgroup(std::string_view text);

// The uid of the pod whose folder has that name: "kubepods-burstable-podUID.slice", "podUID";
// empty: it is no pod's.
std::string PodUidIn(std::string_view folder);

}  // namespace tangram::agent
