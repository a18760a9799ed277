// NodeOperations, followed.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "adapter/live/mailbox.h"
#include "kube/client.h"

namespace tangram::adapter {

// Runs on the client's thread and posts each operation that came, changed or went. One that cannot
// be read counts as not there, and is named to `log`.
class LiveOperations {
 public:
  using Log = std::function<void(const std::string& line)>;
  // Borrowed: both must outlive it.
  LiveOperations(kube::Client& client, Mailbox& mailbox, Log log);
  ~LiveOperations();
  LiveOperations(const LiveOperations&) = delete;
  LiveOperations& operator=(const LiveOperations&) = delete;

  void Start();
  bool Synced() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tangram::adapter
