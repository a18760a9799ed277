#include "cli/progress.h"

#include <ostream>
#include <utility>

#include "base/text.h"

namespace tangram::cli {
namespace {

constexpr std::chrono::seconds kQuiet{2};
constexpr std::chrono::milliseconds kRedraw{100};

}  // namespace

ProgressLine::ProgressLine(Streams& streams, Now now)
    : streams_(streams), now_(std::move(now)), last_(now_()) {}

ProgressLine::~ProgressLine() {
  const base::MutexLock lock(mu_);
  if (shown_ && streams_.err_is_terminal) streams_.err << "\r\x1b[K" << std::flush;
}

void ProgressLine::Show(const std::string& text) {
  const base::MutexLock lock(mu_);
  const auto now = now_();
  const bool redraw = shown_ && streams_.err_is_terminal;
  if (now - last_ <
      (redraw ? std::chrono::nanoseconds(kRedraw) : std::chrono::nanoseconds(kQuiet))) {
    return;
  }
  last_ = now;
  shown_ = true;
  if (streams_.err_is_terminal) {
    streams_.err << "\r\x1b[K" << base::Shorten(text, 79) << std::flush;
  } else {
    streams_.err << text << "\n" << std::flush;
  }
}

}  // namespace tangram::cli
