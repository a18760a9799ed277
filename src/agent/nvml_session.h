// One library that is loaded and initialised, and calls into it.
#pragma once

#include <fmt/format.h>

#include <memory>
#include <string>
#include <string_view>

#include "agent/call_watch.h"
#include "agent/nvml_functions.h"
#include "base/result.h"

namespace tangram::agent {

// "no permission (4)": what NVML answered, for people.
std::string Words(nvml::Status status);

// Not thread-safe: one thread makes it, calls, and ends it.
class NvmlSession {
 public:
  // Loads `library` (a path, or a name for the loader) and initialises it. kUnavailable with one
  // sentence on what is missing. Borrows `watch`.
  static base::Result<std::unique_ptr<NvmlSession>> Open(const std::string& library,
                                                         CallWatch& watch);
  ~NvmlSession();
  NvmlSession(const NvmlSession&) = delete;
  NvmlSession& operator=(const NvmlSession&) = delete;

  // What the library answers; kFunctionNotFound where it does not have the function, kTimeout where
  // nobody waits any more. `about` names what is asked about: "card 3".
  template <class... Parameters, class... Arguments>
  nvml::Status Call(std::string_view about, const nvml::Function<Parameters...>& function,
                    Arguments... arguments) {
    const auto entry =
        reinterpret_cast<typename nvml::Function<Parameters...>::Entry>(Find(function.name));
    if (entry == nullptr) return nvml::Status::kFunctionNotFound;
    if (!watch_.Begin(fmt::format("{} of {}", function.name, about))) {
      return nvml::Status::kTimeout;
    }
    const nvml::Status status = entry(arguments...);
    watch_.End();
    Note(status);
    return status;
  }

  // The driver went away, or another came, since Open: nothing that this session says counts.
  bool gone() const { return gone_; }

 private:
  NvmlSession(void* handle, CallWatch& watch) : handle_(handle), watch_(watch) {}
  void* Find(const char* name) const;
  void Note(nvml::Status status);

  void* handle_;
  CallWatch& watch_;
  bool initialised_ = false;
  bool gone_ = false;
};

}  // namespace tangram::agent
