#include "cel/lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "cel/utf8.h"

namespace tangram::cel {
namespace {

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
std::optional<char32_t> HexDigit(char c) {
  if (IsDigit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

// A literal's escape sequences read front to back.
class Unescaper {
 public:
  Unescaper(std::string_view text, bool is_bytes) : text_(text), is_bytes_(is_bytes) {}

  // Nothing: a sequence that CEL does not have.
  std::optional<std::string> All() {
    std::string plain;
    while (at_ < text_.size()) {
      if (text_[at_] != '\\') {
        plain += text_[at_++];
        continue;
      }
      ++at_;
      if (at_ == text_.size() || !One(plain)) return std::nullopt;
    }
    return plain;
  }

 private:
  bool One(std::string& plain) {
    const char c = text_[at_++];
    constexpr std::string_view kPlain = "\\'\"`?";
    constexpr std::string_view kNamed = "abfnrtv";
    constexpr std::string_view kMeant = "\a\b\f\n\r\t\v";
    if (kPlain.find(c) != std::string_view::npos) {
      plain += c;
      return true;
    }
    if (const std::size_t i = kNamed.find(c); i != std::string_view::npos) {
      plain += kMeant[i];
      return true;
    }
    if (c >= '0' && c <= '3') {
      --at_;
      return Number(plain, 3, 8);
    }
    if (c == 'x' || c == 'X') return Number(plain, 2, 16);
    if (is_bytes_) return false;
    if (c == 'u') return Number(plain, 4, 16);
    return c == 'U' && Number(plain, 8, 16);
  }

  bool Number(std::string& plain, int digits, char32_t base) {
    char32_t rune = 0;
    for (int i = 0; i < digits; ++i) {
      if (at_ == text_.size()) return false;
      const std::optional<char32_t> digit = HexDigit(text_[at_++]);
      if (!digit || *digit >= base) return false;
      rune = rune * base + *digit;
    }
    if (is_bytes_) {
      plain += static_cast<char>(rune);
      return true;
    }
    if (!IsValidRune(rune)) return false;
    plain += Utf8(std::u32string(1, rune));
    return true;
  }

  std::string_view text_;
  bool is_bytes_;
  std::size_t at_ = 0;
};

// "\r\n" and "\r" are line ends like "\n".
std::string WithPlainLineEnds(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r') {
      plain += text[i];
    } else if (i + 1 == text.size() || text[i + 1] != '\n') {
      plain += '\n';
    }
  }
  return plain;
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  base::Result<std::vector<Token>> All() {
    std::vector<Token> tokens;
    for (SkipBlanks(); at_ < text_.size(); SkipBlanks()) {
      begin_ = at_;
      auto token = One();
      if (!token) return tl::unexpected(token.error());
      tokens.push_back(*std::move(token));
    }
    tokens.push_back({Token::Kind::kEnd, "", text_.size()});
    return tokens;
  }

 private:
  char At(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  void SkipBlanks() {
    while (at_ < text_.size()) {
      if (text_.substr(at_, 2) == "//") {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (std::string_view("\t \r\n\f").find(text_[at_]) != std::string_view::npos) {
        ++at_;
      } else {
        return;
      }
    }
  }

  tl::unexpected<base::Error> Wrong(std::string_view what) const {
    return base::Fail(base::ErrorCode::kInvalid, fmt::format("{}: {}", Place(text_, begin_), what));
  }

  base::Result<Token> One() {
    const char c = text_[at_];
    if (IsDigit(c) || (c == '.' && IsDigit(At(1)))) return Number();
    if (const std::optional<std::size_t> prefix = LiteralPrefix()) return Literal(*prefix);
    if (IsLetter(c)) return Word();
    constexpr std::array<std::string_view, 6> kPairs = {"==", "!=", "<=", ">=", "&&", "||"};
    const std::string_view pair = text_.substr(at_, 2);
    if (std::find(kPairs.begin(), kPairs.end(), pair) != kPairs.end()) return Sign(2);
    if (std::string_view("[]{}().,-!?:+*/%<>").find(c) != std::string_view::npos) return Sign(1);
    return Wrong("this character means nothing here");
  }

  Token Sign(std::size_t size) {
    at_ += size;
    return {Token::Kind::kSign, std::string(text_.substr(begin_, size)), begin_};
  }

  Token Word() {
    while (IsLetter(At()) || IsDigit(At())) ++at_;
    const std::string_view word = text_.substr(begin_, at_ - begin_);
    const bool sign = word == "in" || word == "true" || word == "false" || word == "null";
    return {sign ? Token::Kind::kSign : Token::Kind::kIdentifier, std::string(word), begin_};
  }

  void SkipDigits() {
    while (IsDigit(At())) ++at_;
  }

  Token Number() {
    Token::Kind kind = Token::Kind::kInt;
    if (At() == '0' && At(1) == 'x' && HexDigit(At(2))) {
      at_ += 2;
      while (HexDigit(At())) ++at_;
    } else {
      SkipDigits();
      if (At() == '.' && IsDigit(At(1))) {
        kind = Token::Kind::kDouble;
        ++at_;
        SkipDigits();
      }
      const std::size_t sign = At(1) == '+' || At(1) == '-' ? 1 : 0;
      if ((At() == 'e' || At() == 'E') && IsDigit(At(1 + sign))) {
        kind = Token::Kind::kDouble;
        at_ += 1 + sign;
        SkipDigits();
      }
    }
    std::string digits(text_.substr(begin_, at_ - begin_));
    if (kind == Token::Kind::kInt && (At() == 'u' || At() == 'U')) {
      kind = Token::Kind::kUint;
      ++at_;
    }
    return {kind, std::move(digits), begin_};
  }

  // How many letters stand before the quote, if a literal starts here: r"", b"", br"".
  std::optional<std::size_t> LiteralPrefix() const {
    const auto is = [&](std::size_t i, char lower) {
      return At(i) == lower || At(i) == lower - 'a' + 'A';
    };
    std::size_t size = 0;
    if (is(size, 'b')) ++size;
    if (is(size, 'r')) ++size;
    if (At(size) == '"' || At(size) == '\'') return size;
    return std::nullopt;
  }

  base::Result<Token> Literal(std::size_t prefix) {
    const std::string_view letters = text_.substr(at_, prefix);
    const bool is_bytes = letters.find_first_of("bB") != std::string_view::npos;
    const bool is_raw = letters.find_first_of("rR") != std::string_view::npos;
    at_ += prefix;
    const char quote = At();
    const bool tripled = At(1) == quote && At(2) == quote;
    const std::string closing(tripled ? 3 : 1, quote);
    at_ += closing.size();
    const std::size_t inside = at_;
    while (text_.substr(at_, closing.size()) != closing) {
      if (at_ >= text_.size()) return Wrong("this text has no closing quote");
      if (!tripled && (At() == '\n' || At() == '\r')) {
        return Wrong("this text is not closed in its line; use three quotes, or \\n");
      }
      at_ = std::min(at_ + (At() == '\\' && !is_raw ? 2 : 1), text_.size());
    }
    const std::string body = WithPlainLineEnds(text_.substr(inside, at_ - inside));
    at_ += closing.size();
    std::optional<std::string> plain = is_raw ? body : Unescaper(body, is_bytes).All();
    if (!plain) return Wrong("this text has an escape sequence that CEL does not have");
    return Token{is_bytes ? Token::Kind::kBytes : Token::Kind::kString, *std::move(plain), begin_};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;  // of the token being read
};

}  // namespace

base::Result<std::vector<Token>> Tokens(std::string_view expression) {
  return Lexer(expression).All();
}

std::string Place(std::string_view expression, std::size_t offset) {
  const std::string_view before = expression.substr(0, offset);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const std::size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is 0
  return fmt::format("line {}, column {}", lines + 1, Runes(before.substr(line_begin)).size() + 1);
}

}  // namespace tangram::cel
