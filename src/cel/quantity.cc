#include "cel/quantity.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

namespace tangram::cel {
namespace {

constexpr int kMostScale = 18;  // 10^18 times 2^63 still fits in 128 bits
constexpr int kMostExponent = 1000;
constexpr int kNanoScale = 9;
constexpr int kSmallDigits = 18;  // as many decimal digits as always fit in 64 bits

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::optional<Int128> Times(Int128 a, Int128 b) {
  Int128 product = 0;
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

std::optional<Int128> ShiftLeft(Int128 value, int digits) {
  std::optional<Int128> shifted = value;
  for (int i = 0; i < digits && shifted; ++i) shifted = Times(*shifted, 10);
  return shifted;
}

struct Suffix {
  std::string_view text;
  int exponent10;
  int exponent2;
};
constexpr std::array<Suffix, 16> kSuffixes = {{{"", 0, 0},
                                               {"n", -9, 0},
                                               {"u", -6, 0},
                                               {"m", -3, 0},
                                               {"k", 3, 0},
                                               {"M", 6, 0},
                                               {"G", 9, 0},
                                               {"T", 12, 0},
                                               {"P", 15, 0},
                                               {"E", 18, 0},
                                               {"Ki", 0, 10},
                                               {"Mi", 0, 20},
                                               {"Gi", 0, 30},
                                               {"Ti", 0, 40},
                                               {"Pi", 0, 50},
                                               {"Ei", 0, 60}}};

// A suffix is one of the table or an exponent: "e3", "E-6". An exponent past any that is of use is
// cut, and is then too large for everything that follows.
std::optional<Suffix> ReadSuffix(std::string_view text) {
  for (const Suffix& suffix : kSuffixes) {
    if (suffix.text == text) return suffix;
  }
  if (text.size() < 2 || (text[0] != 'e' && text[0] != 'E')) return std::nullopt;
  std::size_t at = 1;
  const bool negative = text[at] == '-';
  if (text[at] == '-' || text[at] == '+') ++at;
  if (at == text.size()) return std::nullopt;
  int exponent = 0;
  for (; at < text.size(); ++at) {
    if (!IsDigit(text[at])) return std::nullopt;
    if (exponent < kMostExponent) exponent = exponent * 10 + (text[at] - '0');
  }
  return Suffix{text, negative ? -exponent : exponent, 0};
}

// "+1.50Gi" taken apart: digits before and after the point without leading zeros, and the rest. As
// in Kubernetes, no digits at all mean 0.
struct Parts {
  bool negative = false;
  std::string_view whole;     // never empty
  std::string_view fraction;  // may be
  std::string_view suffix;
};
Parts TakeApart(std::string_view text) {
  Parts parts;
  std::size_t at = 0;
  if (text[at] == '-' || text[at] == '+') parts.negative = text[at++] == '-';
  while (at < text.size() && text[at] == '0') ++at;
  if (at == text.size()) return Parts{false, "0", "", ""};
  std::size_t begin = at;
  while (at < text.size() && IsDigit(text[at])) ++at;
  parts.whole = at > begin ? text.substr(begin, at - begin) : std::string_view("0");
  if (at < text.size() && text[at] == '.') {
    begin = ++at;
    while (at < text.size() && IsDigit(text[at])) ++at;
    parts.fraction = text.substr(begin, at - begin);
  }
  parts.suffix = text.substr(at);
  return parts;
}

}  // namespace

Quantity::Read Quantity::Parse(std::string_view text) {
  if (text.empty()) return {{}, Fault::kInvalid};
  const Parts parts = TakeApart(text);
  const std::optional<Suffix> suffix = ReadSuffix(parts.suffix);
  if (!suffix) return {{}, Fault::kInvalid};
  if (suffix->exponent10 <= -kMostExponent) return {{}, Fault::kTooLarge};

  const std::string digits = std::string(parts.whole) + std::string(parts.fraction);
  const int length = static_cast<int>(digits.size());
  const int places = static_cast<int>(parts.fraction.size());
  // The form that Kubernetes picks: small where it is sure to fit.
  const bool small = suffix->exponent2 == 0
                         ? kSmallDigits - length >= 0
                         : places == 0 && 15 - length - suffix->exponent2 * 3 / 10 > 0;
  const int scale = suffix->exponent10 - places;
  if (small && scale >= -kNanoScale) {
    if (scale > kMostScale) return {{}, Fault::kTooLarge};
    const auto value = Times(std::stoll(digits), Int128{1} << suffix->exponent2);
    if (value && *value <= INT64_MAX) {
      const auto result = static_cast<std::int64_t>(*value);
      return {Quantity(parts.negative ? -result : result, scale), {}};
    }
  }
  Read read = ParseDecimal(digits, scale, suffix->exponent2);
  if (read.quantity && parts.negative) {
    read.quantity->big_->unscaled = -read.quantity->big_->unscaled;
  }
  return read;
}

// The digits times 10^exponent10 times 2^exponent2, rounded up to a billionth.
Quantity::Read Quantity::ParseDecimal(std::string_view digits, int exponent10, int exponent2) {
  Int128 value = 0;
  for (const char digit : digits) {
    const auto shifted = Times(value, 10);
    if (!shifted) return {{}, Fault::kTooLarge};
    value = *shifted + (digit - '0');
  }
  const auto binary = Times(value, Int128{1} << exponent2);
  if (!binary) return {{}, Fault::kTooLarge};
  value = *binary;
  Quantity quantity(0, 0);
  quantity.big_ = std::make_shared<Decimal>();
  if (value == 0) return {quantity, {}};
  for (int i = -exponent10; i > kNanoScale; --i) value = value / 10 + (value % 10 != 0 ? 1 : 0);
  const auto nanos = ShiftLeft(value, std::max(0, exponent10 + kNanoScale));
  if (!nanos) return {{}, Fault::kTooLarge};
  quantity.big_->unscaled = *nanos;
  quantity.big_->scale = kNanoScale;
  const Int128 most = Int128{INT64_MAX} * 1'000'000'000;
  if (exponent2 != 0 && *nanos > most) *quantity.big_ = {INT64_MAX, 0};
  return {quantity, {}};
}

Quantity::Decimal Quantity::AsDecimal() const {
  if (big_) return *big_;
  if (scale_ <= 0) return {value_, -scale_};
  // At most 2^63 * 10^18.
  return {*ShiftLeft(value_, scale_), 0};
}

std::optional<std::int64_t> Quantity::AsInteger() const {
  if (big_ || scale_ < 0) return std::nullopt;
  const auto value = ShiftLeft(value_, scale_);
  if (!value || *value > INT64_MAX || *value < INT64_MIN) return std::nullopt;
  return static_cast<std::int64_t>(*value);
}

double Quantity::AsFloat() const {
  const double base = big_ ? static_cast<double>(big_->unscaled) : static_cast<double>(value_);
  const int exponent = big_ ? -big_->scale : scale_;
  return exponent == 0 ? base : base * std::pow(10.0, exponent);
}

int Quantity::Sign() const {
  const Int128 value = big_ ? big_->unscaled : value_;
  return value == 0 ? 0 : value < 0 ? -1 : 1;
}

bool Quantity::Equals(const Quantity& other) const {
  Quantity copy = *this;
  return copy.Compare(other) == 0;
}

int Quantity::Compare(const Quantity& other) {
  Decimal a = AsDecimal();
  Decimal b = other.AsDecimal();
  if (!big_ && other.big_) big_ = std::make_shared<Decimal>(a);
  const int scale = std::max(a.scale, b.scale);
  const auto left = ShiftLeft(a.unscaled, scale - a.scale);
  const auto right = ShiftLeft(b.unscaled, scale - b.scale);
  // Only one of them is shifted, so at most one overflows: that one is further from zero.
  if (!left) return a.unscaled < 0 ? -1 : 1;
  if (!right) return b.unscaled < 0 ? 1 : -1;
  return *left == *right ? 0 : *left < *right ? -1 : 1;
}

bool Quantity::AddSmall(std::int64_t value, int scale) {
  if (value == 0) return true;
  if (value_ == 0) {
    value_ = value;
    scale_ = scale;
    return true;
  }
  const int common = std::min(scale_, scale);
  const auto a = ShiftLeft(value_, scale_ - common);
  const auto b = ShiftLeft(value, scale - common);
  const auto fits = [](const std::optional<Int128>& n) {
    return n && *n <= INT64_MAX && *n >= INT64_MIN;
  };
  if (!fits(a) || !fits(b) || !fits(*a + *b)) return false;
  value_ = static_cast<std::int64_t>(*a + *b);
  scale_ = common;
  return true;
}

std::optional<Quantity> Quantity::PlusSigned(const Quantity& other, int sign) const {
  Quantity sum = *this;
  // As in Kubernetes, the smallest number is its own opposite here.
  const std::int64_t value =
      sign > 0 ? other.value_
               : static_cast<std::int64_t>(-static_cast<std::uint64_t>(other.value_));
  if (!big_ && !other.big_ && sum.AddSmall(value, other.scale_)) return sum;
  const Decimal a = AsDecimal();
  const Decimal b = other.AsDecimal();
  const int scale = std::max(a.scale, b.scale);
  const auto left = ShiftLeft(a.unscaled, scale - a.scale);
  const auto right = ShiftLeft(b.unscaled, scale - b.scale);
  Int128 total = 0;
  if (!left || !right || __builtin_add_overflow(*left, *right * sign, &total)) return std::nullopt;
  if (!sum.big_) sum.big_ = std::make_shared<Decimal>();
  *sum.big_ = {total, scale};
  return sum;
}

std::optional<Quantity> Quantity::Plus(const Quantity& other) const { return PlusSigned(other, 1); }

std::optional<Quantity> Quantity::Minus(const Quantity& other) const {
  return PlusSigned(other, -1);
}

}  // namespace tangram::cel
