#include "lint/fragment.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <utility>

namespace tangram::lint {
namespace {

Value* Make(Value& at, const Step& step) {
  if (!step.index) {
    if (at.Find(step.key) == nullptr) at.Set(step.key, {});
    return at.Find(step.key);
  }
  if (!at.is_list()) at = List({});
  if (*step.index >= at.items.size()) at.items.resize(*step.index + 1);
  return &at.items[*step.index];
}

void SetAt(Value& root, const Edit& edit) {
  Value* at = &root;
  for (const Step& step : edit.path) at = Make(*at, step);
  *at = *edit.value;
}

void RemoveAt(Value& root, const Path& path) {
  const Path parent(path.begin(), path.end() - 1);
  auto* at = const_cast<Value*>(At(root, parent));
  if (at == nullptr) return;
  const Step& last = path.back();
  if (!last.index) {
    at->Remove(last.key);
  } else if (*last.index < at->items.size()) {
    at->items.erase(at->items.begin() + static_cast<std::ptrdiff_t>(*last.index));
  }
}

void SetAll(Value& root, const std::vector<Edit>& edits) {
  for (const Edit& edit : edits) {
    if (edit.value) SetAt(root, edit);
  }
}

using Ways = std::vector<std::pair<Path, const Edit*>>;  // what is left of each path

Ways Below(const Ways& ways, const Step& step) {
  Ways below;
  for (const auto& [path, edit] : ways) {
    if (path.front() == step) below.emplace_back(Path(path.begin() + 1, path.end()), edit);
  }
  return below;
}

Value Prune(const Value& value, const Ways& ways);

Value PruneList(const Value& list, const Ways& ways) {
  Value pruned = List({});
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    const Ways below = Below(ways, {"", i});
    if (below.empty()) continue;
    Value item = Prune(list.items[i], below);
    const Value* name = list.items[i].Find("name");
    if (item.is_map() && name != nullptr && item.Find("name") == nullptr) {
      item.members.insert(item.members.begin(), {"name", *name});
    }
    pruned.items.push_back(std::move(item));
  }
  return pruned;
}

// The values that `ways` end at, and what leads to them.
Value Prune(const Value& value, const Ways& ways) {
  for (const auto& [path, edit] : ways) {
    if (path.empty()) return edit->shown ? Text(*edit->shown) : value;
  }
  if (value.is_list()) return PruneList(value, ways);
  Value pruned = Map({});
  for (const Member& member : value.members) {
    const Ways below = Below(ways, {member.key, std::nullopt});
    if (!below.empty()) pruned.members.push_back({member.key, Prune(member.value, below)});
  }
  return pruned;
}

Value WithIdentity(const Value& root, const Ways& ways) {
  Value identified = Map({});
  const Value pruned = Prune(root, ways);
  for (const Member& member : root.members) {
    const Value* kept = pruned.Find(member.key);
    if (member.key == "apiVersion" || member.key == "kind") {
      identified.members.push_back(member);
    } else if (member.key == "metadata") {
      Value metadata = Map({});
      for (const char* key : {"name", "generateName", "namespace"}) {
        if (const Value* there = member.value.Find(key)) metadata.Set(key, *there);
      }
      if (kept != nullptr) {
        for (const Member& more : kept->members) metadata.Set(more.key, more.value);
      }
      identified.members.push_back({"metadata", std::move(metadata)});
    } else if (kept != nullptr) {
      identified.members.push_back({member.key, *kept});
    }
  }
  return identified;
}

void EmitValue(const Value& value, YAML::Emitter& out);

void EmitText(const std::string& text, Value::Style style, YAML::Emitter& out) {
  if (text.find('\n') != std::string::npos) {
    out << YAML::Literal;
  } else if (style == Value::Style::kQuoted) {
    out << YAML::DoubleQuoted;
  } else if (text.starts_with('"')) {  // CEL, mostly: easier to read than with backslashes
    out << YAML::SingleQuoted;
  }
  out << text;
}

void EmitMap(const Value& value, YAML::Emitter& out) {
  if (value.members.empty()) out << YAML::Flow;
  out << YAML::BeginMap;
  for (const Member& member : value.members) {
    out << YAML::Key << member.key << YAML::Value;
    EmitValue(member.value, out);
  }
  out << YAML::EndMap;
}

void EmitList(const Value& value, YAML::Emitter& out) {
  if (value.items.empty()) out << YAML::Flow;
  out << YAML::BeginSeq;
  for (const Value& item : value.items) EmitValue(item, out);
  out << YAML::EndSeq;
}

void EmitValue(const Value& value, YAML::Emitter& out) {
  switch (value.kind) {
    case Value::Kind::kNull:
      out << YAML::Null;
      break;
    case Value::Kind::kScalar:
      EmitText(value.text, value.style, out);
      break;
    case Value::Kind::kMap:
      EmitMap(value, out);
      break;
    case Value::Kind::kList:
      EmitList(value, out);
      break;
  }
}

}  // namespace

Value Apply(Value root, const std::vector<Edit>& edits) {
  SetAll(root, edits);
  std::vector<Path> removed;
  for (const Edit& edit : edits) {
    if (!edit.value && !edit.path.empty()) removed.push_back(edit.path);
  }
  std::stable_sort(removed.begin(), removed.end(), [](const Path& a, const Path& b) {
    return a.back().index.value_or(0) > b.back().index.value_or(0);  // later items first
  });
  for (const Path& path : removed) RemoveAt(root, path);
  return root;
}

std::string Fragment(const Value& root, const std::vector<Edit>& edits) {
  if (edits.empty()) return {};
  Value corrected = root;
  SetAll(corrected, edits);
  Ways ways;
  std::string text;
  for (const Edit& edit : edits) {
    if (edit.value) ways.emplace_back(edit.path, &edit);
    if (!edit.value) text += "# removed: " + TextOf(edit.path) + "\n";
  }
  return text + Emit(WithIdentity(corrected, ways));
}

std::string Emit(const Value& value) {
  YAML::Emitter out;
  EmitValue(value, out);
  return std::string(out.c_str(), out.size()) + "\n";
}

}  // namespace tangram::lint
