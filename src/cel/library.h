// The functions that an expression can call, on values that are there already.
//
// The table of what exists is signatures.h; here is what we can carry out of it. Each function
// looks at the types of its values again: the checker lets dynamic ones pass.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "cel/expr.h"
#include "cel/value.h"

namespace tangram::cel {

// The work that one evaluation may take, in the units of CEL's own cost: about a step each.
class Meter {
 public:
  // kube-scheduler gives up at 1,000,000. Its count and ours differ a little, so ours ends well
  // before: what costs more is not decided here.
  static constexpr std::int64_t kMost = 250'000;

  // False from the moment on at which the work is used up.
  bool Spend(std::size_t steps) {
    left_ -= static_cast<std::int64_t>(std::min<std::size_t>(steps, kMost));
    return left_ >= 0;
  }
  bool IsEmpty() const { return left_ < 0; }

 private:
  std::int64_t left_ = kMost;
};

struct Invocation {
  const Call& call;
  std::span<const Value> arguments;
  Meter& meter;
};
using Function = Evaluated (*)(const Invocation&);
struct NamedFunction {
  std::string_view name;
  Function function;
};

// By subject, one file each.
std::span<const NamedFunction> OperatorFunctions();
std::span<const NamedFunction> ConversionFunctions();
std::span<const NamedFunction> TextFunctions();
std::span<const NamedFunction> RegexFunctions();
std::span<const NamedFunction> ListFunctions();
std::span<const NamedFunction> DomainFunctions();  // optionals, quantities and versions

// Null: we do not carry it out.
Function FindFunction(std::string_view name);

// Whether a literal pattern is one; kUnknown where Go and RE2 may disagree.
tl::expected<void, Stop> CheckPattern(std::string_view pattern);

}  // namespace tangram::cel
