#include "base/time_text.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>

namespace tangram::base {
namespace {

using std::chrono::milliseconds;

// Takes exactly `digits` digits off the front of `text`; nothing if they are not there.
std::optional<int> TakeDigits(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool TakeChar(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// ".123456789" -> 123; empty where there is no fraction.
std::optional<milliseconds> TakeFraction(std::string_view& text) {
  if (!TakeChar(text, ".")) return milliseconds(0);
  int value = 0;
  int digits = 0;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    if (digits < 3) value = value * 10 + (text.front() - '0');
    ++digits;
    text.remove_prefix(1);
  }
  if (digits == 0) return std::nullopt;
  for (; digits < 3; ++digits) value *= 10;
  return milliseconds(value);
}

std::optional<std::chrono::minutes> TakeOffset(std::string_view& text) {
  if (TakeChar(text, "Zz")) return std::chrono::minutes(0);
  if (text.empty()) return std::nullopt;
  const int sign = text.front() == '-' ? -1 : 1;
  if (!TakeChar(text, "+-")) return std::nullopt;
  const auto hours = TakeDigits(text, 2);
  if (!hours || !TakeChar(text, ":")) return std::nullopt;
  const auto minutes = TakeDigits(text, 2);
  if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  return std::chrono::minutes(sign * (*hours * 60 + *minutes));
}

std::optional<std::chrono::sys_days> TakeDate(std::string_view& text) {
  const auto year = TakeDigits(text, 4);
  if (!year || !TakeChar(text, "-")) return std::nullopt;
  const auto month = TakeDigits(text, 2);
  if (!month || !TakeChar(text, "-")) return std::nullopt;
  const auto day = TakeDigits(text, 2);
  if (!day || *year < 1970) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date);
}

std::optional<std::chrono::seconds> TakeTimeOfDay(std::string_view& text) {
  const auto hour = TakeDigits(text, 2);
  if (!hour || !TakeChar(text, ":")) return std::nullopt;
  const auto minute = TakeDigits(text, 2);
  if (!minute || !TakeChar(text, ":")) return std::nullopt;
  const auto second = TakeDigits(text, 2);
  // 60 is a leap second; it counts as the next minute's first.
  if (!second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return std::chrono::seconds(*hour * 3600 + *minute * 60 + *second);
}

std::optional<Time> TakeTime(std::string_view text) {
  const auto date = TakeDate(text);
  if (!date || !TakeChar(text, "Tt ")) return std::nullopt;
  const auto of_day = TakeTimeOfDay(text);
  if (!of_day) return std::nullopt;
  const auto fraction = TakeFraction(text);
  if (!fraction) return std::nullopt;
  const auto offset = TakeOffset(text);
  if (!offset || !text.empty()) return std::nullopt;
  return Time(*date) + *of_day + *fraction - *offset;
}

struct SpanUnit {
  std::string_view name;
  milliseconds length;
};

// Longest first, as FormatSpan writes them.
constexpr std::array<SpanUnit, 5> kUnits = {{{"d", std::chrono::hours(24)},
                                             {"h", std::chrono::hours(1)},
                                             {"m", std::chrono::minutes(1)},
                                             {"s", std::chrono::seconds(1)},
                                             {"ms", milliseconds(1)}}};

std::optional<milliseconds> UnitOf(std::string_view name) {
  if (name == "w") return std::chrono::hours(24 * 7);
  for (const SpanUnit& unit : kUnits) {
    if (unit.name == name) return unit.length;
  }
  return std::nullopt;
}

}  // namespace

std::string FormatTime(Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  std::string text =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (clock.subseconds().count() != 0) text += fmt::format(".{:03}", clock.subseconds().count());
  return text + "Z";
}

Result<Time> ParseTime(std::string_view text) {
  const auto time = TakeTime(text);
  if (time) return *time;
  return Fail(ErrorCode::kInvalid,
              fmt::format("found time \"{}\"; write it as 2026-11-21T13:20:41Z (RFC 3339)", text));
}

Result<milliseconds> ParseSpan(std::string_view text) {
  const auto bad = [&](std::string_view why) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("found span \"{}\": {}; write it as 14d, 1h30m or 45s", text, why));
  };
  if (text.empty()) return bad("it is empty");
  milliseconds total{0};
  std::string_view rest = text;
  while (!rest.empty()) {
    std::int64_t count = 0;
    const auto [end, status] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
    if (status != std::errc() || count < 0) return bad("a number was expected");
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    const auto unit_end = std::min(rest.find_first_of("0123456789"), rest.size());
    const auto unit = UnitOf(rest.substr(0, unit_end));
    if (!unit) return bad("a unit (w, d, h, m, s, ms) was expected");
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 4;
    if (count > kMost / unit->count()) return bad("it is too long");
    total += *unit * count;
    if (total.count() > kMost) return bad("it is too long");
    rest.remove_prefix(unit_end);
  }
  return total;
}

std::string FormatSpan(milliseconds span) {
  std::string text;
  for (const SpanUnit& unit : kUnits) {
    const auto count = span / unit.length;
    if (count == 0) continue;
    text += fmt::format("{}{}", count, unit.name);
    span -= unit.length * count;
  }
  return text.empty() ? "0s" : text;
}

}  // namespace tangram::base
