#include "lint/cel.h"

#include <array>
#include <cctype>
#include <optional>

namespace tangram::lint {
namespace {

using Kind = CelToken::Kind;

bool IsNameStart(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool IsDigit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }
bool IsNamePart(char c) { return IsNameStart(c) || IsDigit(c); }

// The text in quotes at `begin`; `end` of the token is past the closing quote, npos if none.
CelToken Quoted(std::string_view expression, std::size_t begin) {
  CelToken token{Kind::kText, "", begin, std::string_view::npos};
  const char quote = expression[begin];
  for (std::size_t i = begin + 1; i < expression.size(); ++i) {
    if (expression[i] == quote) {
      token.end = i + 1;
      return token;
    }
    if (expression[i] == '\\' && i + 1 < expression.size()) ++i;
    token.text += expression[i];
  }
  return token;
}

CelToken Run(std::string_view expression, std::size_t begin, Kind kind, bool (*part)(char)) {
  std::size_t end = begin + 1;
  while (end < expression.size() && part(expression[end])) ++end;
  return {kind, std::string(expression.substr(begin, end - begin)), begin, end};
}

CelToken Sign(std::string_view expression, std::size_t begin) {
  constexpr std::array<std::string_view, 6> kPairs = {"&&", "||", "==", "!=", "<=", ">="};
  for (const std::string_view pair : kPairs) {
    if (expression.substr(begin, 2) == pair) {
      return {Kind::kSign, std::string(pair), begin, begin + 2};
    }
  }
  return {Kind::kSign, std::string(1, expression[begin]), begin, begin + 1};
}

// Reads tokens front to back; every step fails softly at the end.
class Cursor {
 public:
  Cursor(const std::vector<CelToken>& tokens, std::size_t at) : tokens_(tokens), at_(at) {}

  bool Take(std::string_view sign_or_name) {
    if (at_ >= tokens_.size() || tokens_[at_].kind == Kind::kText) return false;
    if (tokens_[at_].text != sign_or_name) return false;
    ++at_;
    return true;
  }
  std::optional<std::string> TakeA(Kind kind) {
    if (at_ >= tokens_.size() || tokens_[at_].kind != kind) return std::nullopt;
    return tokens_[at_++].text;
  }
  std::size_t at() const { return at_; }

 private:
  const std::vector<CelToken>& tokens_;
  std::size_t at_;
};

bool IsSign(const std::vector<CelToken>& tokens, std::size_t at, std::string_view text) {
  return at < tokens.size() && tokens[at].kind != Kind::kText && tokens[at].text == text;
}

// The name after a map: .profile, .?profile, ["profile"] or [?"profile"].
bool TakeName(Cursor& cursor, CelRead& read) {
  const bool dotted = cursor.Take(".");
  if (!dotted && !cursor.Take("[")) return false;
  const bool optional = cursor.Take("?");
  const auto name = cursor.TakeA(dotted ? Kind::kName : Kind::kText);
  if (!name || (!dotted && !cursor.Take("]"))) return false;
  read.name = *name;
  if (optional) read.form = CelRead::Form::kOptional;
  return true;
}

std::optional<CelRead> ReadAt(const std::vector<CelToken>& tokens, std::size_t first) {
  Cursor cursor(tokens, first);
  CelRead read;
  read.first = first;
  if (!cursor.Take("device") || !cursor.Take(".")) return std::nullopt;
  if (cursor.Take("capacity")) {
    read.map = DeviceMap::kCapacity;
  } else if (!cursor.Take("attributes")) {
    return std::nullopt;
  }
  if (!cursor.Take("[")) return std::nullopt;
  if (cursor.Take("?")) read.form = CelRead::Form::kOptional;
  const auto domain = cursor.TakeA(Kind::kText);
  if (!domain || !cursor.Take("]")) return std::nullopt;
  read.domain = *domain;
  const bool tested =
      first >= 2 && IsSign(tokens, first - 1, "in") && tokens[first - 2].kind == Kind::kText;
  if (tested) {
    read.form = CelRead::Form::kTest;
    read.name = tokens[first - 2].text;
  } else if (!TakeName(cursor, read)) {
    return std::nullopt;
  }
  if (first >= 2 && IsSign(tokens, first - 1, "(") && IsSign(tokens, first - 2, "has")) {
    read.form = CelRead::Form::kTest;
  }
  read.last = cursor.at();
  return read;
}

bool Stands(const std::vector<CelToken>& tokens, std::size_t at,
            const std::vector<std::string_view>& texts) {
  if (at + texts.size() > tokens.size()) return false;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (tokens[at + i].text != texts[i]) return false;
  }
  return true;
}

}  // namespace

std::vector<CelToken> CelTokens(std::string_view expression) {
  std::vector<CelToken> tokens;
  std::size_t at = 0;
  while (at < expression.size()) {
    const char c = expression[at];
    if (std::isspace(static_cast<unsigned char>(c)) != 0) {
      ++at;
      continue;
    }
    CelToken token;
    if (c == '"' || c == '\'') {
      token = Quoted(expression, at);
      if (token.end == std::string_view::npos) return tokens;
    } else if (IsNameStart(c)) {
      token = Run(expression, at, Kind::kName, IsNamePart);
    } else if (IsDigit(c)) {
      token = Run(expression, at, Kind::kNumber, [](char d) { return IsNamePart(d) || d == '.'; });
    } else {
      token = Sign(expression, at);
    }
    at = token.end;
    tokens.push_back(std::move(token));
  }
  return tokens;
}

std::vector<CelRead> ReadsIn(const std::vector<CelToken>& tokens) {
  std::vector<CelRead> reads;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (auto read = ReadAt(tokens, i)) reads.push_back(*std::move(read));
  }
  return reads;
}

bool Compares(const std::vector<CelToken>& tokens, const std::vector<std::string_view>& left,
              std::string_view right) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (!Stands(tokens, i, left)) continue;
    const std::size_t after = i + left.size();
    const auto is_right = [&](std::size_t at) {
      return at < tokens.size() && tokens[at].kind == Kind::kText && tokens[at].text == right;
    };
    if (IsSign(tokens, after, "==") && is_right(after + 1)) return true;
    if (i >= 2 && IsSign(tokens, i - 1, "==") && is_right(i - 2)) return true;
  }
  return false;
}

std::string MapText(DeviceMap map, std::string_view domain) {
  const std::string_view name = map == DeviceMap::kAttributes ? "attributes" : "capacity";
  return "device." + std::string(name) + "[\"" + std::string(domain) + "\"]";
}

}  // namespace tangram::lint
