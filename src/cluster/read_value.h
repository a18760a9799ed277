// Reads one JSON value into a value of the model, as its field list says. Strict.
//
// Internal to the file form. A read that fails leaves `out` half-filled and Fault set; the caller
// drops both together.
#pragma once

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time_text.h"
#include "cluster/fault.h"
#include "cluster/fields.h"

namespace tangram::cluster {

// What a message calls the object: "namespace/name", or its name; empty where it has none.
template <class T>
std::string NameForPeople(const T& object) {
  if constexpr (requires { object.ns + object.name; }) {
    if (object.name.empty()) return {};
    return object.ns.empty() ? object.name : object.ns + "/" + object.name;
  } else if constexpr (requires { object.name + object.name; }) {
    return object.name;
  } else {
    return {};
  }
}

// Walks the fields of a JSON object.
class FieldCursor {
 public:
  explicit FieldCursor(simdjson::ondemand::object object) : at_(object.begin()) { Load(); }

  bool done() const { return done_; }
  simdjson::error_code error() const { return error_; }
  simdjson::ondemand::value& value() { return field_.value(); }
  // Of the key as it stands in the text; the closing quote follows.
  const char* key() const { return key_; }
  simdjson::ondemand::field& field() { return field_; }

  // The padding behind the text makes it safe to look past its end.
  template <std::size_t kLength>
  bool KeyIs(const char* name) const {
    static_assert(kLength < simdjson::SIMDJSON_PADDING);
    return key_[kLength] == '"' && std::memcmp(key_, name, kLength) == 0;
  }

  void Next() {
    ++at_;
    Load();
  }

 private:
  void Load() {
    if (!(at_ != at_)) {
      done_ = true;
      return;
    }
    error_ = (*at_).get(field_);
    if (error_ != simdjson::SUCCESS) {
      done_ = true;
      return;
    }
    key_ = field_.key().raw();
  }

  simdjson::simdjson_result<simdjson::ondemand::object_iterator> at_;
  simdjson::ondemand::field field_;
  const char* key_ = nullptr;
  simdjson::error_code error_ = simdjson::SUCCESS;
  bool done_ = false;
};

class ValueReader {
 public:
  // `end` is the end of the text, padding not counted.
  explicit ValueReader(const char* end) : end_(end) {}

  Fault& fault() { return fault_; }
  // The parser's own verdict where the text is no JSON; SUCCESS otherwise.
  simdjson::error_code syntax() const { return syntax_; }

  bool Read(simdjson::ondemand::value value, std::string& out, const Rules& rules) {
    if (!ReadText(value, out)) return false;
    if (rules.need == Need::kRequired && out.empty())
      return Refuse("found \"\"; it may not be empty");
    return true;
  }
  bool Read(simdjson::ondemand::value value, bool& out, const Rules& rules);
  bool Read(simdjson::ondemand::value value, std::int64_t& out, const Rules& rules);
  bool Read(simdjson::ondemand::value value, base::Time& out, const Rules& rules);
  bool Read(simdjson::ondemand::value value, Labels& out, const Rules& rules);
  bool Read(simdjson::ondemand::value value, std::vector<ResourceCount>& out, const Rules& rules);

  bool Read(simdjson::ondemand::value value, int& out, const Rules& rules) {
    std::int64_t wide = 0;
    if (!Read(value, wide, rules)) return false;
    out = static_cast<int>(wide);  // every field's bounds are within an int's
    return true;
  }
  bool Read(simdjson::ondemand::value value, std::chrono::milliseconds& out, const Rules& rules) {
    std::int64_t count = 0;
    if (!Read(value, count, rules)) return false;
    out = std::chrono::milliseconds(count);
    return true;
  }
  template <class Tag>
  bool Read(simdjson::ondemand::value value, base::Quantity<Tag>& out, const Rules& rules) {
    std::int64_t count = 0;
    if (!Read(value, count, rules)) return false;
    out = base::Quantity<Tag>(count);
    return true;
  }
  template <class T>
  bool Read(simdjson::ondemand::value value, std::optional<T>& out, const Rules& rules) {
    return Read(value, out.emplace(), rules);
  }
  template <HasNames T>
  bool Read(simdjson::ondemand::value value, T& out, const Rules& rules);
  template <class T>
  bool Read(simdjson::ondemand::value value, std::vector<T>& out, const Rules& rules) {
    return ReadList(value, out, rules);
  }
  template <class T>
  bool Read(simdjson::ondemand::value value, List<T>& out, const Rules& rules) {
    return ReadList(value, out, rules);
  }
  template <class L>
  bool ReadList(simdjson::ondemand::value value, L& out, const Rules& rules);
  template <HasLayout T>
  bool Read(simdjson::ondemand::value value, T& out, const Rules&) {
    simdjson::ondemand::object object;
    if (value.get_object().get(object)) return Mismatch(value, "an object {...}");
    return ReadFields(object, out, [](FieldCursor&) { return Extra::kUnknown; });
  }

  // What became of a key that the field list does not have.
  enum class Extra { kTaken, kUnknown, kFailed };

  // Fields in any order; those that come in the list's order are found at once. `take_extra` is
  // asked about each key that is not in the list.
  template <HasLayout T, class TakeExtra>
  bool ReadFields(simdjson::ondemand::object object, T& out, const TakeExtra& take_extra);

  bool Refuse(std::string what) {
    fault_.Set(std::move(what));
    return false;
  }
  bool Malformed(simdjson::error_code error);
  // The value is not of the kind that was expected: `want` says which.
  bool Mismatch(simdjson::ondemand::value value, std::string_view want);
  bool ReadText(simdjson::ondemand::value value, std::string& out);

 private:
  template <HasLayout T, std::size_t I>
  bool ReadMember(FieldCursor& cursor, T& out, std::uint64_t& seen);
  template <HasLayout T, class TakeExtra>
  bool ReadUnexpected(FieldCursor& cursor, T& out, std::uint64_t& seen,
                      const TakeExtra& take_extra);
  template <HasLayout T>
  bool HasRequired(std::uint64_t seen);

  std::string_view RawKey(const FieldCursor& cursor) const;
  bool ReadKey(FieldCursor& cursor, std::string& out);
  bool OutOfRange(std::string_view found, const Rules& rules);
  // How many rows the list at `start` has if it is written as we write it: one a line. A hint that
  // saves growing the list, no more; 0 for another writer's list.
  std::size_t RowsAt(const char* start) const;

  const char* end_;
  Fault fault_;
  simdjson::error_code syntax_ = simdjson::SUCCESS;
};

template <HasNames T>
bool ValueReader::Read(simdjson::ondemand::value value, T& out, const Rules&) {
  std::string text;
  if (!ReadText(value, text)) return false;
  for (const auto& [known, name] : EnumNames<T>::kNames) {
    if (name == text) {
      out = known;
      return true;
    }
  }
  std::string allowed;
  for (const auto& [known, name] : EnumNames<T>::kNames) {
    allowed += allowed.empty() ? "" : ", ";
    allowed += name;
  }
  return Refuse(fmt::format("found \"{}\"; write one of {}", Shown(text), allowed));
}

template <class L>
bool ValueReader::ReadList(simdjson::ondemand::value value, L& out, const Rules& rules) {
  const char* const start = value.raw_json_token().data();
  simdjson::ondemand::array array;
  if (value.get_array().get(array)) return Mismatch(value, "a list [...]");
  if (rules.shape == Shape::kRows) out.reserve(RowsAt(start));
  // A text in a list is hardly ever empty: names, expressions, uids.
  const Need need = rules.shape == Shape::kWords ? Need::kOptional : Need::kRequired;
  const Rules inner = {.need = need, .least = rules.least, .most = rules.most};
  for (auto element : array) {
    simdjson::ondemand::value item;
    if (const auto error = element.get(item)) return Malformed(error);
    const std::size_t index = out.size();
    if (!Read(item, out.emplace_back(), inner)) {
      fault_.Within(index);
      fault_.Of(NameForPeople(out.back()));
      return false;
    }
  }
  return true;
}

template <HasLayout T, std::size_t I>
bool ValueReader::ReadMember(FieldCursor& cursor, T& out, std::uint64_t& seen) {
  constexpr const auto& kField = kFieldAt<T, I>;
  constexpr std::uint64_t kBit = std::uint64_t{1} << I;
  if ((seen & kBit) != 0) {
    fault_.Within(kField.name);
    return Refuse("the field is there twice; keep one");
  }
  seen |= kBit;
  if (!Read(cursor.value(), out.*kField.member, kField.rules)) {
    fault_.Within(kField.name);
    return false;
  }
  cursor.Next();
  return true;
}

template <HasLayout T, class TakeExtra>
bool ValueReader::ReadUnexpected(FieldCursor& cursor, T& out, std::uint64_t& seen,
                                 const TakeExtra& take_extra) {
  bool ok = true;
  const bool unknown = ForEachField<T>([&]<std::size_t I>() {
    constexpr std::string_view kName = kFieldAt<T, I>.name;
    if (!cursor.KeyIs<kName.size()>(kName.data())) return true;
    ok = ReadMember<T, I>(cursor, out, seen);
    return false;
  });
  if (!unknown) return ok;
  const Extra extra = take_extra(cursor);
  if (extra == Extra::kTaken) cursor.Next();
  if (extra != Extra::kUnknown) return extra == Extra::kTaken;
  return Refuse(fmt::format("unknown field \"{}\" in a {}; remove it, or use a newer tangram",
                            Shown(RawKey(cursor)), Layout<T>::kTitle));
}

template <HasLayout T>
bool ValueReader::HasRequired(std::uint64_t seen) {
  return ForEachField<T>([&]<std::size_t I>() {
    constexpr const auto& kField = kFieldAt<T, I>;
    if (kField.rules.need != Need::kRequired || ((seen >> I) & 1U) != 0) return true;
    return Refuse(fmt::format("the field \"{}\" of the {} is missing; add it", kField.name,
                              Layout<T>::kTitle));
  });
}

template <HasLayout T, class TakeExtra>
bool ValueReader::ReadFields(simdjson::ondemand::object object, T& out,
                             const TakeExtra& take_extra) {
  static_assert(kFieldCount<T> <= 64);
  FieldCursor cursor(object);
  std::uint64_t seen = 0;
  const bool ok = ForEachField<T>([&]<std::size_t I>() {
    constexpr std::string_view kName = kFieldAt<T, I>.name;
    if (cursor.done() || !cursor.KeyIs<kName.size()>(kName.data())) return true;
    return ReadMember<T, I>(cursor, out, seen);
  });
  if (!ok) return false;
  while (!cursor.done()) {
    if (!ReadUnexpected(cursor, out, seen, take_extra)) return false;
  }
  if (cursor.error() != simdjson::SUCCESS) return Malformed(cursor.error());
  return HasRequired<T>(seen);
}

}  // namespace tangram::cluster
