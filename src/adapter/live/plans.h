// GpuPlans, followed.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "adapter/live/mailbox.h"
#include "kube/client.h"

namespace tangram::adapter {

// Runs on the client's thread and posts each plan that came, changed or went. A plan that cannot be
// read counts as not there, and is named to `log`.
class LivePlans {
 public:
  using Log = std::function<void(const std::string& line)>;
  // Borrowed: both must outlive it.
  LivePlans(kube::Client& client, Mailbox& mailbox, Log log);
  ~LivePlans();
  LivePlans(const LivePlans&) = delete;
  LivePlans& operator=(const LivePlans&) = delete;

  void Start();
  bool Synced() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tangram::adapter
