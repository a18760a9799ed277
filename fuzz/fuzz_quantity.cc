// Any bytes as a quantity: never a crash, and the two readings agree.
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include "base/quantity_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto units = tangram::base::ParseUnits(text);
  const auto milli = tangram::base::ParseMilli(text);
  // What fits in thousandths fits in units, rounded away from zero.
  if (milli && !units) __builtin_trap();
  if (!milli) return 0;
  const std::int64_t rest = *milli % 1000;
  const std::int64_t rounded = *milli / 1000 + (rest > 0 ? 1 : 0) - (rest < 0 ? 1 : 0);
  if (*units != rounded) __builtin_trap();
  return 0;
}
