// Signals and our own threads.
#pragma once

#include <signal.h>

namespace tangram::net {

// Signals are for the threads that wait for them; and a peer that hung up must not end the program
// (libcurl leaves SIGPIPE alone where it is told to use no signals).
inline void BlockSignals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace tangram::net
