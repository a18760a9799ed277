// Questions of people, answered from the model (docs/views.md).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "adapter/live/mailbox.h"
#include "adapter/view_request.h"
#include "cluster/snapshot.h"
#include "kube/client.h"
#include "kube/leader.h"
#include "plan/policy.h"

namespace tangram::adapter {

// Works an answer out; on a thread of its own.
using AnswerView =
    std::function<ViewAnswer(const ViewQuestion& question, const cluster::Snapshot& snapshot,
                             const plan::PlanPolicy& policy)>;

// Follows ViewRequests and answers those that nobody answered yet, where this replica leads; each
// on a thread of its own, which shares objects with the model and keeps nobody waiting. Who asked
// deletes the question; what is left is deleted here, a minute after it was first seen at the
// latest.
class LiveViews {
 public:
  struct Deps {
    // Borrowed: all must outlive it.
    kube::Client& client;
    Mailbox& mailbox;
    const base::Clock& clock;  // never goes back
  };
  struct Handler {
    AnswerView answer{};
    // What plans go by; on the mailbox's thread.
    std::function<plan::PlanPolicy()> policy{};
    // As who it may answer; nothing: not now. On the client's thread.
    std::function<std::optional<kube::Fence>()> leads{};
    std::function<void(const std::string& line)> log{};  // any thread
  };
  LiveViews(const Deps& deps, Handler handler);
  ~LiveViews();
  LiveViews(const LiveViews&) = delete;
  LiveViews& operator=(const LiveViews&) = delete;

  void Start();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tangram::adapter
