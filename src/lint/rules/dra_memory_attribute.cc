// Memory and engines are capacities, and quantities are compared with compareTo.
#include <algorithm>
#include <array>
#include <optional>

#include "base/text.h"
#include "lint/cel.h"
#include "lint/dra.h"
#include "lint/rule.h"

namespace tangram::lint {
namespace {

constexpr std::array<std::string_view, 7> kCapacities = {
    "memory",   "multiprocessors", "copyEngines", "decoders",
    "encoders", "jpegEngines",     "ofaEngines"};
constexpr std::array<std::string_view, 6> kOrders = {"==", "!=", "<=", ">=", "<", ">"};

bool IsCapacity(const CelRead& read) {
  if (read.domain != kNvidiaDriver) return false;
  return read.name.starts_with("memorySlice") ||
         std::find(kCapacities.begin(), kCapacities.end(), read.name) != kCapacities.end();
}

bool IsOrder(const CelToken& token) {
  return token.kind == CelToken::Kind::kSign &&
         std::find(kOrders.begin(), kOrders.end(), token.text) != kOrders.end();
}

// The same comparison with its sides exchanged: 40 <= x is x >= 40.
std::string Turned(const std::string& order) {
  if (order == "<") return ">";
  if (order == ">") return "<";
  if (order == "<=") return ">=";
  if (order == ">=") return "<=";
  return order;
}

// A bare number beside memory: bytes if large, else what people mean by "40".
std::string QuantityText(const CelToken& literal, const CelRead& read) {
  if (literal.kind == CelToken::Kind::kText || read.name != "memory") return literal.text;
  const auto number = base::ParseInteger(literal.text);
  if (!number || *number >= 100'000'000) return literal.text;
  return literal.text + (*number >= 4096 ? "Mi" : "Gi");
}

struct Literal {
  std::string text;       // inside quantity("...")
  std::size_t first = 0;  // tokens [first, last)
  std::size_t last = 0;
};

// quantity("40Gi"), "40Gi" or 40, from `at` on.
std::optional<Literal> LiteralAt(const std::vector<CelToken>& tokens, std::size_t at,
                                 const CelRead& read) {
  if (at >= tokens.size()) return std::nullopt;
  const auto is = [&](std::size_t i, std::string_view text) {
    return i < tokens.size() && tokens[i].text == text;
  };
  if (is(at, "quantity") && is(at + 1, "(") && is(at + 3, ")")) {
    return Literal{tokens[at + 2].text, at, at + 4};
  }
  const bool bare =
      tokens[at].kind == CelToken::Kind::kText || tokens[at].kind == CelToken::Kind::kNumber;
  if (!bare) return std::nullopt;
  return Literal{QuantityText(tokens[at], read), at, at + 1};
}

struct Comparison {
  std::string order;
  std::string literal;
  std::size_t first = 0;  // tokens [first, last) are the whole comparison
  std::size_t last = 0;
};

// `read >= literal` or `literal <= read`.
std::optional<Comparison> DirectComparison(const std::vector<CelToken>& tokens,
                                           const CelRead& read) {
  if (read.last < tokens.size() && IsOrder(tokens[read.last])) {
    const auto literal = LiteralAt(tokens, read.last + 1, read);
    if (literal)
      return Comparison{tokens[read.last].text, literal->text, read.first, literal->last};
  }
  if (read.first < 2 || !IsOrder(tokens[read.first - 1])) return std::nullopt;
  for (const std::size_t length : {std::size_t{4}, std::size_t{1}}) {
    if (read.first < length + 1) continue;
    const std::size_t start = read.first - 1 - length;
    const auto literal = LiteralAt(tokens, start, read);
    if (!literal || literal->last != read.first - 1) continue;
    return Comparison{Turned(tokens[read.first - 1].text), literal->text, start, read.last};
  }
  return std::nullopt;
}

std::string Rewritten(std::string text, const std::vector<CelToken>& tokens, const CelRead& read) {
  const auto comparison = DirectComparison(tokens, read);
  const std::size_t first = comparison ? comparison->first : read.first;
  const std::size_t last = comparison ? comparison->last : read.last;
  std::string replaced = MapText(DeviceMap::kCapacity, read.domain) + "." + read.name;
  if (comparison) {
    replaced += ".compareTo(quantity(\"" + comparison->literal + "\")) " + comparison->order + " 0";
  }
  const std::size_t begin = tokens[first].begin;
  return text.replace(begin, tokens[last - 1].end - begin, replaced);
}

bool IsWrong(const std::vector<CelToken>& tokens, const CelRead& read) {
  if (!IsCapacity(read) || read.form == CelRead::Form::kTest) return false;
  if (read.map == DeviceMap::kAttributes) return read.form == CelRead::Form::kPlain;
  return read.form == CelRead::Form::kPlain && DirectComparison(tokens, read).has_value();
}

// Every wrong read of `text`, last first, so that the places of the others stay true.
std::string Corrected(std::string text) {
  const std::vector<CelToken> tokens = CelTokens(text);
  const std::vector<CelRead> reads = ReadsIn(tokens);
  for (auto read = reads.rbegin(); read != reads.rend(); ++read) {
    if (IsWrong(tokens, *read)) text = Rewritten(std::move(text), tokens, *read);
  }
  return text;
}

}  // namespace

Mistakes CheckDraMemoryAttribute(const Object& object) {
  Mistakes mistakes;
  for (const Selector& selector : SelectorsOf(object)) {
    const std::string& text = selector.expression->text;
    const std::vector<CelToken> tokens = CelTokens(text);
    for (const CelRead& read : ReadsIn(tokens)) {
      if (!IsWrong(tokens, read)) continue;
      const bool attribute = read.map == DeviceMap::kAttributes;
      mistakes.push_back(
          {Severity::kError,
           selector.path,
           selector.expression->line,
           MapText(read.map, read.domain) + "." + read.name,
           attribute ? "NVIDIA's driver publishes " + read.name +
                           " as a capacity; reading it as an attribute is a CEL error, and that "
                           "stops the scheduling of the whole pod."
                     : "A quantity cannot be compared with an operator; the expression does not "
                       "compile.",
           "Use device.capacity and compareTo(quantity(...)), and check the unit.",
           {{selector.path, Text(Corrected(text)), std::nullopt}}});
      break;  // the correction covers the whole expression
    }
  }
  return mistakes;
}

}  // namespace tangram::lint
