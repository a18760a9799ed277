// metav1.MicroTime: RFC 3339 with exactly six digits of fraction.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <string>

#include "base/clock.h"
#include "base/time_text.h"

namespace tangram::kube {

// "2026-11-21T13:20:41.123000Z".
inline std::string MicroTime(base::Time time) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  std::string text = base::FormatTime(second);
  text.pop_back();  // the Z
  return text + fmt::format(".{:03}000Z", (time - second).count());
}

}  // namespace tangram::kube
