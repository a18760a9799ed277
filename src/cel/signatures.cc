#include "cel/signatures.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace tangram::cel {
namespace {

constexpr std::string_view kFunctions =
#include "functions_text.inc"
    ;

using Kind = Type::Kind;

// Reads "list(optional_type(<V>))". The table is ours: it is not checked.
class TypeReader {
 public:
  TypeReader(std::string_view text, std::vector<std::string>& variables)
      : text_(text), variables_(variables) {}

  TypePtr One() {
    const std::size_t end = std::min(text_.find_first_of("(),", at_), text_.size());
    const std::string name(base::Trim(text_.substr(at_, end - at_)));
    at_ = end;
    if (name.starts_with('<')) return Variable(name.substr(1, name.size() - 2));
    return Named(name, Parameters());
  }

  // "int, list(<A>)"; empty for "".
  std::vector<TypePtr> All() {
    std::vector<TypePtr> types;
    while (at_ < text_.size()) {
      types.push_back(One());
      ++at_;  // ","
    }
    return types;
  }

 private:
  std::vector<TypePtr> Parameters() {
    std::vector<TypePtr> parameters;
    if (at_ == text_.size() || text_[at_] != '(') return parameters;
    while (text_[at_] != ')') {
      ++at_;
      parameters.push_back(One());
    }
    ++at_;
    return parameters;
  }

  TypePtr Variable(const std::string& name) {
    if (std::find(variables_.begin(), variables_.end(), name) == variables_.end()) {
      variables_.push_back(name);
    }
    return NamedType(Kind::kVariable, name);
  }

  static TypePtr Named(const std::string& name, std::vector<TypePtr> parameters) {
    constexpr std::array<std::pair<std::string_view, Kind>, 12> kKinds = {
        {{"dyn", Kind::kDyn},
         {"bool", Kind::kBool},
         {"int", Kind::kInt},
         {"uint", Kind::kUint},
         {"double", Kind::kDouble},
         {"string", Kind::kString},
         {"bytes", Kind::kBytes},
         {"list", Kind::kList},
         {"map", Kind::kMap},
         {"type", Kind::kType},
         {"google.protobuf.Duration", Kind::kDuration},
         {"google.protobuf.Timestamp", Kind::kTimestamp}}};
    for (const auto& [known, kind] : kKinds) {
      if (known == name) return MakeType(kind, std::move(parameters));
    }
    const Kind kind = name == "optional_type" ? Kind::kOpaque : Kind::kStruct;
    return NamedType(kind, name, std::move(parameters));
  }

  std::string_view text_;
  std::vector<std::string>& variables_;
  std::size_t at_ = 0;
};

// "member size(list(<A>)) -> int"
std::pair<std::string, Signature> ReadLine(std::string_view line) {
  Signature signature;
  const std::size_t blank = line.find(' ');
  signature.is_member = line.substr(0, blank) == "member";
  const std::size_t open = line.find('(');
  const std::size_t arrow = line.find(" -> ");
  const std::string name(line.substr(blank + 1, open - blank - 1));
  const std::string_view arguments = line.substr(open + 1, arrow - open - 2);
  signature.arguments = TypeReader(arguments, signature.variables).All();
  signature.result = TypeReader(line.substr(arrow + 4), signature.variables).One();
  return {name, std::move(signature)};
}

std::map<std::string, std::vector<Signature>, std::less<>> ReadTable() {
  std::map<std::string, std::vector<Signature>, std::less<>> table;
  for (const std::string_view line : base::Split(kFunctions, '\n')) {
    if (line.empty()) continue;
    auto [name, signature] = ReadLine(line);
    table[name].push_back(std::move(signature));
  }
  return table;
}

}  // namespace

const std::map<std::string, std::vector<Signature>, std::less<>>& AllSignatures() {
  static const auto table = ReadTable();
  return table;
}

}  // namespace tangram::cel
