// The webhook's logic: an AdmissionReview in, its answer out. No HTTP, no thread of its own.
//
// Pods that carry the label tangram.dev/gpu-class get what their class asks for (plan/classes), and
// the scheduling gate tangram.dev/placement. Everything else passes unchanged: other objects and
// operations, pods without the label, pods of excluded namespaces and of kube-system, pods that
// name their GPUs or claims themselves, pods bound to a node. docs/admission.md is the contract.
//
// Values of environment variables, commands and args are never read, and never in an answer or log.
//
// Threads: any number may call Review at once; SetIndex may be called beside them.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/grants.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "plan/classes/classes.h"

namespace tangram::adapter {

// The API server sends at most 3 MiB of object; a review holds it, and an old one.
inline constexpr std::size_t kMostReviewBytes = 8 << 20;

// What became of a review: for metrics and logs.
enum class Outcome {
  kUntouched,  // allowed as it is
  kPatched,    // allowed, with a patch
  kRefused,    // not allowed, with a message for its owner
  kNotReady,   // allowed as it is: there is no index yet, or a claim's template was not made
  kMalformed,  // no answer to a review: HTTP 400 or 413
};
std::string_view NameOf(Outcome outcome);  // "patched"

struct Reviewed {
  int status = 200;  // HTTP
  std::string body;  // the answer, JSON; for kMalformed a sentence in plain text
  Outcome outcome = Outcome::kUntouched;
  std::string what{};  // one line: what was chosen, or why not; empty where nothing was asked
};

struct ReviewRequest;
struct ReadPod;

class Admission {
 public:
  struct Settings {
    std::vector<std::string> excluded_namespaces{};  // beside kube-system
    bool gate = true;                                // whether the scheduling gate is added
  };
  // Sees to it that this template is in the namespace before a pod is given a claim of it: nobody
  // would make it later, and the pod would wait for ever. Called on the thread of the review, whose
  // answer waits for it; an error leaves the pod as it is.
  using NeedTemplate =
      std::function<base::Result<void>(const std::string& ns, const plan::classes::ClaimAsk&)>;

  // Borrows the clock.
  Admission(Settings settings, const base::Clock& clock, NeedTemplate need_template = {});

  // From now on decisions are made by this; what was given out and it does not show stays counted.
  void SetIndex(std::shared_ptr<const plan::classes::Index> index);

  Reviewed Review(std::string_view body);

 private:
  enum class Run { kReal, kDry };
  bool IsExcluded(std::string_view ns) const;
  // Nothing: there is no index yet.
  std::optional<plan::classes::Decision> Decide(const cluster::Pod& pod, std::string_view admission,
                                                Run run);
  Reviewed Admit(const ReviewRequest& request, const ReadPod& read);
  Reviewed Regate(const ReviewRequest& request, const ReadPod& read) const;

  const Settings settings_;
  const base::Clock& clock_;
  NeedTemplate need_template_;
  base::Mutex mu_;
  Grants grants_ GUARDED_BY(mu_);
};

// The ResourceClaimTemplate of a claim, as JSON, for the API server.
std::string ClaimTemplateJson(const std::string& ns, const plan::classes::ClaimAsk& claim);

}  // namespace tangram::adapter
