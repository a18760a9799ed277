// Regular expressions. Go's are RE2's, so the library is RE2.
#include <fmt/format.h>
#include <re2/re2.h>

#include <memory>
#include <string>

#include "cel/library.h"

namespace tangram::cel {
namespace {

// What Go has and the RE2 of Debian has not, or the other way round.
bool IsDisputed(std::string_view pattern) {
  return pattern.find("(?<") != std::string_view::npos ||
         pattern.find("\\C") != std::string_view::npos;
}

tl::expected<std::unique_ptr<re2::RE2>, Stop> Compiled(std::string_view pattern) {
  if (IsDisputed(pattern)) {
    return Unknown(fmt::format("the pattern \"{}\": named groups and \\C", pattern));
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  auto compiled =
      std::make_unique<re2::RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
  if (compiled->ok()) return compiled;
  if (compiled->error_code() == re2::RE2::ErrorPatternTooLarge) {
    return Unknown(fmt::format("the pattern \"{}\" is too large", pattern));
  }
  return Fails(fmt::format("\"{}\" is no regular expression: {}", pattern, compiled->error()));
}

// The text and the pattern of a call, paid for.
struct Search {
  const std::string* text = nullptr;
  std::unique_ptr<re2::RE2> pattern{};
};
tl::expected<Search, Stop> ReadSearch(const Invocation& in) {
  const auto* text = in.arguments[0].As<std::string>();
  const auto* pattern = in.arguments[1].As<std::string>();
  if (text == nullptr || pattern == nullptr) return NoOverload(in.call.function);
  if (!in.meter.Spend(10 + (1 + text->size() / 10) * (1 + pattern->size() / 4))) {
    return Unknown("");
  }
  auto compiled = Compiled(*pattern);
  if (!compiled) return tl::unexpected(compiled.error());
  return Search{text, *std::move(compiled)};
}

Evaluated Matches(const Invocation& in) {
  const auto search = ReadSearch(in);
  if (!search) return tl::unexpected(search.error());
  return Value{re2::RE2::PartialMatch(*search->text, *search->pattern)};
}

// The first match from `begin` on; nothing if there is none. As in Go, what stands before still
// counts for \b and ^.
std::optional<re2::StringPiece> Next(const Search& search, std::size_t begin) {
  re2::StringPiece match;
  if (!search.pattern->Match(*search.text, begin, search.text->size(), re2::RE2::UNANCHORED, &match,
                             1)) {
    return std::nullopt;
  }
  return match;
}

Evaluated FindFirst(const Invocation& in) {
  const auto search = ReadSearch(in);
  if (!search) return tl::unexpected(search.error());
  const auto match = Next(*search, 0);
  return Value{match ? std::string(*match) : std::string()};
}

std::size_t RuneSize(std::string_view text, std::size_t at) {
  std::size_t size = 1;
  while (at + size < text.size() && (static_cast<unsigned char>(text[at + size]) & 0xC0U) == 0x80) {
    ++size;
  }
  return size;
}

// As Go's FindAllString: no empty match right after another match.
Evaluated FindAll(const Invocation& in) {
  const auto search = ReadSearch(in);
  if (!search) return tl::unexpected(search.error());
  std::int64_t most = -1;
  if (in.arguments.size() == 3) {
    const auto* limit = in.arguments[2].As<std::int64_t>();
    if (limit == nullptr) return NoOverload("findAll");
    most = *limit;
  }
  const std::string& text = *search->text;
  std::vector<Value> found;
  std::optional<std::size_t> last_end;
  for (std::size_t at = 0; at <= text.size();) {
    if (most >= 0 && static_cast<std::int64_t>(found.size()) >= most) break;
    const auto match = Next(*search, at);
    if (!match) break;
    if (!in.meter.Spend(1 + text.size() / 10)) return Unknown("");
    const auto begin = static_cast<std::size_t>(match->data() - text.data());
    const std::size_t end = begin + match->size();
    const bool accepted = end != at || last_end != begin;
    at = end == at ? at + RuneSize(text, at) : end;
    last_end = end;
    if (accepted) found.push_back(Value{std::string(*match)});
  }
  return MakeList(std::move(found));
}

constexpr NamedFunction kFunctions[] = {
    {"matches", Matches}, {"find", FindFirst}, {"findAll", FindAll}};

}  // namespace

tl::expected<void, Stop> CheckPattern(std::string_view pattern) {
  const auto compiled = Compiled(pattern);
  if (!compiled) return tl::unexpected(compiled.error());
  return {};
}

std::span<const NamedFunction> RegexFunctions() { return kFunctions; }

}  // namespace tangram::cel
