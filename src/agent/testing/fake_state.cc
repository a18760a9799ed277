#include "agent/testing/fake_state.h"

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <thread>
#include <utility>

#include "base/file.h"

namespace tangram::agent::testing {

using nvml::Status;

namespace {
constexpr const char* kChanges = ".changes";  // beside the description
}

std::uint64_t Microseconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec) / 1000;
}

Played::Played(FakeMachine machine, std::uint64_t born)
    : machine_(std::move(machine)), born_(born) {
  for (const Card& card : machine_.inventory.cards) {
    devices_.push_back({card.index, nullptr});
    if (!card.mig) continue;
    for (const Instance& instance : card.mig->instances) {
      nvml::GpuInstanceTag& made = instances_.emplace_back();
      made.card = card.index;
      made.instance = &instance;
      for (const ComputeInstance& compute : instance.compute) {
        made.compute.push_back({card.index, &compute, &made, {card.index, &compute}});
      }
    }
  }
}

const Card* Played::CardOf(int index) const {
  const auto& cards = machine_.inventory.cards;
  return index >= 0 && static_cast<std::size_t>(index) < cards.size()
             ? &cards[static_cast<std::size_t>(index)]
             : nullptr;
}

FakeState& FakeState::One() {
  static FakeState& one = *new FakeState;  // threads that hang may outlive the end of main
  return one;
}

Status FakeState::Init() {
  const base::MutexLock lock(mutex_);
  const char* named = std::getenv("TANGRAM_FAKE_NVML");
  const std::string path = named != nullptr ? named : "";
  if (initialised_ == 0 || path != path_) {  // a thread that hangs never shuts the library down
    path_ = path;
    constexpr std::size_t kMostBytes = 16U << 20;
    const auto text = base::ReadFile(path_, kMostBytes);
    auto machine = text ? ParseMachine(*text) : tl::unexpected(text.error());
    const auto changes = base::ReadFile(path_ + kChanges, kMostBytes);
    if (machine && changes) {
      if (const auto taken = TakeChanges(*changes, *machine); !taken) {
        machine = tl::unexpected(taken.error());
      }
    }
    if (!machine) {
      std::fprintf(stderr, "fake NVML: TANGRAM_FAKE_NVML=%s: %s\n", path_.c_str(),
                   machine.error().message.c_str());
      return Status::kUnknown;
    }
    machines_.push_back(std::make_shared<Played>(std::move(*machine)));
  }
  ++initialised_;
  return Status::kSuccess;
}

Status FakeState::Shutdown() {
  const base::MutexLock lock(mutex_);
  if (initialised_ == 0) return Status::kUninitialized;
  --initialised_;
  return Status::kSuccess;
}

std::shared_ptr<Played> FakeState::Machine() {
  const base::MutexLock lock(mutex_);
  return initialised_ > 0 ? machines_.back() : nullptr;
}

std::optional<Fault> FakeState::FaultOf(const std::string& call, int card) {
  const base::MutexLock lock(mutex_);
  if (machines_.empty()) return std::nullopt;
  const auto& faults = machines_.back()->faults();
  for (std::size_t i = 0; i < faults.size(); ++i) {
    const Fault& fault = faults[i];
    if ((fault.call != "*" && fault.call != call) || (fault.card >= 0 && fault.card != card)) {
      continue;
    }
    const int before = calls_[{path_, i}]++;
    const bool now = before >= fault.after;
    if (now && (fault.times < 0 || before < fault.after + fault.times)) return fault;
  }
  return std::nullopt;
}

Status FakeState::Suffer(const std::string& call, int card) {
  const auto fault = FaultOf(call, card);
  return fault ? Suffer(*fault) : Status::kSuccess;
}

Status FakeState::Change(const std::function<Status(FakeMachine&)>& change) {
  const base::MutexLock lock(mutex_);
  if (initialised_ == 0) return Status::kUninitialized;
  FakeMachine changed = machines_.back()->described();
  const Status status = change(changed);
  if (status != Status::kSuccess) return status;
  const std::string text = ChangesOf(changed);
  std::FILE* file = std::fopen((path_ + kChanges + ".new").c_str(), "w");
  if (file == nullptr) return Status::kOperatingSystem;
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (std::fclose(file) != 0 || !written) return Status::kOperatingSystem;
  if (std::rename((path_ + kChanges + ".new").c_str(), (path_ + kChanges).c_str()) != 0) {
    return Status::kOperatingSystem;
  }
  const auto born = machines_.back()->born();
  machines_.push_back(std::make_shared<Played>(std::move(changed), born));
  return Status::kSuccess;
}

Status FakeState::Suffer(const Fault& fault) {
  if (fault.milliseconds > 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(fault.milliseconds));
  }
  while (fault.milliseconds < 0) std::this_thread::sleep_for(std::chrono::hours(1));
  return static_cast<Status>(fault.answer);
}

}  // namespace tangram::agent::testing
