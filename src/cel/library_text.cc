// Strings. Source: ext/strings.go of cel-go 0.26; positions count code points.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cel/library.h"
#include "cel/utf8.h"

namespace tangram::cel {
namespace {

// The arguments as a function of texts and whole numbers wants them; nothing if they are others.
const std::string* Text(const Invocation& in, std::size_t i) {
  return i < in.arguments.size() ? in.arguments[i].As<std::string>() : nullptr;
}
const std::int64_t* Whole(const Invocation& in, std::size_t i) {
  return i < in.arguments.size() ? in.arguments[i].As<std::int64_t>() : nullptr;
}
std::int64_t Size(const std::u32string& runes) { return static_cast<std::int64_t>(runes.size()); }

tl::unexpected<Stop> OutOfRange(std::int64_t index) {
  return Fails(fmt::format("index out of range: {}", index));
}

// The code points of argument 0, whose reading is paid for; nothing if it is no text.
std::optional<std::u32string> Target(const Invocation& in) {
  const std::string* text = Text(in, 0);
  if (text == nullptr) return std::nullopt;
  in.meter.Spend(1 + text->size() / 5);
  return Runes(*text);
}

template <class Test>
Evaluated TwoTexts(const Invocation& in, const Test& test) {
  const std::string* a = Text(in, 0);
  const std::string* b = Text(in, 1);
  if (a == nullptr || b == nullptr) return NoOverload(in.call.function);
  in.meter.Spend(a->size() / 10 * (1 + b->size() / 10));
  return Value{static_cast<bool>(test(*a, *b))};
}

Evaluated ContainsFunction(const Invocation& in) {
  return TwoTexts(in, [](std::string_view a, std::string_view b) {
    return a.find(b) != std::string_view::npos;
  });
}
Evaluated StartsWith(const Invocation& in) {
  return TwoTexts(in, [](std::string_view a, std::string_view b) { return a.starts_with(b); });
}
Evaluated EndsWith(const Invocation& in) {
  return TwoTexts(in, [](std::string_view a, std::string_view b) { return a.ends_with(b); });
}

Evaluated CharAt(const Invocation& in) {
  const auto runes = Target(in);
  const std::int64_t* index = Whole(in, 1);
  if (!runes || index == nullptr) return NoOverload("charAt");
  if (*index < 0 || *index > Size(*runes)) return OutOfRange(*index);
  return Value{Utf8(std::u32string_view(*runes).substr(static_cast<std::size_t>(*index), 1))};
}

Evaluated Substring(const Invocation& in) {
  const auto runes = Target(in);
  const std::int64_t* start = Whole(in, 1);
  if (!runes || start == nullptr || (in.arguments.size() == 3 && Whole(in, 2) == nullptr)) {
    return NoOverload("substring");
  }
  const std::int64_t end = in.arguments.size() == 3 ? *Whole(in, 2) : Size(*runes);
  for (const std::int64_t index : {*start, end}) {
    if (index < 0 || index > Size(*runes)) return OutOfRange(index);
  }
  if (*start > end)
    return Fails(fmt::format("substring ends before it starts: {}, {}", *start, end));
  return Value{Utf8(std::u32string_view(*runes).substr(static_cast<std::size_t>(*start),
                                                       static_cast<std::size_t>(end - *start)))};
}

// indexOf and lastIndexOf, for texts. `find` looks from an offset that is within `runes`.
template <class Find>
Evaluated FindText(const Invocation& in, const Find& find, std::int64_t first) {
  const auto runes = Target(in);
  const std::string* part = Text(in, 1);
  if (!runes || part == nullptr || (in.arguments.size() == 3 && Whole(in, 2) == nullptr)) {
    return NoOverload(in.call.function);
  }
  in.meter.Spend(runes->size() * part->size() / 10);
  const std::int64_t offset = in.arguments.size() == 3 ? *Whole(in, 2) : first;
  if (part->empty()) return Value{offset};
  if (offset < 0) return OutOfRange(offset);
  if (offset >= Size(*runes)) return Value{std::int64_t{-1}};
  const std::size_t at = find(*runes, Runes(*part), static_cast<std::size_t>(offset));
  return Value{at == std::u32string::npos ? std::int64_t{-1} : static_cast<std::int64_t>(at)};
}

Evaluated TextIndexOf(const Invocation& in) {
  return FindText(
      in,
      [](const std::u32string& runes, const std::u32string& part, std::size_t offset) {
        return runes.find(part, offset);
      },
      0);
}

Evaluated TextLastIndexOf(const Invocation& in) {
  const auto runes = Target(in);
  const std::string* part = Text(in, 1);
  if (!runes || part == nullptr) return NoOverload("lastIndexOf");
  const bool from_end = in.arguments.size() == 2;
  if (from_end && !part->empty() && Text(in, 0)->size() < part->size()) {
    return Value{std::int64_t{-1}};
  }
  return FindText(
      in,
      [](const std::u32string& all, const std::u32string& wanted, std::size_t offset) {
        return all.rfind(wanted, offset);
      },
      part->empty() ? Size(*runes) : Size(*runes) - 1);
}

// With ASCII letters in another case.
Evaluated WithCase(const Invocation& in, char first, char last, int shift) {
  const auto runes = Target(in);
  if (!runes) return NoOverload(in.call.function);
  std::u32string changed = *runes;
  for (char32_t& rune : changed) {
    if (rune >= static_cast<char32_t>(first) && rune <= static_cast<char32_t>(last)) {
      rune = static_cast<char32_t>(static_cast<int>(rune) + shift);
    }
  }
  return Value{Utf8(changed)};
}
Evaluated LowerAscii(const Invocation& in) { return WithCase(in, 'A', 'Z', 'a' - 'A'); }
Evaluated UpperAscii(const Invocation& in) { return WithCase(in, 'a', 'z', 'A' - 'a'); }

bool IsBlank(char32_t rune) {
  return (rune >= 9 && rune <= 13) || rune == ' ' || rune == 0x85 || rune == 0xA0 ||
         rune == 0x1680 || (rune >= 0x2000 && rune <= 0x200A) || rune == 0x2028 || rune == 0x2029 ||
         rune == 0x202F || rune == 0x205F || rune == 0x3000;
}

Evaluated TrimFunction(const Invocation& in) {
  const auto runes = Target(in);
  if (!runes) return NoOverload("trim");
  const auto first = std::find_if_not(runes->begin(), runes->end(), IsBlank);
  const auto last = std::find_if_not(runes->rbegin(), std::make_reverse_iterator(first), IsBlank);
  return Value{Utf8(std::u32string(first, last.base()))};
}

// At most `most` parts, any number if negative. An empty separator parts every code point.
std::vector<std::string> SplitText(const std::string& text, const std::string& separator,
                                   std::int64_t most) {
  std::vector<std::string> parts;
  if (most == 0) return parts;
  std::string_view rest = text;
  const auto may_go_on = [&] {
    return most < 0 || static_cast<std::int64_t>(parts.size()) + 1 < most;
  };
  if (separator.empty()) {
    std::u32string runes = Runes(text);
    while (!runes.empty() && may_go_on()) {
      parts.push_back(Utf8(runes.substr(0, 1)));
      runes.erase(0, 1);
    }
    if (!runes.empty()) parts.push_back(Utf8(runes));
    return parts;
  }
  for (std::size_t at = rest.find(separator); at != std::string_view::npos && may_go_on();
       at = rest.find(separator)) {
    parts.emplace_back(rest.substr(0, at));
    rest.remove_prefix(at + separator.size());
  }
  parts.emplace_back(rest);
  return parts;
}

Evaluated SplitFunction(const Invocation& in) {
  const std::string* text = Text(in, 0);
  const std::string* separator = Text(in, 1);
  const bool limited = in.arguments.size() == 3;
  if (text == nullptr || separator == nullptr || (limited && Whole(in, 2) == nullptr)) {
    return NoOverload("split");
  }
  if (!in.meter.Spend(10 + text->size() * (separator->empty() ? 1 + text->size() / 50 : 1))) {
    return Unknown("");
  }
  std::vector<Value> parts;
  for (std::string& part : SplitText(*text, *separator, limited ? *Whole(in, 2) : -1)) {
    parts.push_back(Value{std::move(part)});
  }
  return MakeList(std::move(parts));
}

// The first `most` places, all if negative. An empty `old` stands between all code points.
std::string ReplaceText(const std::string& text, const std::string& old, const std::string& with,
                        std::int64_t most) {
  std::string replaced;
  std::int64_t done = 0;
  if (old.empty()) {
    for (const char32_t rune : Runes(text)) {
      if (most < 0 || done++ < most) replaced += with;
      replaced += Utf8(std::u32string(1, rune));
    }
    if (most < 0 || done < most) replaced += with;
    return replaced;
  }
  std::size_t begin = 0;
  for (std::size_t at = text.find(old); at != std::string::npos && (most < 0 || done < most);
       at = text.find(old, begin)) {
    replaced.append(text, begin, at - begin).append(with);
    begin = at + old.size();
    ++done;
  }
  return replaced.append(text, begin);
}

Evaluated ReplaceFunction(const Invocation& in) {
  const std::string* text = Text(in, 0);
  const std::string* old = Text(in, 1);
  const std::string* with = Text(in, 2);
  const bool limited = in.arguments.size() == 4;
  if (text == nullptr || old == nullptr || with == nullptr ||
      (limited && Whole(in, 3) == nullptr)) {
    return NoOverload("replace");
  }
  if (!in.meter.Spend(1 + (1 + text->size()) * (1 + with->size()) / 10)) return Unknown("");
  return Value{ReplaceText(*text, *old, *with, limited ? *Whole(in, 3) : -1)};
}

Evaluated Join(const Invocation& in) {
  const auto* list = in.arguments[0].As<List>();
  const bool separated = in.arguments.size() == 2;
  if (list == nullptr || (separated && Text(in, 1) == nullptr)) return NoOverload("join");
  std::string joined;
  for (const Value& item : *list->items) {
    const auto* text = item.As<std::string>();
    if (text == nullptr) return Fails("join: found an item that is no text");
    if (separated && &item != list->items->data()) joined += *Text(in, 1);
    joined += *text;
    if (!in.meter.Spend(1 + text->size() / 10)) return Unknown("");
  }
  in.meter.Spend(joined.size() / 10);
  return Value{std::move(joined)};
}

Evaluated Quote(const Invocation& in) {
  const auto runes = Target(in);
  if (!runes) return NoOverload("strings.quote");
  constexpr std::u32string_view kSpecial = U"\a\b\f\n\r\t\v\\\"";
  constexpr std::string_view kLetters = "abfnrtv\\\"";
  std::string quoted = "\"";
  for (const char32_t rune : *runes) {
    const std::size_t i = kSpecial.find(rune);
    if (i == std::u32string_view::npos) {
      quoted += Utf8(std::u32string(1, rune));
    } else {
      quoted += '\\';
      quoted += kLetters[i];
    }
  }
  return Value{quoted + '"'};
}

// Position in a text or in a list.
Evaluated IndexInList(const Invocation& in) {
  const auto* list = in.arguments[0].As<List>();
  if (list == nullptr || in.arguments.size() != 2) return NoOverload(in.call.function);
  in.meter.Spend(list->items->size());
  const bool last = in.call.function == "lastIndexOf";
  std::int64_t found = -1;
  for (std::size_t i = 0; i < list->items->size() && (last || found < 0); ++i) {
    if (Equal((*list->items)[i], in.arguments[1]) == Equality::kTrue) {
      found = static_cast<std::int64_t>(i);
    }
  }
  return Value{found};
}
Evaluated IndexOf(const Invocation& in) {
  return in.arguments[0].Is<List>() ? IndexInList(in) : TextIndexOf(in);
}
Evaluated LastIndexOf(const Invocation& in) {
  return in.arguments[0].Is<List>() ? IndexInList(in) : TextLastIndexOf(in);
}

constexpr NamedFunction kFunctions[] = {
    {"contains", ContainsFunction},
    {"startsWith", StartsWith},
    {"endsWith", EndsWith},
    {"charAt", CharAt},
    {"substring", Substring},
    {"indexOf", IndexOf},
    {"lastIndexOf", LastIndexOf},
    {"lowerAscii", LowerAscii},
    {"upperAscii", UpperAscii},
    {"trim", TrimFunction},
    {"split", SplitFunction},
    {"replace", ReplaceFunction},
    {"join", Join},
    {"strings.quote", Quote},
};

}  // namespace

std::span<const NamedFunction> TextFunctions() { return kFunctions; }

}  // namespace tangram::cel
