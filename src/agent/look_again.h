// Has those look at the cards again who read them when they begin: NVIDIA's device plugin and
// feature discovery. A hangup makes both begin anew without leaving the node, as their own
// config-manager does it (k8s-device-plugin v0.20, cmd/config-manager); running pods keep what they
// hold.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace tangram::agent {

struct ToldToLookAgain {
  int device_plugins = 0;               // that were told
  std::vector<std::string> problems{};  // who could not be told, and why
};

// `hang_up` sends a process SIGHUP, and gives 0 or the errno.
struct LookAgainDeps {
  std::string proc = "/proc";
  std::function<int(int pid)> hang_up{};  // kill(2) where it is empty
};

// The processes of this PID namespace: the host's, where the agent runs in a pod.
ToldToLookAgain TellToLookAgain(const LookAgainDeps& deps);

// For the order's message: what a person has to do, as nobody was told; empty: nothing.
std::string WhatIsLeftToDo(const ToldToLookAgain& told);

}  // namespace tangram::agent
