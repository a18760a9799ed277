// Where the cgroups of pods are, in the one hierarchy of version 2.
#pragma once

#include <map>
#include <string>

namespace tangram::agent {

class PodCgroups {
 public:
  // `root`: where the host's hierarchy is, as this process sees it: "/sys/fs/cgroup".
  explicit PodCgroups(std::string root) : root_(std::move(root)) {}

  // Why no pod can be found there, and what to do; empty: they can.
  std::string Trouble() const;
  // The folder of the pod of that uid; empty: there is none. Both drivers, systemd and cgroupfs,
  // below whatever the kubelet calls its own. Remembered while it is there.
  std::string Of(const std::string& pod_uid);

 private:
  std::string root_;
  std::map<std::string, std::string> known_;  // by uid
};

}  // namespace tangram::agent
