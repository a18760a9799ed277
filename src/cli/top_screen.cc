#include "cli/top_screen.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace tangram::cli {
namespace {

constexpr int kPatienceMs = 100;
// The alternate screen, without a cursor, lines cut where it ends; and back.
constexpr const char* kEnter = "\x1b[?1049h\x1b[?7l\x1b[?25l\x1b[2J";
constexpr const char* kLeave = "\x1b[?7h\x1b[?25h\x1b[?1049l";

}  // namespace

TopScreen::TopScreen(std::ostream& out) : out_(out) {
  sigemptyset(&signals_);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGTSTP}) sigaddset(&signals_, signal);
  pthread_sigmask(SIG_BLOCK, &signals_, &signals_before_);
  has_keys_ = tcgetattr(STDIN_FILENO, &before_) == 0;
  if (has_keys_) {
    termios raw = before_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  }
  out_ << kEnter << std::flush;
}

TopScreen::~TopScreen() {
  out_ << kLeave << std::flush;
  if (has_keys_) tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  pthread_sigmask(SIG_SETMASK, &signals_before_, nullptr);
}

ScreenSize TerminalSize() {
  winsize window{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_col == 0) return {};
  return {window.ws_col, std::max<std::size_t>(window.ws_row, 1)};
}

void TopScreen::Show(const std::string& frame) {
  out_ << "\x1b[H";
  std::size_t begin = 0;
  while (begin < frame.size()) {
    const std::size_t end = std::min(frame.find('\n', begin), frame.size());
    // The rest of the line is cleared; the last line ends without one, or the screen would roll.
    out_ << (begin == 0 ? "" : "\r\n") << frame.substr(begin, end - begin) << "\x1b[K";
    begin = end + 1;
  }
  out_ << "\x1b[J" << std::flush;
}

char TopScreen::Wait() {
  if (keys_.empty()) ReadKeys();
  const timespec now{};
  const int signal = sigtimedwait(&signals_, nullptr, &now);
  if (signal > 0 && signal != SIGTSTP) return 'q';
  if (keys_.empty()) return '\0';
  const char key = keys_.front();
  keys_.erase(0, 1);
  return key;
}

void TopScreen::ReadKeys() {
  pollfd keys{.fd = has_keys_ ? STDIN_FILENO : -1, .events = POLLIN, .revents = 0};
  if (poll(&keys, 1, kPatienceMs) <= 0) return;
  std::array<char, 64> chunk{};
  const ssize_t count = read(STDIN_FILENO, chunk.data(), chunk.size());
  if (count <= 0) {
    keys_ = "q";  // the terminal is gone
    return;
  }
  keys_.assign(chunk.data(), static_cast<std::size_t>(count));
  if (keys_.size() > 1 && keys_.front() == '\x1b') keys_.clear();  // an arrow, or the like
}

}  // namespace tangram::cli
