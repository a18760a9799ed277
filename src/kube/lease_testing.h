// Candidates for one Lease in virtual time: a server that keeps it, a network that delays and
// loses, processes that pause, and clocks that run as they like. For tests alone.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kube/lease.h"

namespace tangram::kube {

// True time, from the start of the story.
using StoryTime = std::chrono::milliseconds;

// One Lease, with the API server's optimistic concurrency.
class LeaseServer {
 public:
  base::Result<net::Response> Answer(const Call& call) {
    ++calls;
    if (down) return base::Fail(base::ErrorCode::kUnavailable, "the server is down");
    if (call.method == "GET") return Read();
    if (call.method == "POST" && lease_) return base::Fail(base::ErrorCode::kConflict, "exists");
    auto object = nlohmann::json::parse(call.body);
    if (call.method == "PUT") {
      if (!lease_) return base::Fail(base::ErrorCode::kNotFound, "gone");
      if (object["metadata"]["resourceVersion"] != std::to_string(version_)) {
        return base::Fail(base::ErrorCode::kConflict, "modified");
      }
    }
    object["metadata"]["resourceVersion"] = std::to_string(++version_);
    lease_ = std::move(object);
    return Read();
  }
  const nlohmann::json& spec() const { return (*lease_)["spec"]; }
  bool exists() const { return lease_.has_value(); }
  void Delete() { lease_.reset(); }
  // Somebody else writes the Lease.
  void Edit(const std::function<void(nlohmann::json&)>& edit) {
    edit(*lease_);
    (*lease_)["metadata"]["resourceVersion"] = std::to_string(++version_);
  }

  bool down = false;
  int calls = 0;

 private:
  base::Result<net::Response> Read() const {
    if (!lease_) return base::Fail(base::ErrorCode::kNotFound, "no such lease");
    return net::Response{.status = 200, .headers = {}, .body = lease_->dump()};
  }
  std::optional<nlohmann::json> lease_;
  std::int64_t version_ = 0;
};

// How a call fares on its way.
struct Passage {
  StoryTime there{1};
  StoryTime back{1};
  bool lost_there = false;
  bool lost_back = false;
};

class LeaseStory {
 public:
  struct Candidate {
    std::unique_ptr<LeaderElection> election;
    std::string name;
    double rate = 1.0;          // of its monotonic clock
    StoryTime wall_offset{0};   // of its wall clock, beside the rate
    StoryTime paused_until{0};  // it neither acts nor hears
    bool dead = false;
    std::vector<std::string> log;  // "+a 0": leads, with transitions; "-": leads no more
    bool led = false;
  };

  explicit LeaseStory(std::uint64_t seed = 1) : state_(seed) {
    passage = [](const std::string&) { return Passage{}; };
  }

  Candidate& Add(const std::string& name, LeaseOptions options = {}) {
    options.ns = "tangram";
    options.name = "controller";
    options.identity = name;
    auto candidate = std::make_unique<Candidate>();
    candidate->name = name;
    candidate->election = std::make_unique<LeaderElection>(options, [this] { return Next(); });
    candidates_.push_back(std::move(candidate));
    return *candidates_.back();
  }

  Instant ClockOf(const Candidate& candidate) const {
    const auto span = std::chrono::duration_cast<std::chrono::steady_clock::duration>(
        std::chrono::duration<double, std::milli>(static_cast<double>(now_.count()) *
                                                  candidate.rate));
    const auto wall = std::chrono::floor<std::chrono::milliseconds>(span) + candidate.wall_offset;
    return {.steady = std::chrono::steady_clock::time_point(span) + std::chrono::hours(1),
            .wall = base::Time(std::chrono::hours(24 * 365 * 50)) + wall};
  }
  bool MayWrite(const Candidate& candidate) const {
    const auto& fence = candidate.election->fence();
    return !candidate.dead && fence && fence->MayWrite(ClockOf(candidate));
  }
  // Those that may write now, whatever else they are doing.
  std::vector<std::string> Leaders() const {
    std::vector<std::string> names;
    for (const auto& candidate : candidates_) {
      if (MayWrite(*candidate)) names.push_back(candidate->name);
    }
    return names;
  }

  // Runs until then; false as soon as two may write.
  bool Run(StoryTime span) {
    constexpr StoryTime kStep{10};
    for (const StoryTime until = now_ + span; now_ < until;) {
      now_ += kStep;
      Deliver();
      for (const auto& candidate : candidates_) Act(*candidate);
      if (Leaders().size() > 1) return false;
    }
    return true;
  }
  void Release(Candidate& candidate) {
    Send(candidate, candidate.election->Release(ClockOf(candidate)));
    Note(candidate);
  }

  StoryTime now() const { return now_; }
  std::uint64_t Next() { return state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL; }

  LeaseServer server;
  std::function<Passage(const std::string& candidate)> passage;

 private:
  struct Parcel {
    StoryTime at{};
    std::function<void()> open;
  };

  void Deliver() {
    // What is opened may post more.
    for (std::size_t i = 0; i < parcels_.size();) {
      if (parcels_[i].at > now_) {
        ++i;
        continue;
      }
      const auto open = std::move(parcels_[i].open);
      parcels_.erase(parcels_.begin() + static_cast<std::ptrdiff_t>(i));
      open();
    }
  }
  void Act(Candidate& candidate) {
    if (candidate.dead || candidate.paused_until > now_) return;
    const Instant clock = ClockOf(candidate);
    if (clock.steady >= candidate.election->next()) {
      Send(candidate, candidate.election->Tick(clock));
    }
    Note(candidate);
  }
  void Send(Candidate& candidate, std::optional<Call> call) {
    if (!call) return;
    const Passage way = passage(candidate.name);
    const base::Result<net::Response> lost = base::Fail(base::ErrorCode::kUnavailable, "timeout");
    Candidate* const to = &candidate;
    if (way.lost_there) return Post(now_ + call->timeout, [=, this] { Hear(*to, lost); });
    const StoryTime heard = now_ + way.there + way.back;
    const StoryTime deadline = now_ + call->timeout;
    const bool answered = !way.lost_back && heard < deadline;
    Post(now_ + way.there, [=, this, call = *call] {
      const auto answer = server.Answer(call);
      if (answered) Post(heard, [=, this] { Hear(*to, answer); });
    });
    if (!answered) Post(deadline, [=, this] { Hear(*to, lost); });
  }
  void Hear(Candidate& candidate, const base::Result<net::Response>& answer) {
    if (candidate.dead) return;
    if (candidate.paused_until > now_) {
      Candidate* const to = &candidate;
      return Post(candidate.paused_until, [=, this] { Hear(*to, answer); });
    }
    Send(candidate, candidate.election->TakeAnswer(answer, ClockOf(candidate)));
    Note(candidate);
  }
  void Note(Candidate& candidate) {
    const bool leads = candidate.election->fence().has_value();
    if (leads && !candidate.led) {
      candidate.log.push_back("+" + std::to_string(candidate.election->fence()->transitions));
    }
    if (!leads && candidate.led) candidate.log.push_back("-");
    candidate.led = leads;
  }
  void Post(StoryTime at, std::function<void()> open) { parcels_.push_back({at, std::move(open)}); }

  StoryTime now_{0};
  std::uint64_t state_;
  std::vector<std::unique_ptr<Candidate>> candidates_;
  std::vector<Parcel> parcels_;
};

}  // namespace tangram::kube
