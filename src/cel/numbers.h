// Numbers from text and to text, as Go's strconv and fmt have them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "cel/value.h"

namespace tangram::cel {

// Literals: "-12", "0x1F", without the "u" of unsigned ones. Nothing: it does not fit.
std::optional<Value> IntLiteral(std::string_view digits);
std::optional<Value> UintLiteral(std::string_view digits);
std::optional<Value> DoubleLiteral(std::string_view digits);

// int("12"), uint("12"), double("1.5"), bool("true"): kError if the text is none. Hexadecimal
// doubles are kUnknown.
Evaluated IntOf(std::string_view text);
Evaluated UintOf(std::string_view text);
Evaluated DoubleOf(std::string_view text);
Evaluated BoolOf(std::string_view text);

// Go's %g: the shortest digits that give the same number, "1e+06" from a million on.
std::string DoubleText(double number);

// int(d), uint(d): nothing if it does not fit.
std::optional<std::int64_t> IntOf(double number);
std::optional<std::uint64_t> UintOf(double number);

}  // namespace tangram::cel
