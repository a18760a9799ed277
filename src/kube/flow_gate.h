// A Flow at work on a client's thread, and what is counted of its requests. Used by client.cc
// alone.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "kube/call.h"
#include "kube/flow.h"
#include "metrics/metrics.h"
#include "net/http.h"

namespace tangram::kube {

// The client's thread alone.
class FlowGate {
 public:
  // Borrowed: both must outlive it; `metrics` may be null. No limits: everything passes at once.
  FlowGate(net::HttpClient& http, const std::optional<FlowLimits>& limits,
           metrics::Registry* metrics);

  // Runs `then` when it is its turn: now, or later unless the scope was closed.
  void Pass(const Call& call, net::HttpClient::ScopeId scope, std::function<void()> then);
  // What came of it. `status` 0: no answer. kBusy: the server turned it away.
  enum class Load { kNormal, kBusy };
  struct Outcome {
    int status = 0;
    Load load = Load::kNormal;
    std::string level{};
    std::optional<std::chrono::milliseconds> retry_after{};
    std::chrono::steady_clock::duration took{};
  };
  void Heard(const Call& call, const Outcome& outcome);

 private:
  struct Held {
    Priority priority = Priority::kNormal;
    net::HttpClient::ScopeId scope = 0;
    std::chrono::steady_clock::time_point since{};
    std::function<void()> then;
  };
  void LetGo(Flow::Ticket own);
  void Wake();
  void CountWait(const Held& held);

  net::HttpClient& http_;
  std::optional<Flow> flow_;
  metrics::Registry* metrics_;
  std::map<Flow::Ticket, Held> held_;
  net::HttpClient::Token timer_ = 0;
};

}  // namespace tangram::kube
