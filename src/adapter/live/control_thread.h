// The thread that owns the Controller.
#pragma once

#include <functional>
#include <thread>

#include "adapter/live/mailbox.h"

namespace tangram::adapter {

class ControlThread {
 public:
  struct Hooks {
    // Whether everything was read; asked until it is. What was posted before the answer is read
    // before the controller is told.
    std::function<bool()> synced{};
    // On the thread, after letters were read and what was due was decided; may be empty.
    std::function<void(control::Controller&)> after_round{};
  };
  // Borrowed: all must outlive it.
  ControlThread(control::Controller& controller, Mailbox& mailbox, const base::Clock& clock,
                Hooks hooks);
  // Stop.
  ~ControlThread();
  ControlThread(const ControlThread&) = delete;
  ControlThread& operator=(const ControlThread&) = delete;

  void Start();
  // Lets the round at hand end, closes the mailbox and joins. Twice does nothing.
  void Stop();

 private:
  void Run();

  control::Controller& controller_;
  Mailbox& mailbox_;
  const base::Clock& clock_;
  const Hooks hooks_;
  std::thread thread_;
};

}  // namespace tangram::adapter
