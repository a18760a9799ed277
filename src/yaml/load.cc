#include "yaml/load.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <exception>
#include <sstream>
#include <string>
#include <utility>

namespace tangram::yaml {
namespace {

using base::ErrorCode;
using base::Fail;
using base::Result;

tl::unexpected<base::Error> Bad(int line, const std::string& what) {
  return Fail(ErrorCode::kInvalid, "line " + std::to_string(line) + ": " + what);
}

bool IsControl(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\n' && c != '\r' && c != '\t') || byte == 0x7F;
}

// The bytes of the UTF-8 character that `text` begins with; 0 where it is none. Overlong forms and
// surrogates pass: no reader of ours takes them for something else.
std::size_t CharacterSize(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return 1;
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || size > text.size()) return 0;
  const bool whole =
      std::all_of(text.begin() + 1, text.begin() + static_cast<std::ptrdiff_t>(size),
                  [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80; });
  return whole ? size : 0;
}

// yaml-cpp does not end on a character that is cut short.
Result<void> ScanCharacters(std::string_view text) {
  int line = 1;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = CharacterSize(text.substr(at));
    if (size == 0) return Bad(line, "a byte that is not UTF-8; save the file as UTF-8");
    if (text[at] == '\n') ++line;
    at += size;
  }
  return {};
}

// Looks at the bytes before the parser does, which trusts them more than we do.
Result<void> Scan(std::string_view text) {
  if (text.size() > kMaxBytes) {
    return Bad(1, "the file has " + std::to_string(text.size()) + " bytes, more than " +
                      std::to_string(kMaxBytes) + "; split it");
  }
  int line = 1;
  if (const auto characters = ScanCharacters(text); !characters) return characters;
  int opened = 0;  // brackets in a row, blanks between them allowed
  for (const char c : text) {
    if (IsControl(c)) return Bad(line, "a control character; this is not YAML text");
    if (c == '\n') ++line;
    if (c == '[' || c == '{' || c == '-' || c == '?') {
      ++opened;
    } else if (c != ' ' && c != '\n') {
      opened = 0;
    }
    const bool deep = opened > kMaxDepth && (c == '[' || c == '{' || c == '?');
    if (deep) return Bad(line, "nested deeper than " + std::to_string(kMaxDepth) + " levels");
  }
  return {};
}

// yaml-cpp's nodes -> values, within the bounds.
class Converter {
 public:
  Result<Value> Convert(const YAML::Node& node, int depth) {
    const int line = std::max(node.Mark().line, 0) + 1;
    if (depth > kMaxDepth) {
      return Bad(line, "nested deeper than " + std::to_string(kMaxDepth) + " levels");
    }
    values_ += 1;
    if (values_ > kMaxValues || text_bytes_ > kMaxTextBytes) {
      return Bad(line, "the file grows too large once its aliases are written out");
    }
    if (node.IsMap()) return ConvertMap(node, depth, line);
    if (node.IsSequence()) return ConvertList(node, depth, line);
    Value value;
    value.line = line;
    if (node.IsScalar()) {
      value.kind = Value::Kind::kScalar;
      value.text = node.Scalar();
      text_bytes_ += value.text.size();
      value.style = node.Tag() == "!" ? Value::Style::kQuoted : Value::Style::kPlain;
    }
    return value;
  }

 private:
  Result<Value> ConvertMap(const YAML::Node& node, int depth, int line) {
    Value map = Map({});
    map.line = line;
    std::vector<Value> merged;
    for (const auto& entry : node) {
      if (!entry.first.IsScalar()) return Bad(line, "a key that is not plain text");
      auto value = Convert(entry.second, depth + 1);
      if (!value) return tl::unexpected(value.error());
      const std::string& key = entry.first.Scalar();
      text_bytes_ += key.size();
      if (key == "<<" && entry.first.Tag() != "!") {
        merged.push_back(*std::move(value));
      } else {
        map.members.push_back({key, *std::move(value)});
      }
    }
    for (Value& source : merged) Merge(std::move(source), map);
    return map;
  }

  Result<Value> ConvertList(const YAML::Node& node, int depth, int line) {
    Value list = List({});
    list.line = line;
    for (const auto& entry : node) {
      auto item = Convert(entry, depth + 1);
      if (!item) return item;
      list.items.push_back(*std::move(item));
    }
    return list;
  }

  // `<<: *defaults`: the members that `map` does not have itself.
  void Merge(Value source, Value& map) {
    for (Value& each : source.items) Merge(std::move(each), map);
    for (Member& member : source.members) {
      if (map.Find(member.key) == nullptr) map.members.push_back(std::move(member));
    }
  }

  std::size_t values_ = 0;
  std::size_t text_bytes_ = 0;
};

std::string Remedy(std::string_view text) {
  if (text.find("{{") == std::string_view::npos) return "; correct the YAML there";
  return "; a Helm template must be rendered first: helm template CHART";
}

// Sees documents go by. A document that starts where the last one did ate nothing: yaml-cpp, which
// leaves a token behind that no document can start with, would return it for ever.
class Progress final : public YAML::EventHandler {
 public:
  bool stuck() const { return stuck_; }
  int line() const { return start_.line + 1; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    stuck_ = mark.pos == start_.pos;
    start_ = mark;
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

 private:
  YAML::Mark start_ = YAML::Mark::null_mark();
  bool stuck_ = false;
};

// Runs through `text` once, so that what follows ends. Throws what yaml-cpp throws.
Result<void> RunThrough(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  Progress progress;
  while (parser.HandleNextDocument(progress)) {
    if (progress.stuck()) {
      return Bad(progress.line(), "text that belongs to no document" + Remedy(text));
    }
  }
  return {};
}

Result<std::vector<YAML::Node>> Parse(std::string_view text) {
  try {
    const std::string copy(text);
    if (const auto ran = RunThrough(copy); !ran) return tl::unexpected(ran.error());
    return YAML::LoadAll(copy);
  } catch (const YAML::Exception& problem) {
    const int line = std::max(problem.mark.line, 0) + 1;
    return Bad(line, problem.msg + Remedy(text));
  } catch (const std::exception& problem) {
    return Bad(1, std::string(problem.what()) + Remedy(text));
  }
}

}  // namespace

Result<std::vector<Value>> Load(std::string_view text) {
  if (const auto scanned = Scan(text); !scanned) return tl::unexpected(scanned.error());
  const auto nodes = Parse(text);
  if (!nodes) return tl::unexpected(nodes.error());
  std::vector<Value> documents;
  Converter converter;
  for (const YAML::Node& node : *nodes) {
    try {
      auto value = converter.Convert(node, 0);
      if (!value) return tl::unexpected(value.error());
      documents.push_back(*std::move(value));
    } catch (const YAML::Exception& problem) {
      return Bad(std::max(problem.mark.line, 0) + 1, problem.msg);
    }
  }
  return documents;
}

}  // namespace tangram::yaml
