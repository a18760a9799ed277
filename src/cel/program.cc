#include <fmt/format.h>

#include <utility>

#include "cel/cel.h"
#include "cel/checker.h"
#include "cel/evaluator.h"
#include "cel/lexer.h"
#include "cel/parser.h"
#include "cel/walk.h"

namespace tangram::cel {

struct Parsed {
  std::string text;
  ExprPtr root{};        // null where the expression is beyond us
  std::string beyond{};  // then: what is
};

namespace {

using Entries = std::vector<std::pair<Value, Value>>;

std::string Message(const std::string& text, const Stop& stop) {
  if (!stop.offset) return stop.what;
  return fmt::format("{}: {}", Place(text, *stop.offset), stop.what);
}

// A literal pattern that is none, and int("x") of a literal, are refused before any device is seen.
tl::expected<void, Stop> CheckConstants(const Expr& expr) {
  const auto* call = std::get_if<Call>(&expr.node);
  if (call == nullptr) return {};
  const bool regex =
      call->function == "matches" || call->function == "find" || call->function == "findAll";
  if (regex && call->arguments.size() >= 2) {
    const auto* pattern = std::get_if<Literal>(&call->arguments[1]->node);
    const auto* text = pattern == nullptr ? nullptr : pattern->value.As<std::string>();
    if (text != nullptr) return CheckPattern(*text);
  }
  if (!IsConstant(expr)) return {};
  const Evaluated value = Evaluator(Value{Null{}}).Run(expr);
  if (!value) return tl::unexpected(value.error());
  return {};
}

base::Result<ExprPtr> Checked(const ExprPtr& root, const std::string& text) {
  base::Result<ExprPtr> result = root;
  Walk(*root, [&](Expr& expr) {
    if (!result) return;
    const auto valid = CheckConstants(expr);
    if (valid || valid.error().kind == Stop::Kind::kUnknown) return;
    Stop stop = valid.error();
    stop.offset = expr.offset;
    result = base::Fail(base::ErrorCode::kInvalid, Message(text, stop));
  });
  return result;
}

// "domain/name" taken apart; without a domain the driver's is meant.
std::pair<std::string, std::string> Split(const std::string& name, const std::string& driver) {
  const std::size_t slash = name.find('/');
  if (slash == std::string::npos) return {driver, name};
  return {name.substr(0, slash), name.substr(slash + 1)};
}

// Maps of maps, by domain and by name. A domain that is not there reads as an empty map.
class ByDomain {
 public:
  void Add(const std::pair<std::string, std::string>& name, Value value) {
    domains_[name.first].emplace_back(Value{name.second}, std::move(value));
  }
  Value Finish() {
    MapItems all;
    for (auto& [domain, entries] : domains_) {
      all.entries.emplace_back(Value{domain}, MakeMap(std::move(entries)));
    }
    all.otherwise = std::make_shared<const Value>(MakeMap({}));
    return Value{Map{std::make_shared<const MapItems>(std::move(all))}};
  }

 private:
  std::map<std::string, Entries> domains_;
};

Evaluated ValueOf(const std::string& name, const AttributeValue& attribute) {
  if (const auto* number = std::get_if<std::int64_t>(&attribute)) return Value{*number};
  if (const auto* truth = std::get_if<bool>(&attribute)) return Value{*truth};
  if (const auto* text = std::get_if<std::string>(&attribute)) return Value{*text};
  const auto* written = std::get_if<VersionText>(&attribute);
  if (written == nullptr) return Unknown(fmt::format("the attribute {} is a list", name));
  const auto version = ParseVersion(written->text);
  if (!version) {
    return Fails(fmt::format("attribute {}: \"{}\" is no semantic version", name, written->text));
  }
  return Value{std::make_shared<const Version>(*version)};
}

Evaluated ValueOf(const Device& device) {
  ByDomain attributes;
  for (const auto& [name, attribute] : device.attributes) {
    Evaluated value = ValueOf(name, attribute);
    if (!value) return value;
    attributes.Add(Split(name, device.driver), *std::move(value));
  }
  ByDomain capacity;
  for (const auto& [name, text] : device.capacity) {
    Quantity::Read read = Quantity::Parse(text);
    if (!read.quantity) {
      return Unknown(fmt::format("capacity {}: \"{}\" is not a quantity that fits", name, text));
    }
    capacity.Add(Split(name, device.driver),
                 Value{Amount{std::make_shared<Quantity>(*std::move(read.quantity)), false}});
  }
  return MakeMap(
      {{Value{std::string("driver")}, Value{device.driver}},
       {Value{std::string("allowMultipleAllocations")}, Value{device.allow_multiple_allocations}},
       {Value{std::string("attributes")}, attributes.Finish()},
       {Value{std::string("capacity")}, capacity.Finish()}});
}

Outcome OutcomeOf(const Evaluated& value, const std::string& text) {
  if (value) {
    const auto* truth = value->As<bool>();
    if (truth != nullptr) return {*truth ? Outcome::Kind::kTrue : Outcome::Kind::kFalse, ""};
    return {Outcome::Kind::kError,
            fmt::format("it evaluates to {}, not to true or false", Show(*value))};
  }
  const bool unknown = value.error().kind == Stop::Kind::kUnknown;
  return {unknown ? Outcome::Kind::kUnknown : Outcome::Kind::kError, Message(text, value.error())};
}

}  // namespace

Outcome Program::Matches(const Device& device) const {
  if (!parsed_->root) return {Outcome::Kind::kUnknown, parsed_->beyond};
  Evaluated object = ValueOf(device);
  if (!object) return OutcomeOf(object, parsed_->text);
  return OutcomeOf(Evaluator(*std::move(object)).Run(*parsed_->root), parsed_->text);
}

const std::string& Program::text() const { return parsed_->text; }

base::Result<Program> Compile(std::string_view text) {
  auto parsed = Parse(text);
  if (!parsed) return tl::unexpected(parsed.error());
  auto result = std::make_shared<Parsed>(Parsed{std::string(text), parsed->root, parsed->beyond});
  if (!result->root) return Program(std::move(result));
  const auto types = Check(*result->root, text);
  if (!types) return tl::unexpected(types.error());
  if (!types->beyond.empty()) {
    result->beyond = types->beyond;
    result->root = nullptr;
    return Program(std::move(result));
  }
  const auto checked = Checked(result->root, result->text);
  if (!checked) return tl::unexpected(checked.error());
  return Program(std::move(result));
}

}  // namespace tangram::cel
