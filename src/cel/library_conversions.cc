// int(), uint(), double(), string(), bytes(), bool(), dyn(), type(), size().
#include <fmt/format.h>

#include "cel/library.h"
#include "cel/numbers.h"
#include "cel/utf8.h"

namespace tangram::cel {
namespace {

Evaluated ToInt(const Invocation& in) {
  const Value& value = in.arguments[0];
  if (value.Is<std::int64_t>()) return value;
  if (const auto* text = value.As<std::string>()) return IntOf(*text);
  if (const auto* number = value.As<std::uint64_t>()) {
    if (*number > INT64_MAX) return Fails("integer overflow");
    return Value{static_cast<std::int64_t>(*number)};
  }
  const auto* number = value.As<double>();
  if (number == nullptr) return NoOverload("int");
  const auto whole = IntOf(*number);
  if (!whole) return Fails("integer overflow");
  return Value{*whole};
}

Evaluated ToUint(const Invocation& in) {
  const Value& value = in.arguments[0];
  if (value.Is<std::uint64_t>()) return value;
  if (const auto* text = value.As<std::string>()) return UintOf(*text);
  if (const auto* number = value.As<std::int64_t>()) {
    if (*number < 0) return Fails("unsigned integer overflow");
    return Value{static_cast<std::uint64_t>(*number)};
  }
  const auto* number = value.As<double>();
  if (number == nullptr) return NoOverload("uint");
  const auto whole = UintOf(*number);
  if (!whole) return Fails("unsigned integer overflow");
  return Value{*whole};
}

Evaluated ToDouble(const Invocation& in) {
  const Value& value = in.arguments[0];
  if (value.Is<double>()) return value;
  if (const auto* text = value.As<std::string>()) return DoubleOf(*text);
  if (const auto* number = value.As<std::int64_t>()) return Value{static_cast<double>(*number)};
  if (const auto* number = value.As<std::uint64_t>()) return Value{static_cast<double>(*number)};
  return NoOverload("double");
}

Evaluated ToString(const Invocation& in) {
  const Value& value = in.arguments[0];
  if (value.Is<std::string>()) return value;
  if (const auto* truth = value.As<bool>()) return Value{std::string(*truth ? "true" : "false")};
  if (const auto* number = value.As<std::int64_t>()) return Value{fmt::format("{}", *number)};
  if (const auto* number = value.As<std::uint64_t>()) return Value{fmt::format("{}", *number)};
  if (const auto* number = value.As<double>()) return Value{DoubleText(*number)};
  const auto* bytes = value.As<Bytes>();
  if (bytes == nullptr) return NoOverload("string");
  if (!IsValidUtf8(bytes->data)) return Fails("invalid UTF-8 in bytes");
  return Value{bytes->data};
}

Evaluated ToBytes(const Invocation& in) {
  const Value& value = in.arguments[0];
  if (value.Is<Bytes>()) return value;
  const auto* text = value.As<std::string>();
  if (text == nullptr) return NoOverload("bytes");
  return Value{Bytes{*text}};
}

Evaluated ToBool(const Invocation& in) {
  const Value& value = in.arguments[0];
  if (value.Is<bool>()) return value;
  const auto* text = value.As<std::string>();
  if (text == nullptr) return NoOverload("bool");
  return BoolOf(*text);
}

Evaluated Dyn(const Invocation& in) { return in.arguments[0]; }

Evaluated TypeFunction(const Invocation& in) {
  return Value{TypeName{std::string(TypeOf(in.arguments[0]))}};
}

Evaluated Size(const Invocation& in) {
  const Value& value = in.arguments[0];
  const auto whole = [](std::size_t size) { return Value{static_cast<std::int64_t>(size)}; };
  if (const auto* text = value.As<std::string>()) {
    in.meter.Spend(text->size() / 10);
    return whole(Runes(*text).size());
  }
  if (const auto* bytes = value.As<Bytes>()) return whole(bytes->data.size());
  if (const auto* list = value.As<List>()) return whole(list->items->size());
  if (const auto* map = value.As<Map>()) return whole(map->items->entries.size());
  return NoOverload("size");
}

constexpr NamedFunction kFunctions[] = {
    {"int", ToInt},       {"uint", ToUint},       {"double", ToDouble},
    {"string", ToString}, {"bytes", ToBytes},     {"bool", ToBool},
    {"dyn", Dyn},         {"type", TypeFunction}, {"size", Size},
};

}  // namespace

std::span<const NamedFunction> ConversionFunctions() { return kFunctions; }

}  // namespace tangram::cel
