#include "base/quantity_text.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>
#include <optional>

#include "base/text.h"

namespace tangram::base {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr Wide kWideMax = ~Wide{0};
// An exponent past this is refused even for 0: no amount of anything needs it.
constexpr int kMaxExponent = 100;

// value * 2^two * 10^ten, exact.
struct Scale {
  int two = 0;
  int ten = 0;
};

struct Suffix {
  std::string_view name;
  Scale scale;
};

constexpr std::array<Suffix, 16> kSuffixes = {{{"", {0, 0}},
                                               {"n", {0, -9}},
                                               {"u", {0, -6}},
                                               {"m", {0, -3}},
                                               {"k", {0, 3}},
                                               {"M", {0, 6}},
                                               {"G", {0, 9}},
                                               {"T", {0, 12}},
                                               {"P", {0, 15}},
                                               {"E", {0, 18}},
                                               {"Ki", {10, 0}},
                                               {"Mi", {20, 0}},
                                               {"Gi", {30, 0}},
                                               {"Ti", {40, 0}},
                                               {"Pi", {50, 0}},
                                               {"Ei", {60, 0}}}};

// "e3", "E-3": an exponent. "E" alone is a suffix.
std::optional<Scale> ScaleOf(std::string_view suffix) {
  for (const Suffix& known : kSuffixes) {
    if (known.name == suffix) return known.scale;
  }
  if (suffix.size() < 2 || (suffix[0] != 'e' && suffix[0] != 'E')) return std::nullopt;
  suffix.remove_prefix(1);
  if (suffix[0] == '+') {
    suffix.remove_prefix(1);
    if (suffix.empty() || suffix[0] == '-') return std::nullopt;
  }
  int exponent = 0;
  const auto [end, status] =
      std::from_chars(suffix.data(), suffix.data() + suffix.size(), exponent);
  if (status != std::errc() || end != suffix.data() + suffix.size()) return std::nullopt;
  if (exponent > kMaxExponent || exponent < -kMaxExponent) return std::nullopt;
  return Scale{0, exponent};
}

// The digits of a decimal number without its sign, the point moved into the scale. At most 38
// digits count, those that a Wide can hold; zeros in front do not.
struct Digits {
  Wide value = 0;
  int after_point = 0;
};

std::optional<Digits> TakeDigits(std::string_view& text) {
  Digits digits;
  bool point = false;
  bool any = false;
  std::size_t used = 0;
  for (; used < text.size(); ++used) {
    const char c = text[used];
    if (c == '.' && !point) {
      point = true;
      continue;
    }
    if (c < '0' || c > '9') break;
    any = true;
    if (digits.value > (kWideMax - 9) / 10) return std::nullopt;
    digits.value = digits.value * 10 + static_cast<unsigned>(c - '0');
    if (point) ++digits.after_point;
  }
  if (!any) return std::nullopt;
  text.remove_prefix(used);
  return digits;
}

// value * 2^two * 10^ten rounded up; nothing where it does not fit.
std::optional<Wide> Apply(Wide value, Scale scale) {
  if (value == 0) return Wide{0};
  for (; scale.two > 0; --scale.two) {
    // Take the halves first where tenths follow, so that 0.5Ei does not overflow on the way.
    if (scale.ten < 0 && value % 5 == 0) {
      value /= 5;
      ++scale.ten;
      continue;
    }
    if (value > kWideMax / 2) return std::nullopt;
    value *= 2;
  }
  for (; scale.ten > 0; --scale.ten) {
    if (value > kWideMax / 10) return std::nullopt;
    value *= 10;
  }
  bool rest = false;
  for (; scale.ten < 0 && value != 0; ++scale.ten) {
    rest = rest || value % 10 != 0;
    value /= 10;
  }
  return rest ? value + 1 : value;
}

Result<std::int64_t> Parse(std::string_view text, int more_tens) {
  const auto bad = [&](std::string_view why) {
    return Fail(
        ErrorCode::kInvalid,
        fmt::format("quantity \"{}\" {}; write it as 80Gi, 500m or 1.5", Shorten(text, 60), why));
  };
  std::string_view rest = text;
  const bool negative = !rest.empty() && rest.front() == '-';
  if (!rest.empty() && (rest.front() == '-' || rest.front() == '+')) rest.remove_prefix(1);
  const auto digits = TakeDigits(rest);
  if (!digits) return bad("is not a number, or a longer one than can be read");
  auto scale = ScaleOf(rest);
  if (!scale) return bad("ends in no unit that Kubernetes knows");
  scale->ten += more_tens - digits->after_point;
  const auto amount = Apply(digits->value, *scale);
  constexpr auto kMost = static_cast<Wide>(std::numeric_limits<std::int64_t>::max());
  if (!amount || *amount > kMost) return bad("is too large");
  const auto value = static_cast<std::int64_t>(*amount);
  return negative ? -value : value;
}

}  // namespace

Result<std::int64_t> ParseUnits(std::string_view text) { return Parse(text, 0); }
Result<std::int64_t> ParseMilli(std::string_view text) { return Parse(text, 3); }

}  // namespace tangram::base
