#include "cli/service.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <ostream>

#include "base/time_text.h"

namespace tangram::cli {

base::Result<std::optional<net::Listen>> ParseListen(const std::string& text, const char* option) {
  if (text.empty()) return std::optional<net::Listen>();
  const std::size_t colon = text.rfind(':');
  net::Listen listen;
  const char* end = text.data() + text.size();
  const auto parsed = colon == std::string::npos
                          ? std::from_chars_result{text.data(), std::errc::invalid_argument}
                          : std::from_chars(text.data() + colon + 1, end, listen.port);
  if (parsed.ec != std::errc() || parsed.ptr != end) {
    return base::Fail(base::ErrorCode::kInvalid,
                      fmt::format("{}: found \"{}\"; write HOST:PORT or :PORT", option, text));
  }
  listen.address = text.substr(0, colon);
  if (listen.address.starts_with('[') && listen.address.ends_with(']')) {
    listen.address = listen.address.substr(1, listen.address.size() - 2);
  }
  if (listen.address.empty()) listen.address = "0.0.0.0";
  return std::optional(listen);
}

StopOnSignal::StopOnSignal(std::atomic<bool>& stop) : stop_(stop) {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGINT);
  sigaddset(&signals_, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals_, &before_);
  thread_ = std::thread([this] { Wait(); });
}

StopOnSignal::~StopOnSignal() {
  done_ = true;
  thread_.join();
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void StopOnSignal::Wait() {
  const timespec patience{.tv_sec = 0, .tv_nsec = 100'000'000};
  while (!done_ && !stop_) {
    if (sigtimedwait(&signals_, nullptr, &patience) > 0) stop_ = true;
  }
}

void LineLog::Say(const std::string& line) {
  const std::string time = base::FormatTime(context_.clock.Now());
  const base::MutexLock lock(mutex_);
  if (as_json_) {
    const nlohmann::ordered_json event = {{"time", time}, {"message", line}};
    constexpr auto kReplace = nlohmann::ordered_json::error_handler_t::replace;
    context_.streams.err << event.dump(-1, ' ', false, kReplace) << std::endl;
  } else {
    context_.streams.err << time << ' ' << line << std::endl;
  }
}

void AddLogFormat(CLI::App& command, std::string& format) {
  command.add_option("--log-format", format, "text or json, one line an event")
      ->capture_default_str()
      ->check(CLI::IsMember({"text", "json"}));
}

}  // namespace tangram::cli
