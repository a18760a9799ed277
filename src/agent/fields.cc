#include "agent/fields.h"

#include <algorithm>
#include <cstring>

namespace tangram::agent {

void Fields::Note(std::string_view what, std::string_view function, nvml::Status status) {
  if (status == nvml::Status::kNotSupported || lost_ || session_.gone()) return;
  Problem problem{std::string(what), status == nvml::Status::kFunctionNotFound
                                         ? fmt::format("this driver's library has no {}", function)
                                         : fmt::format("{} answered {}", function, Words(status))};
  if (std::find(problems_.begin(), problems_.end(), problem) == problems_.end()) {
    problems_.push_back(std::move(problem));
  }
}

std::string TextOf(const char* buffer, std::size_t size) {
  return std::string(buffer, strnlen(buffer, size));
}

std::string BusIdOf(const nvml::PciInfo& pci) {
  return fmt::format("{:04x}:{:02x}:{:02x}.0", pci.domain, pci.bus, pci.device);
}

base::MiB MibOf(unsigned long long bytes) {
  return base::MiB(static_cast<std::int64_t>(bytes >> 20));
}

}  // namespace tangram::agent
