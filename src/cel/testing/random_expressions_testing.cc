#include "cel/testing/random_expressions_testing.h"

#include <fmt/format.h>

#include <vector>

namespace tangram::cel {
namespace {

using Texts = std::vector<std::string>;

class Writer {
 public:
  explicit Writer(std::mt19937_64& random) : random_(random) {}

  std::string Bool(int depth) {
    if (depth <= 0)
      return Pick({"true", "false", "device.allowMultipleAllocations",
                   "device.attributes[\"a.io\"].flag", "isQuantity(\"1Gi\")"});
    switch (Roll(22)) {
      case 0:
        return fmt::format("({} && {})", Bool(depth - 1), Bool(depth - 1));
      case 1:
        return fmt::format("({} || {})", Bool(depth - 1), Bool(depth - 1));
      case 2:
        return "!" + Paren(Bool(depth - 1));
      case 3:
        return fmt::format("({} ? {} : {})", Bool(depth - 1), Bool(depth - 1), Bool(depth - 1));
      case 4:
        return fmt::format("{} {} {}", Int(depth - 1), Relation(), Int(depth - 1));
      case 5:
        return fmt::format("{} {} {}", Text(depth - 1), Relation(), Text(depth - 1));
      case 6:
        return fmt::format("{} {} {}", Attribute(), Pick({"==", "!="}), Any(depth - 1));
      case 7:
        return fmt::format("{} {} {}", Any(depth - 1), Relation(), Any(depth - 1));
      case 8:
        return fmt::format("{}.{}({})", Text(depth - 1),
                           Pick({"startsWith", "endsWith", "contains"}), Text(depth - 1));
      case 9:
        return fmt::format("{} in {}", Any(depth - 1), List(depth - 1));
      case 10:
        return fmt::format("{} in {}", Text(depth - 1), Domain());
      case 11:
        return fmt::format("{}.{}({}, {})", List(depth - 1), Quantifier(), "x", Item(depth - 1));
      case 12:
        return fmt::format("{}.{}({})", Quantity(depth - 1), Pick({"isGreaterThan", "isLessThan"}),
                           Quantity(depth - 1));
      case 13:
        return fmt::format("{}.{}({})", Version(depth - 1), Pick({"isGreaterThan", "isLessThan"}),
                           Version(depth - 1));
      case 14:
        return fmt::format("has({}.{})", Domain(), Name());
      case 15:
        return fmt::format("{}.orValue({})", OptionalPart(), Bool(depth - 1));
      case 16:
        return fmt::format("{} == {}", Quantity(depth - 1), Quantity(depth - 1));
      case 17:
        return fmt::format("cel.bind(x, {}, {})", Any(depth - 1), Item(depth - 1));
      case 18:
        return fmt::format("{}.matches({})", Text(depth - 1), Pattern());
      case 19:
        return fmt::format("{} {} {}", Double(depth - 1), Relation(), Double(depth - 1));
      case 20:
        return fmt::format("{} == {}", List(depth - 1), List(depth - 1));
      default:
        return fmt::format("{}.hasValue()", OptionalPart());
    }
  }

 private:
  std::size_t Roll(std::size_t sides) { return random_() % sides; }
  std::string Pick(const Texts& texts) { return texts[Roll(texts.size())]; }
  static std::string Paren(const std::string& text) { return "(" + text + ")"; }

  std::string Relation() { return Pick({"==", "!=", "<", "<=", ">", ">="}); }
  std::string Quantifier() { return Pick({"all", "exists", "exists_one"}); }
  std::string Name() { return Pick({"type", "flag", "count", "version", "missing", "profile"}); }
  std::string Pattern() {
    return Pick({"\"^a\"", "\"[0-9]+\"", "\"b$\"", "\"(a|b)*c\"", "\"[\"", "\"\\\\d\"", "\".\""});
  }
  std::string Domain() {
    return Pick({"device.attributes[\"a.io\"]", "device.attributes[\"b.io\"]",
                 "device.attributes[\"none\"]", "device.capacity[\"a.io\"]", "device.attributes"});
  }
  std::string Attribute() { return fmt::format("device.attributes[\"a.io\"].{}", Name()); }
  std::string OptionalPart() {
    const std::string domain = Domain();
    return Roll(2) == 0 ? fmt::format("{}.?{}", domain, Name())
                        : fmt::format("{}[?\"{}\"]", domain, Name());
  }

  // Anything that may have an "x" in it.
  std::string Item(int depth) {
    switch (Roll(7)) {
      case 0:
        return "x == " + Any(depth - 1);
      case 1:
        return "x != " + Any(depth - 1);
      case 2:
        return "x > " + Int(depth - 1);
      case 3:
        return "x + 1 == " + Int(depth - 1);
      case 4:
        return "size(x) > 0";
      case 5:
        return fmt::format("x in {}", List(depth - 1));
      default:
        return Bool(depth - 1);
    }
  }

  std::string Any(int depth) {
    switch (Roll(9)) {
      case 0:
        return Int(depth);
      case 1:
        return Text(depth);
      case 2:
        return Attribute();
      case 3:
        return fmt::format("dyn({})", Any(depth - 1 < 0 ? 0 : depth - 1));
      case 4:
        return List(depth);
      case 5:
        return Quantity(depth);
      case 6:
        return Version(depth);
      case 7:
        return Double(depth);
      default:
        return Bool(depth > 1 ? 1 : depth);
    }
  }

  std::string Int(int depth) {
    if (depth <= 0) {
      return Pick({"0", "1", "2", "-1", "7", "9223372036854775807", "-9223372036854775808", "3u",
                   "device.attributes[\"a.io\"].count"});
    }
    switch (Roll(9)) {
      case 0:
        return fmt::format("({} {} {})", Int(depth - 1), Pick({"+", "-", "*", "/", "%"}),
                           Int(depth - 1));
      case 1:
        return fmt::format("size({})", Text(depth - 1));
      case 2:
        return fmt::format("size({})", List(depth - 1));
      case 3:
        return fmt::format("int({})", Any(depth - 1));
      case 4:
        return fmt::format("{}.compareTo({})", Quantity(depth - 1), Quantity(depth - 1));
      case 5:
        return fmt::format("{}.{}()", Version(depth - 1), Pick({"major", "minor", "patch"}));
      case 6:
        return fmt::format("{}.indexOf({})", Text(depth - 1), Text(depth - 1));
      case 7:
        return fmt::format("{}.asInteger()", Quantity(depth - 1));
      default:
        return "-" + Paren(Int(depth - 1));
    }
  }

  std::string Double(int depth) {
    if (depth <= 0) return Pick({"0.0", "1.5", "-2.25", "1e300", "1e6", "0.1"});
    switch (Roll(4)) {
      case 0:
        return fmt::format("({} {} {})", Double(depth - 1), Pick({"+", "-", "*", "/"}),
                           Double(depth - 1));
      case 1:
        return fmt::format("double({})", Any(depth - 1));
      case 2:
        return fmt::format("{}.asApproximateFloat()", Quantity(depth - 1));
      default:
        return Double(0);
    }
  }

  std::string Text(int depth) {
    if (depth <= 0) {
      return Pick({"\"\"", "\"a\"", "\"abc\"", "\"12\"", "\"ä\"", "\"1g.10gb\"", "device.driver",
                   "device.attributes[\"a.io\"].type", "device.attributes[\"a.io\"].profile"});
    }
    switch (Roll(9)) {
      case 0:
        return fmt::format("({} + {})", Text(depth - 1), Text(depth - 1));
      case 1:
        return fmt::format("string({})", Any(depth - 1));
      case 2:
        return fmt::format("{}.{}()", Text(depth - 1), Pick({"lowerAscii", "upperAscii", "trim"}));
      case 3:
        return fmt::format("{}.substring({})", Text(depth - 1), Int(0));
      case 4:
        return fmt::format("{}.replace({}, {})", Text(depth - 1), Text(0), Text(0));
      case 5:
        return fmt::format("{}.charAt({})", Text(depth - 1), Int(0));
      case 6:
        return fmt::format("{}.join({})", List(depth - 1), Text(0));
      case 7:
        return fmt::format("{}.orValue({})", OptionalPart(), Text(depth - 1));
      default:
        return fmt::format("({} ? {} : {})", Bool(depth - 1), Text(depth - 1), Text(depth - 1));
    }
  }

  std::string Quantity(int depth) {
    if (depth <= 0) {
      return Pick({"quantity(\"1Gi\")", "quantity(\"1.5Gi\")", "quantity(\"500m\")",
                   "quantity(\"0\")", "quantity(\"-2k\")", "quantity(\"1e3\")", "quantity(\"x\")",
                   "quantity(\"9223372036854775807\")", "device.capacity[\"a.io\"].memory",
                   "device.capacity[\"a.io\"].missing", "device.capacity[\"a.io\"].half"});
    }
    if (Roll(3) == 0) return Quantity(0);
    return fmt::format("{}.{}({})", Quantity(depth - 1), Pick({"add", "sub"}),
                       Roll(2) == 0 ? Quantity(depth - 1) : Int(depth - 1));
  }

  std::string Version(int depth) {
    if (depth > 0 && Roll(4) == 0) return fmt::format("semver({})", Text(depth - 1));
    return Pick({"semver(\"1.2.3\")", "semver(\"1.2.3-rc.1\")", "semver(\"1.10.0\")",
                 "semver(\"v1.2\", true)", "semver(\"bad\")", "device.attributes[\"a.io\"].version",
                 "device.attributes[\"a.io\"].version"});
  }

  std::string List(int depth) {
    if (depth <= 0) {
      return Pick({"[]", "[1, 2, 3]", "[0, 1]", "[\"a\", \"b\"]", "[\"abc\", \"1g.10gb\"]",
                   "[true]", "[1.5]", "[1u, 2u]", "[[1], []]"});
    }
    switch (Roll(8)) {
      case 0:
        return fmt::format("[{}, {}]", Any(depth - 1), Any(depth - 1));
      case 1:
        return fmt::format("{}.map(x, {})", List(depth - 1), Item(depth - 1));
      case 2:
        return fmt::format("{}.filter(x, {})", List(depth - 1), Item(depth - 1));
      case 3:
        return fmt::format("({} + {})", List(depth - 1), List(depth - 1));
      case 4:
        return fmt::format("{}.split({})", Text(depth - 1), Text(0));
      case 5:
        return fmt::format("{}.{}()", List(depth - 1), Pick({"sort", "distinct", "reverse"}));
      case 6:
        return fmt::format("[?{}, {}]", OptionalPart(), Any(0));
      default:
        return List(0);
    }
  }

  std::mt19937_64& random_;
};

// Breaks the expression: a byte less, more or another one.
std::string Broken(std::string text, std::mt19937_64& random) {
  const std::string bytes = "().,[]?:\"'+-*/%&|!<>=in0129axu\\ {}";
  const std::size_t at = random() % text.size();
  const char byte = bytes[random() % bytes.size()];
  switch (random() % 3) {
    case 0:
      return text.erase(at, 1);
    case 1:
      return text.insert(at, 1, byte);
    default:
      text[at] = byte;
      return text;
  }
}

}  // namespace

std::string RandomExpression(std::mt19937_64& random) {
  const std::string text = Writer(random).Bool(static_cast<int>(random() % 4) + 1);
  return random() % 8 == 0 ? Broken(text, random) : text;
}

Device RandomDevice(std::mt19937_64& random) {
  const auto maybe = [&] { return random() % 3 != 0; };
  Device device{random() % 2 == 0 ? "a.io" : "other.io", random() % 2 == 0};
  const std::vector<AttributeValue> types = {std::string("gpu"), std::string("abc"),
                                             std::int64_t{7}, true, VersionText{"1.2.3"}};
  const std::vector<std::string> amounts = {"1Gi", "1.5Gi", "80Gi", "500m", "0", "12k", "1e3"};
  if (maybe()) device.attributes["a.io/type"] = types[random() % types.size()];
  if (maybe()) device.attributes["a.io/flag"] = random() % 2 == 0;
  if (maybe()) device.attributes["a.io/count"] = static_cast<std::int64_t>(random() % 9) - 4;
  // One name, or the other: with the driver a.io they are the same attribute.
  const std::string version = random() % 2 ? "version" : "a.io/version";
  if (maybe()) device.attributes[version] = VersionText{random() % 2 ? "1.2.3" : "0.9.0"};
  if (maybe()) device.attributes["a.io/profile"] = std::string("1g.10gb");
  if (maybe()) device.attributes["b.io/type"] = std::string("ä");
  if (maybe()) device.capacity["a.io/memory"] = amounts[random() % amounts.size()];
  if (maybe()) device.capacity["a.io/half"] = "500m";
  return device;
}

}  // namespace tangram::cel
