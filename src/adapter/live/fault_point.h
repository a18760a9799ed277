// Where tests kill `tangram controller`: around each of its writes.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "kube/client.h"

namespace tangram::adapter {

// Each write that a control plane makes has two points: "before patch pods", "after patch pods".
// They lie in the client, where every write passes (kube::ClientOptions::on_write); the list is
// what tests go through. testbed/faults_test.py fails where a right to write, or a write that was
// seen, is not in it.
std::vector<std::string> FaultPoints();

// Ends the process as SIGKILL does when a write passes `point`: one of FaultPoints, and, after a
// space, which time (1 where nothing is said). kInvalid: there is no such point.
base::Result<std::function<void(kube::WriteMoment, const kube::Asked&)>> DieAt(
    const std::string& point);

}  // namespace tangram::adapter
