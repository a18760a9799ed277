#include "lint/command_line.h"

#include <algorithm>
#include <array>
#include <vector>

namespace tangram::lint {
namespace {

constexpr std::array<std::string_view, 2> kServers = {"vllm serve",
                                                      "vllm.entrypoints.openai.api_server"};

struct Item {
  const Value* value = nullptr;
  Path path;
};

std::vector<Item> ItemsOf(const Container& container) {
  std::vector<Item> items;
  for (const char* list : {"command", "args"}) {
    const Value* values = container.node->Find(list);
    if (values == nullptr) continue;
    for (std::size_t i = 0; i < values->items.size(); ++i) {
      if (!values->items[i].is_scalar()) continue;
      items.push_back({&values->items[i], container.path / list / i});
    }
  }
  return items;
}

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\\'; }

// Text with '_' as '-', as vLLM reads flags; same length.
std::string Dashed(std::string_view text) {
  std::string dashed(text);
  std::replace(dashed.begin(), dashed.end(), '_', '-');
  return dashed;
}

// The flag within one item: "--flag=0.9", or "... --flag 0.9 ..." in a shell's text.
std::optional<FlagValue> Inside(const Item& item, std::string_view flag) {
  const std::string& text = item.value->text;
  const std::size_t at = Dashed(text).rfind(flag);
  if (at == std::string::npos) return std::nullopt;
  const bool starts = at == 0 || IsBlank(text[at - 1]);
  std::size_t begin = at + flag.size();
  if (!starts || begin >= text.size()) return std::nullopt;
  if (text[begin] == '=') {
    ++begin;
  } else if (IsBlank(text[begin])) {
    while (begin < text.size() && IsBlank(text[begin])) ++begin;
  } else {
    return std::nullopt;  // a longer flag
  }
  std::size_t end = begin;
  constexpr std::string_view kEnds = "\"';|&)";
  while (end < text.size() && !IsBlank(text[end]) && kEnds.find(text[end]) == kEnds.npos) ++end;
  return FlagValue{
      item.path, item.value, text.substr(at, flag.size()), text.substr(begin, end - begin),
      begin,     end};
}

// Where a flag goes in a shell's text: right behind the server's name.
std::optional<std::size_t> PlaceIn(const std::string& text) {
  for (const std::string_view server : kServers) {
    const auto at = text.find(server);
    if (at != std::string::npos) return at + server.size();
  }
  return std::nullopt;
}

}  // namespace

std::optional<FlagValue> FindFlag(const Container& container, std::string_view flag) {
  const std::vector<Item> items = ItemsOf(container);
  std::optional<FlagValue> found;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string& text = items[i].value->text;
    if (Dashed(text) != flag) {
      if (auto inside = Inside(items[i], flag)) found = std::move(inside);
    } else if (i + 1 < items.size()) {
      const Item& next = items[i + 1];
      found = FlagValue{next.path, next.value, text, next.value->text, 0, next.value->text.size()};
    }
  }
  return found;
}

std::vector<Edit> WithValue(const FlagValue& found, const std::string& value) {
  if (found.begin == 0) {  // an item of its own: the flag before it is shown as well
    Path flag = found.path;
    --*flag.back().index;
    return {{flag, Text(found.flag), std::nullopt}, {found.path, Text(value), std::nullopt}};
  }
  std::string text = found.item->text;
  text.replace(found.begin, found.end - found.begin, value);
  return {{found.path, Text(std::move(text)), "... " + found.flag + "=" + value + " ..."}};
}

Edit WithFlag(const Container& container, const std::string& flag, const std::string& value) {
  const std::string setting = flag + "=" + value;
  for (const Item& item : ItemsOf(container)) {
    if (const auto place = PlaceIn(item.value->text)) {
      std::string text = item.value->text;
      text.insert(*place, " " + setting);
      return {item.path, Text(std::move(text)), "... " + setting + " ..."};
    }
  }
  const Value* args = container.node->Find("args");
  const Value* command = container.node->Find("command");
  const bool in_command = (args == nullptr || !args->is_list()) && command != nullptr &&
                          command->is_list() && !command->items.empty();
  const Value* list = in_command ? command : args;
  const std::size_t next = list == nullptr ? 0 : list->items.size();
  return {container.path / (in_command ? "command" : "args") / next, Text(setting), std::nullopt};
}

bool IsVllmServer(const Container& container) {
  std::string line;
  for (const Item& item : ItemsOf(container)) line += item.value->text + " ";
  const bool named = std::any_of(kServers.begin(), kServers.end(), [&](std::string_view server) {
    return line.find(server) != std::string::npos;
  });
  const bool own_entry = container.node->Find("command") == nullptr &&
                         container.node->TextOf("image").find("vllm") != std::string_view::npos;
  return named || own_entry;
}

}  // namespace tangram::lint
