// Writes the report where it is worth a write. Nothing here waits: it is asked again and again.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "agent/gpu_node.h"
#include "agent/gpu_node_api.h"
#include "base/clock.h"

namespace tangram::agent {

struct ReporterOptions {
  std::string node;
  base::Milliseconds least{10'000};       // between two writes of what changed
  base::Milliseconds heartbeat{300'000};  // where nothing changed
  base::Milliseconds first_retry{10'000};
  base::Milliseconds most_retry{300'000};
};

// Makes the object where it is not there, as one of the Node's, so that it goes with it. Not
// thread-safe.
class GpuNodeReporter {
 public:
  struct Deps {
    GpuNodeApi& api;
    const base::Clock& clock;
    std::function<void(const std::string&)> log;
  };
  GpuNodeReporter(Deps deps, ReporterOptions options)
      : deps_(std::move(deps)), options_(std::move(options)) {}

  // What the object is to say. Urgent: at the next Poll.
  enum class Haste { kNone, kUrgent };
  void Offer(Report report, Haste haste);
  // Takes what was answered, and sends what is due.
  void Poll();
  // What was offered last stands in the object.
  bool Written() const { return offered_ && written_ == offered_->gist; }

 private:
  enum class Asked { kNothing, kPatch, kNode, kCreate };
  bool Due(base::Time now) const;
  void TakeAnswer(base::Time now);
  void Fail(base::Time now, const base::Error& error);
  void Send(Asked asked, kube::Call call);
  void Patch();

  Deps deps_;
  ReporterOptions options_;
  std::optional<Report> offered_;
  bool urgent_ = false;
  Asked asked_ = Asked::kNothing;
  std::string sent_;     // the gist of what is on the way
  std::string written_;  // of what stands in the object
  std::optional<base::Time> last_;
  base::Time not_before_{};
  base::Milliseconds retry_{0};
  std::string said_;  // why it cannot be written
};

}  // namespace tangram::agent
