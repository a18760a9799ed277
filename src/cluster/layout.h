// How a struct is laid out in the file form: what a field list is made of.
//
// A struct has a file form when Layout<T> names its fields (fields.h). Everything here is constexpr
// data; reader, writer and schema walk it at compile time.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <tuple>
#include <utility>

namespace tangram::cluster {

enum class Need {
  kOptional,  // left out of the file where it has the value of a default-built struct
  kRequired,  // always written; a text must not be empty
};

enum class Shape {
  kInline,
  kRows,   // a list with one element a line, so that two files compare line by line
  kWords,  // a list of texts that may be empty
};

// The bounds hold for whole numbers, and for each count of a resource map.
struct Rules {
  Need need = Need::kOptional;
  Shape shape = Shape::kInline;
  std::int64_t least = 0;
  std::int64_t most = 0;
};

constexpr Rules Maybe() { return {}; }
constexpr Rules Must() { return {.need = Need::kRequired}; }
constexpr Rules Words() { return {.shape = Shape::kWords}; }
constexpr Rules Rows() { return {.shape = Shape::kRows}; }
constexpr Rules Between(std::int64_t least, std::int64_t most) {
  return {.least = least, .most = most};
}
constexpr Rules MustBetween(std::int64_t least, std::int64_t most) {
  return {.need = Need::kRequired, .least = least, .most = most};
}

template <class Object, class Value>
struct Field {
  std::string_view name;  // in the file: camelCase, with the unit of a number
  Value Object::* member;
  Rules rules;
  std::string_view about;  // for the schema: one or two sentences

  using ValueType = Value;
};

// Specialised in fields.h: kTitle, kAbout and kFields, a tuple of Field.
template <class T>
struct Layout;

template <class T>
concept HasLayout = requires { Layout<T>::kFields; };

template <HasLayout T>
inline constexpr std::size_t kFieldCount = std::tuple_size_v<decltype(Layout<T>::kFields)>;

template <HasLayout T, std::size_t I>
inline constexpr const auto& kFieldAt = std::get<I>(Layout<T>::kFields);

// Calls visit.template operator()<I>() for each field in order, as long as it gives true.
template <HasLayout T, class Visit>
constexpr bool ForEachField(Visit&& visit) {
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return (visit.template operator()<I>() && ...);
  }(std::make_index_sequence<kFieldCount<T>>());
}

// Specialised in fields.h: kNames, an array of {value, name}.
template <class T>
struct EnumNames;

template <class T>
concept HasNames = requires { EnumNames<T>::kNames; };

template <HasNames T>
constexpr std::string_view NameOf(T value) {
  for (const auto& [known, name] : EnumNames<T>::kNames) {
    if (known == value) return name;
  }
  return {};
}

// The longest text of one value: Kubernetes holds all annotations of an object below it.
inline constexpr std::size_t kMostTextBytes = 262'144;

}  // namespace tangram::cluster
