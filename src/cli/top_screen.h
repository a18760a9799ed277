// A terminal that shows one frame after the other.
#pragma once

#include <termios.h>

#include <csignal>
#include <ostream>
#include <string>

namespace tangram::cli {

struct ScreenSize {
  std::size_t columns = 100;
  std::size_t lines = 30;
  bool operator==(const ScreenSize&) const = default;
};
// Of standard output's terminal.
ScreenSize TerminalSize();

// From its making to its end the terminal shows our screen, keys come one by one, and SIGINT,
// SIGTERM and SIGHUP are answers of Wait; then everything is as it was. One thread; threads that
// are made while it lives leave these signals to it.
class TopScreen {
 public:
  explicit TopScreen(std::ostream& out);
  ~TopScreen();
  TopScreen(const TopScreen&) = delete;
  TopScreen& operator=(const TopScreen&) = delete;

  using Size = ScreenSize;
  Size size() const { return TerminalSize(); }
  // `frame` in place of what is there.
  void Show(const std::string& frame);
  // The next key; '\0' where none came for a tenth of a second, 'q' where we are to end.
  char Wait();

 private:
  void ReadKeys();

  std::ostream& out_;
  std::string keys_;  // that were read and not given yet
  termios before_{};
  bool has_keys_ = false;
  sigset_t signals_{};
  sigset_t signals_before_{};
};

}  // namespace tangram::cli
