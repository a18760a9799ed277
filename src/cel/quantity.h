// Amounts as a selector sees them.
//
// Source: k8s.io/apimachinery/pkg/api/resource. An amount there is a small integer with a decimal
// scale, or else a big decimal; which of the two it is decides what asInteger() answers, and adding
// to a big one changes it for everybody who holds it. So both forms, and both habits, are here.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace tangram::cel {

__extension__ typedef __int128 Int128;

class Quantity {
 public:
  enum class Fault {
    kInvalid,   // Kubernetes does not take it either
    kTooLarge,  // Kubernetes takes it; here it does not fit
  };
  struct Read;  // a quantity, or why there is none
  static Read Parse(std::string_view text);
  static Quantity Of(std::int64_t value) { return Quantity(value, 0); }

  // What asInteger() gives; nothing for "1.5" and for "1500m", nor for the big form.
  std::optional<std::int64_t> AsInteger() const;
  double AsFloat() const;
  int Sign() const;

  // -1, 0, 1. Like the real one, it leaves both in the big form if one of them is.
  int Compare(const Quantity& other);
  // The same, changing nothing.
  bool Equals(const Quantity& other) const;

  // Nothing if the sum does not fit. As in Kubernetes, a big quantity is itself changed.
  std::optional<Quantity> Plus(const Quantity& other) const;
  std::optional<Quantity> Minus(const Quantity& other) const;

 private:
  struct Decimal {
    Int128 unscaled = 0;
    int scale = 0;  // value = unscaled / 10^scale
  };
  Quantity(std::int64_t value, int scale) : value_(value), scale_(scale) {}
  static Read ParseDecimal(std::string_view number, int exponent10, int exponent2);
  bool AddSmall(std::int64_t value, int scale);
  Decimal AsDecimal() const;
  std::optional<Quantity> PlusSigned(const Quantity& other, int sign) const;

  std::int64_t value_ = 0;
  int scale_ = 0;                           // value = value_ * 10^scale_, where `big_` is null
  std::shared_ptr<Decimal> big_ = nullptr;  // shared by copies, as in Kubernetes
};

struct Quantity::Read {
  std::optional<Quantity> quantity{};
  std::optional<Fault> fault{};
};

}  // namespace tangram::cel
