#include "cel/parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "cel/lexer.h"
#include "cel/macros.h"
#include "cel/numbers.h"

namespace tangram::cel {
namespace {

using Parsing = base::Result<ExprPtr>;
using Kind = Token::Kind;

constexpr std::array<std::string_view, 20> kReserved = {
    "as", "break", "const", "continue", "else",      "false", "for",    "function", "if",  "import",
    "in", "let",   "loop",  "package",  "namespace", "null",  "return", "true",     "var", "void"};

// Operators of one level, and the functions they call.
struct Operator {
  std::string_view sign;
  std::string_view function;
};
using Level = std::vector<Operator>;

// By recursive descent, as the grammar reads. Every function leaves at_ after what it read.
class Parser {
 public:
  Parser(std::string_view text, std::vector<Token> tokens)
      : text_(text), tokens_(std::move(tokens)) {}

  Parsing All() {
    Parsing root = Expression();
    if (root && Now().kind != Kind::kEnd) return Wrong("an operator or the end");
    return root;
  }

  // What of the expression we do not go into; its result is then of no use.
  const std::string& beyond() const { return beyond_; }

 private:
  const Token& Now() const { return tokens_[at_]; }
  bool Is(std::string_view sign) const { return Now().kind == Kind::kSign && Now().text == sign; }
  bool Take(std::string_view sign) {
    if (!Is(sign)) return false;
    ++at_;
    return true;
  }

  tl::unexpected<base::Error> Fault(std::size_t offset, std::string_view what) const {
    return base::Fail(base::ErrorCode::kInvalid, fmt::format("{}: {}", Place(text_, offset), what));
  }
  tl::unexpected<base::Error> Wrong(std::string_view wanted) const {
    const std::string found =
        Now().kind == Kind::kEnd ? "the end of the expression" : fmt::format("\"{}\"", Now().text);
    return Fault(Now().offset, fmt::format("found {}, expected {}", found, wanted));
  }

  // A node, unless it makes the tree too deep.
  Parsing Node(decltype(Expr::node) node, std::size_t offset) {
    ExprPtr made = MakeExpr(std::move(node), offset);
    if (made->depth > kMostDepth) return TooDeep();
    return made;
  }
  tl::unexpected<base::Error> TooDeep() {
    return Beyond(fmt::format("it is nested more than {} levels deep", kMostDepth));
  }
  tl::unexpected<base::Error> Beyond(std::string what) {
    beyond_ = fmt::format("{}: {}", Place(text_, Now().offset), what);
    return Fault(Now().offset, what);
  }

  Parsing NewCall(Call call, std::size_t offset) {
    auto macro = ExpandMacro(call, offset);
    if (!macro) return Fault(offset, macro.error().message);
    if (*macro && (*macro)->depth > kMostDepth) return TooDeep();
    if (*macro) return macro;
    return Node(std::move(call), offset);
  }

  // a ? b : c
  Parsing Expression() {
    if (++nesting_ > kMostDepth) return TooDeep();
    Parsing condition = Or();
    if (condition && Is("?")) condition = Conditional(*std::move(condition));
    --nesting_;
    return condition;
  }

  Parsing Conditional(ExprPtr condition) {
    const std::size_t offset = Now().offset;
    ++at_;
    Parsing then = Or();
    if (!then) return then;
    if (!Take(":")) return Wrong("\":\"");
    Parsing otherwise = Expression();
    if (!otherwise) return otherwise;
    return NewCall({std::string(kConditional), {std::move(condition), *then, *otherwise}, false},
                   offset);
  }

  // A chain of one logical operator, as a balanced tree.
  Parsing Chain(std::string_view sign, std::string_view function, Parsing (Parser::*part)()) {
    std::vector<ExprPtr> parts;
    const std::size_t offset = Now().offset;
    do {
      Parsing next = (this->*part)();
      if (!next) return next;
      parts.push_back(*std::move(next));
    } while (Take(sign));
    return Balanced(parts, function, offset);
  }
  Parsing Balanced(std::span<const ExprPtr> parts, std::string_view function, std::size_t offset) {
    if (parts.size() == 1) return parts[0];
    const std::size_t half = parts.size() / 2;
    Parsing left = Balanced(parts.first(half), function, offset);
    if (!left) return left;
    Parsing right = Balanced(parts.subspan(half), function, offset);
    if (!right) return right;
    return Node(Call{std::string(function), {*left, *right}, false}, offset);
  }
  Parsing Or() { return Chain("||", kOr, &Parser::And); }
  Parsing And() { return Chain("&&", kAnd, &Parser::Relation); }

  // a op b op c, from the left.
  Parsing FromLeft(const Level& level, Parsing (Parser::*part)()) {
    Parsing left = (this->*part)();
    while (left) {
      const auto found =
          std::find_if(level.begin(), level.end(), [&](const Operator& op) { return Is(op.sign); });
      if (found == level.end()) return left;
      const std::size_t offset = Now().offset;
      ++at_;
      Parsing right = (this->*part)();
      if (!right) return right;
      left = NewCall({std::string(found->function), {*left, *right}, false}, offset);
    }
    return left;
  }
  Parsing Relation() {
    static const Level level = {{"<", "_<_"},    {"<=", "_<=_"},     {">=", "_>=_"}, {">", "_>_"},
                                {"==", kEquals}, {"!=", kNotEquals}, {"in", kIn}};
    return FromLeft(level, &Parser::Sum);
  }
  Parsing Sum() {
    static const Level level = {{"+", kAdd}, {"-", "_-_"}};
    return FromLeft(level, &Parser::Product);
  }
  Parsing Product() {
    static const Level level = {{"*", "_*_"}, {"/", "_/_"}, {"%", "_%_"}};
    return FromLeft(level, &Parser::Unary);
  }

  bool IsNumberAt(std::size_t at) const {
    return tokens_[at].kind == Kind::kInt || tokens_[at].kind == Kind::kDouble;
  }

  // Two signs cancel out before anything is looked at; the sign of a number belongs to the number.
  Parsing Unary() {
    const std::size_t offset = Now().offset;
    for (const auto& [sign, function] : {Operator{"!", kNot}, Operator{"-", kNegate}}) {
      std::size_t count = 0;
      if (sign == "-" && Is("-") && IsNumberAt(at_ + 1)) return Member();
      while (Take(sign)) ++count;
      if (count == 0) continue;
      Parsing operand = Member();
      if (!operand || count % 2 == 0) return operand;
      return NewCall({std::string(function), {*operand}, false}, offset);
    }
    return Member();
  }

  // a.b, a.?b, a.f(x), a[i], a[?i]
  Parsing Member() {
    Parsing operand = Primary();
    while (operand) {
      const std::size_t offset = Now().offset;
      if (Take(".")) {
        operand = Dotted(*operand, offset);
      } else if (Take("[")) {
        operand = Indexed(*operand, offset);
      } else if (Is("{") && !QualifiedName(**operand).empty()) {
        return Beyond("a message literal: NAME{...}");
      } else {
        return operand;
      }
    }
    return operand;
  }

  Parsing Dotted(ExprPtr operand, std::size_t offset) {
    const bool optional = Take("?");
    if (Now().kind != Kind::kIdentifier) return Wrong("a name");
    std::string name = Now().text;
    const std::size_t name_offset = Now().offset;
    ++at_;
    if (optional) {
      Parsing field = Node(Literal{Value{std::move(name)}}, name_offset);
      if (!field) return field;
      return NewCall({std::string(kOptionalSelect), {std::move(operand), *field}, false}, offset);
    }
    if (!Take("(")) return Node(Select{std::move(operand), std::move(name), false}, name_offset);
    auto arguments = Arguments();
    if (!arguments) return tl::unexpected(arguments.error());
    arguments->insert(arguments->begin(), std::move(operand));
    return NewCall({std::move(name), *std::move(arguments), true}, name_offset);
  }

  Parsing Indexed(ExprPtr operand, std::size_t offset) {
    const bool optional = Take("?");
    Parsing index = Expression();
    if (!index) return index;
    if (!Take("]")) return Wrong("\"]\"");
    const std::string_view function = optional ? kOptionalIndex : kIndex;
    return NewCall({std::string(function), {std::move(operand), *index}, false}, offset);
  }

  // The rest of f(a, b), after its "(".
  base::Result<std::vector<ExprPtr>> Arguments() {
    std::vector<ExprPtr> arguments;
    if (Take(")")) return arguments;
    do {
      Parsing next = Expression();
      if (!next) return tl::unexpected(next.error());
      arguments.push_back(*std::move(next));
    } while (Take(","));
    if (!Take(")")) return Wrong("\")\"");
    return arguments;
  }

  Parsing Primary() {
    const std::size_t offset = Now().offset;
    if (Take("(")) {
      Parsing inside = Expression();
      if (inside && !Take(")")) return Wrong("\")\"");
      return inside;
    }
    if (Take("[")) return ListAfterBracket(offset);
    if (Take("{")) return MapAfterBrace(offset);
    if (Now().kind == Kind::kIdentifier || Is(".")) return Name();
    return ReadLiteral();
  }

  Parsing Name() {
    const std::size_t offset = Now().offset;
    std::string name = Take(".") ? "." : "";
    if (Now().kind != Kind::kIdentifier) return Wrong("a name");
    if (std::find(kReserved.begin(), kReserved.end(), Now().text) != kReserved.end()) {
      return Fault(offset, fmt::format("{} is a reserved word", Now().text));
    }
    name += Now().text;
    ++at_;
    if (!Take("(")) return Node(Ident{std::move(name)}, offset);
    auto arguments = Arguments();
    if (!arguments) return tl::unexpected(arguments.error());
    return NewCall({std::move(name), *std::move(arguments), false}, offset);
  }

  Parsing ListAfterBracket(std::size_t offset) {
    ListLiteral list;
    while (!Is("]") && !(list.items.empty() && Is(","))) {
      list.optional.push_back(Take("?"));
      Parsing item = Expression();
      if (!item) return item;
      list.items.push_back(*std::move(item));
      if (!Is(",")) break;
      ++at_;
      if (Is(",")) return Wrong("an expression");
    }
    if (list.items.empty()) Take(",");
    if (!Take("]")) return Wrong("\",\" or \"]\"");
    return Node(std::move(list), offset);
  }

  Parsing MapAfterBrace(std::size_t offset) {
    MapLiteral map;
    while (!Is("}") && !(map.keys.empty() && Is(","))) {
      map.optional.push_back(Take("?"));
      Parsing key = Expression();
      if (!key) return key;
      if (!Take(":")) return Wrong("\":\"");
      Parsing value = Expression();
      if (!value) return value;
      map.keys.push_back(*std::move(key));
      map.values.push_back(*std::move(value));
      if (!Is(",")) break;
      ++at_;
      if (Is(",")) return Wrong("a key");
    }
    if (map.keys.empty()) Take(",");
    if (!Take("}")) return Wrong("\",\" or \"}\"");
    return Node(std::move(map), offset);
  }

  Parsing ReadLiteral() {
    const std::size_t offset = Now().offset;
    if (Take("true")) return Node(Literal{Value{true}}, offset);
    if (Take("false")) return Node(Literal{Value{false}}, offset);
    if (Take("null")) return Node(Literal{Value{Null{}}}, offset);
    if (Now().kind == Kind::kString) return Node(Literal{Value{tokens_[at_++].text}}, offset);
    if (Now().kind == Kind::kBytes) return Node(Literal{Value{Bytes{tokens_[at_++].text}}}, offset);
    std::string digits = Take("-") ? "-" : "";
    digits += Now().text;
    std::optional<Value> number;
    switch (Now().kind) {
      case Kind::kInt:
        number = IntLiteral(digits);
        break;
      case Kind::kUint:
        number = UintLiteral(digits);
        break;
      case Kind::kDouble:
        number = DoubleLiteral(digits);
        break;
      default:
        return Wrong("a value");
    }
    if (!number) return Fault(offset, "this number does not fit in 64 bits");
    ++at_;
    return Node(Literal{*std::move(number)}, offset);
  }

  std::string_view text_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int nesting_ = 0;
  std::string beyond_;
};

}  // namespace

base::Result<ParseResult> Parse(std::string_view text) {
  if (text.size() > kMostBytes) {
    return ParseResult{nullptr, fmt::format("it has {} bytes; Kubernetes takes at most {}",
                                            text.size(), kMostBytes)};
  }
  auto tokens = Tokens(text);
  if (!tokens) return tl::unexpected(tokens.error());
  Parser parser(text, *std::move(tokens));
  Parsing root = parser.All();
  if (!parser.beyond().empty()) return ParseResult{nullptr, parser.beyond()};
  if (!root) return tl::unexpected(root.error());
  return ParseResult{*std::move(root), ""};
}

}  // namespace tangram::cel
