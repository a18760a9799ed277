// Reads single fields, and notes why one could not be read.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/inventory.h"
#include "agent/nvml_session.h"

namespace tangram::agent {

// Borrows both. One a card, on the session's thread.
class Fields {
 public:
  Fields(NvmlSession& session, std::string about, std::vector<Problem>& problems)
      : session_(session), about_(std::move(about)), problems_(problems) {}

  // What the library answers. Once the card is lost, or the session gone, nothing is called.
  template <class... Parameters, class... Arguments>
  nvml::Status Call(const nvml::Function<Parameters...>& function, Arguments... arguments) {
    if (lost_ || session_.gone()) return nvml::Status::kGpuIsLost;
    const nvml::Status status = session_.Call(about_, function, arguments...);
    lost_ = lost_ || status == nvml::Status::kGpuIsLost;
    return status;
  }

  // Whether the call succeeded. A failure is a problem of `what`, but not where the card says that
  // it does not have that.
  template <class... Parameters, class... Arguments>
  bool Get(std::string_view what, const nvml::Function<Parameters...>& function,
           Arguments... arguments) {
    const nvml::Status status = Call(function, arguments...);
    if (status != nvml::Status::kSuccess) Note(what, function.name, status);
    return status == nvml::Status::kSuccess;
  }

  // A failure of a call that is no answer of the kind "does not have that". Said once.
  void Note(std::string_view what, std::string_view function, nvml::Status status);

  bool lost() const { return lost_; }

 private:
  NvmlSession& session_;
  std::string about_;
  std::vector<Problem>& problems_;
  bool lost_ = false;
};

// What was written to a buffer of `size`, whether or not the library ended it with a zero.
std::string TextOf(const char* buffer, std::size_t size);
// As in /sys: "0000:19:00.0".
std::string BusIdOf(const nvml::PciInfo& pci);
base::MiB MibOf(unsigned long long bytes);

}  // namespace tangram::agent
