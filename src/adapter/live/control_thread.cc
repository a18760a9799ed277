#include "adapter/live/control_thread.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace tangram::adapter {
namespace {

constexpr std::chrono::milliseconds kAskAgain{50};  // whether all is read

// After a round that took so long. Short ones keep a fifth of a core busy at most, and what comes
// meanwhile is decided together; long ones half a core, so that nobody waits for several.
base::Milliseconds RestAfter(base::Milliseconds took) {
  constexpr base::Milliseconds kLong{100};
  return std::max(took, std::min(4 * took, kLong));
}

}  // namespace

ControlThread::ControlThread(control::Controller& controller, Mailbox& mailbox,
                             const base::Clock& clock, Hooks hooks)
    : controller_(controller), mailbox_(mailbox), clock_(clock), hooks_(std::move(hooks)) {}

ControlThread::~ControlThread() { Stop(); }

void ControlThread::Start() {
  thread_ = std::thread([this] { Run(); });
}

void ControlThread::Stop() {
  mailbox_.Close();
  if (thread_.joinable()) thread_.join();
}

void ControlThread::Run() {
  auto wake = base::MonotonicNow();
  bool synced = false;
  while (!mailbox_.closed()) {
    const bool all_read = synced || hooks_.synced();
    for (const Mailbox::Letter& letter : mailbox_.Take(wake)) letter(controller_);
    if (all_read && !synced) controller_.SetSynced(synced = true);
    const base::Time now = clock_.Now();
    const base::Time next = controller_.Run(now);
    const base::Time done = clock_.Now();
    controller_.RestUntil(done + RestAfter(done - now));
    if (hooks_.after_round) hooks_.after_round(controller_);
    const auto wait = std::max<base::Milliseconds>(next - now, base::Milliseconds(1));
    wake = base::MonotonicNow() + (synced ? wait : std::min(wait, kAskAgain));
  }
}

}  // namespace tangram::adapter
