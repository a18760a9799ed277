#include "objects/object.h"

#include <fmt/format.h>

#include <cctype>

#include "base/nearest.h"
#include "base/text.h"
#include "base/time_text.h"
#include "yaml/load.h"

namespace tangram::objects {
namespace {

using yaml::Fields;
using yaml::Found;
using yaml::Value;

bool IsLowerOrDigit(char c) {
  const auto letter = static_cast<unsigned char>(c);
  return std::islower(letter) != 0 || std::isdigit(letter) != 0;
}

bool IsDnsLabel(std::string_view label) {
  return !label.empty() && IsLowerOrDigit(label.front()) && IsLowerOrDigit(label.back()) &&
         std::all_of(label.begin(), label.end(),
                     [](char c) { return IsLowerOrDigit(c) || c == '-'; });
}

// As messages name it, before anything is known to be right.
std::string ShownName(const Value& object, std::string_view kind) {
  const Value* metadata = object.Find("metadata");
  const std::string_view name = metadata == nullptr ? "" : metadata->TextOf("name");
  return IsObjectName(name) ? fmt::format("{} {}", kind, name) : std::string(kind);
}

// Those that begin so, whatever the case; else those that are nearly so.
std::vector<std::string> Meant(const std::string& text, const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 4;
  std::vector<std::string> meant;
  for (const std::string& name : names) {
    const bool begins = !text.empty() && name.size() >= text.size() &&
                        base::SameIgnoringCase(name.substr(0, text.size()), text);
    if (begins && meant.size() < kMost) meant.push_back(name);
  }
  if (!meant.empty()) return meant;
  return base::Nearest(text, names, {.most = 4, .count = 3});
}

}  // namespace

bool IsObjectName(std::string_view name) {
  if (name.size() > kLongestName) return false;
  const auto labels = base::Split(name, '.');
  return std::all_of(labels.begin(), labels.end(), IsDnsLabel);
}

std::size_t Characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

std::vector<cluster::Condition> ReadConditions(const Value& object) {
  const Value* status = object.Find("status");
  const Value* list = status == nullptr ? nullptr : status->Find("conditions");
  std::vector<cluster::Condition> conditions;
  if (list == nullptr) return conditions;
  for (const Value& one : list->items) {
    if (one.TextOf("type").empty()) continue;
    const auto since = base::ParseTime(one.TextOf("lastTransitionTime"));
    conditions.push_back({.type = std::string(one.TextOf("type")),
                          .holds = one.TextOf("status") == "True",
                          .reason = std::string(one.TextOf("reason")),
                          .message = std::string(one.TextOf("message")),
                          .since = since.value_or(base::Time())});
  }
  std::sort(conditions.begin(), conditions.end(),
            [](const auto& a, const auto& b) { return a.type < b.type; });
  return conditions;
}

std::string ReadText(Fields& fields, std::string_view key) { return fields.Text(key).value_or(""); }

std::string NeedText(Fields& fields, std::string_view key) {
  fields.Need(key, "write one");
  return ReadText(fields, key);
}

std::optional<base::Time> ReadTime(Fields& fields, std::string_view key) {
  const auto text = fields.Text(key);
  if (!text) return std::nullopt;
  const auto time = base::ParseTime(*text);
  if (time) return *time;
  fields.Wrong(key, "is no time; write it as 2026-11-22T12:00:00Z");
  return std::nullopt;
}

std::vector<cluster::Condition> ReadConditions(std::string_view text) {
  const auto documents = yaml::Load(text);
  if (!documents || documents->empty()) return {};
  return ReadConditions(documents->front());
}

Object::Object(const Value& value, std::string_view kind)
    : kind_(kind), faults_(ShownName(value, kind)), fields_(faults_, &value, "") {}

void Object::CheckKind() {
  const auto must_be = [&](std::string_view key, std::string_view value) {
    const Value* found = fields_.Find(key);
    fields_.Need(key, fmt::format("write {}: {}", key, value));
    if (found == nullptr || (found->is_text() && found->text == value)) return;
    fields_.Wrong(key,
                  fmt::format("is {}; only {} of {} is read", Found(*found), kind_, kApiVersion));
  };
  must_be("kind", kind_);
  must_be("apiVersion", kApiVersion);
  fields_.Allow({"apiVersion", "kind", "metadata", "spec", "status"});
}

Metadata Object::ReadMetadata() {
  fields_.Need("metadata", "write a name: metadata: {name: NAME}");
  Fields fields = fields_.Map("metadata");
  fields.Need("name", "write a name: metadata: {name: NAME}");
  const Value* name = fields.Find("name");
  if (name == nullptr) return {};
  Metadata metadata{.name = name->text,
                    .uid = fields.Text("uid").value_or(""),
                    .version = fields.Text("resourceVersion").value_or("")};
  if (!name->is_text() || !IsObjectName(metadata.name)) {
    fields.Wrong("name",
                 fmt::format("is {}; write lower case letters, digits, - and .", Found(*name)));
  }
  if (const Value* generation = fields.Find("generation")) {
    metadata.generation = base::ParseInteger(generation->text).value_or(0);
  }
  const auto created = base::ParseTime(fields.Text("creationTimestamp").value_or(""));
  metadata.created_at = created.value_or(base::Time());
  const Value* labels = fields.Find("labels");
  if (labels != nullptr) metadata.managed_by = labels->TextOf("app.kubernetes.io/managed-by");
  return metadata;
}

void Object::WrongName(std::string_view what) { fields_.Map("metadata").Wrong("name", what); }

Fields Object::Spec() {
  fields_.Need("spec", "write one; spec: {} at least");
  return fields_.Map("spec");
}

std::vector<std::string> ReadSet(Fields& fields, std::string_view key) {
  const Value* list = fields.Find(key);
  if (list == nullptr) return {};
  if (list->is_list() && list->items.empty()) {
    fields.Wrong(key, "is empty; list at least one, or leave it out");
    return {};
  }
  std::vector<std::string> texts = fields.Texts(key);
  for (std::size_t i = 1; i < texts.size(); ++i) {
    const auto here = texts.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(texts.begin(), here, *here) == here) continue;
    fields.WrongItem(key, i, "stands there twice; keep one");
    return {};
  }
  return texts;
}

namespace {

// "is 1g.5gp, a profile that no model has; did you mean 1g.5gb?"; empty: it is one of them.
std::string WhyUnknown(const std::string& text, const Value& value, const KnownNames& known) {
  if (std::find(known.names.begin(), known.names.end(), text) != known.names.end()) return "";
  const auto meant = Meant(text, known.names);
  return fmt::format("is {}, {}; {}", Found(value), known.unknown,
                     meant.empty() ? fmt::format("write one as {}", known.example)
                                   : fmt::format("did you mean {}?", base::OneOf(meant)));
}

}  // namespace

std::vector<std::string> ReadNames(Fields& fields, std::string_view key, const KnownNames& known) {
  std::vector<std::string> texts = ReadSet(fields, key);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::string why = WhyUnknown(texts[i], fields.Find(key)->items[i], known);
    if (why.empty()) continue;
    fields.WrongItem(key, i, why);
    return {};
  }
  return texts;
}

std::string ReadName(Fields& fields, std::string_view key, const KnownNames& known) {
  const std::string text = fields.Text(key).value_or("");
  const std::string why = text.empty() ? "" : WhyUnknown(text, *fields.Find(key), known);
  if (why.empty()) return text;
  fields.Wrong(key, why);
  return "";
}

std::vector<const Value*> ObjectsOf(const std::vector<Value>& documents) {
  std::vector<const Value*> objects;
  for (const Value& document : documents) {
    if (document.kind == Value::Kind::kNull) continue;
    const Value* items = document.Find("items");
    const bool list = document.TextOf("kind").ends_with("List") && items != nullptr;
    if (!list) {
      objects.push_back(&document);
      continue;
    }
    for (const Value& item : items->items) objects.push_back(&item);
  }
  return objects;
}

namespace internal {

base::Result<std::vector<Value>> LoadDocuments(std::string_view text) { return yaml::Load(text); }

base::Error SameName(const Value& object, std::string_view kind, std::string_view name) {
  return {base::ErrorCode::kInvalid,
          fmt::format("line {}: {} {}: another one before it has that name; rename one",
                      object.line, kind, name)};
}

base::Error NoObject(std::string_view kind) {
  return {base::ErrorCode::kInvalid,
          fmt::format("line 1: there is no {} in it; docs/{}.md has one to start from", kind,
                      kind == "GpuPool"   ? "pools"
                      : kind == "GpuPlan" ? "gpuplans"
                                          : "classes")};
}

}  // namespace internal

}  // namespace tangram::objects
