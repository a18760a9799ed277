#include "cel/numbers.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "base/text.h"

namespace tangram::cel {
namespace {

constexpr double kTwo63 = 9223372036854775808.0;
constexpr double kTwo64 = 18446744073709551616.0;

// The whole of `digits` in `base`; nothing if there is more, less, or it does not fit.
template <class T>
std::optional<T> Whole(std::string_view digits, int base) {
  T number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, fault] = std::from_chars(digits.data(), end, number, base);
  if (digits.empty() || fault != std::errc() || stop != end) return std::nullopt;
  return number;
}

template <class T>
std::optional<Value> WholeLiteral(std::string_view digits) {
  const bool negative = digits.starts_with('-');
  std::string_view magnitude = digits.substr(negative ? 1 : 0);
  if (!magnitude.starts_with("0x")) {
    if (const auto number = Whole<T>(digits, 10)) return Value{*number};
    return std::nullopt;
  }
  const std::string hex = (negative ? "-" : "") + std::string(magnitude.substr(2));
  if (const auto number = Whole<T>(hex, 16)) return Value{*number};
  return std::nullopt;
}

tl::unexpected<Stop> NoConversion(std::string_view type, std::string_view text) {
  return Fails(fmt::format("type conversion error: \"{}\" is no {}", text, type));
}

// "+5" is a number for Go, but not for from_chars.
std::string_view WithoutPlus(std::string_view text) {
  const bool plus = text.size() > 1 && text[0] == '+' && text[1] != '-' && text[1] != '+';
  return plus ? text.substr(1) : text;
}

}  // namespace

std::optional<Value> IntLiteral(std::string_view digits) {
  return WholeLiteral<std::int64_t>(digits);
}

std::optional<Value> UintLiteral(std::string_view digits) {
  return WholeLiteral<std::uint64_t>(digits);
}

std::optional<Value> DoubleLiteral(std::string_view digits) {
  const Evaluated number = DoubleOf(digits);
  if (!number) return std::nullopt;
  return *number;
}

Evaluated IntOf(std::string_view text) {
  const auto number = Whole<std::int64_t>(WithoutPlus(text), 10);
  if (!number) return NoConversion("int", text);
  return Value{*number};
}

Evaluated UintOf(std::string_view text) {
  const auto number = Whole<std::uint64_t>(text, 10);
  if (!number) return NoConversion("uint", text);
  return Value{*number};
}

Evaluated DoubleOf(std::string_view text) {
  const std::string lower = base::Lower(text);
  if (lower.find_first_of("x_") != std::string::npos) {
    return Unknown(fmt::format("double(\"{}\"): hexadecimal digits and underscores", text));
  }
  const std::string_view number = WithoutPlus(lower);
  double value = 0;
  const char* const end = number.data() + number.size();
  const auto [stop, fault] = std::from_chars(number.data(), end, value);
  // from_chars has nan(...) and, where a number underflows, gives no zero.
  if (number.empty() || stop != end || number.find('(') != std::string_view::npos ||
      number == "-nan") {
    return NoConversion("double", text);
  }
  if (fault == std::errc::result_out_of_range) {
    const double nearest = std::strtod(std::string(number).c_str(), nullptr);
    if (std::isinf(nearest)) return NoConversion("double", text);
    return Value{nearest};
  }
  if (fault != std::errc()) return NoConversion("double", text);
  if (text.starts_with('+') && number == "nan") return NoConversion("double", text);
  return Value{value};
}

Evaluated BoolOf(std::string_view text) {
  constexpr std::string_view kTrue[] = {"1", "t", "T", "true", "TRUE", "True"};
  constexpr std::string_view kFalse[] = {"0", "f", "F", "false", "FALSE", "False"};
  if (std::find(std::begin(kTrue), std::end(kTrue), text) != std::end(kTrue)) return Value{true};
  if (std::find(std::begin(kFalse), std::end(kFalse), text) != std::end(kFalse)) {
    return Value{false};
  }
  return NoConversion("bool", text);
}

std::string DoubleText(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "+Inf" : "-Inf";
  char buffer[64];
  const auto [end, fault] =
      std::to_chars(std::begin(buffer), std::end(buffer), number, std::chars_format::scientific);
  const std::string scientific(buffer, fault == std::errc() ? end : buffer);
  const int exponent = std::stoi(scientific.substr(scientific.find('e') + 1));
  const auto digits = std::count_if(
      scientific.begin(), scientific.begin() + static_cast<std::ptrdiff_t>(scientific.find('e')),
      [](char c) { return c >= '0' && c <= '9'; });
  if (exponent < -4 || exponent >= 6) return scientific;
  return fmt::format("{:.{}f}", number, std::max(0, static_cast<int>(digits) - 1 - exponent));
}

std::optional<std::int64_t> IntOf(double number) {
  if (!(number > -kTwo63 && number < kTwo63)) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

std::optional<std::uint64_t> UintOf(double number) {
  if (!(number >= 0 && number < kTwo64)) return std::nullopt;
  return static_cast<std::uint64_t>(number);
}

}  // namespace tangram::cel
