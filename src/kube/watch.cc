#include "kube/watch.h"

#include <fmt/format.h>

#include <cstring>
#include <optional>
#include <span>

#include "base/text.h"
#include "kube/json_text.h"
#include "kube/status.h"

namespace tangram::kube {
namespace {

using simdjson::ondemand::object;
using simdjson::ondemand::raw_json_string;
using simdjson::ondemand::value;

tl::unexpected<base::Error> NoEvent(std::string_view why) {
  return base::Fail(base::ErrorCode::kUnavailable, fmt::format("not a watch event: {}", why));
}

tl::unexpected<base::Error> NoEvent(simdjson::error_code code) {
  return NoEvent(simdjson::error_message(code));
}

struct WantedText {
  const char* name;
  std::string* target;
};

// Copies the wanted texts of `in`. False: it is broken, or one of them is no text.
bool ReadTexts(object& in, std::span<const WantedText> wanted) {
  for (auto field : in) {
    raw_json_string key;
    value inner;
    if (field.key().get(key) || field.value().get(inner)) return false;
    for (const WantedText& text : wanted) {
      if (!(key == text.name)) continue;
      auto read = StringOf(inner);
      if (!read) return false;
      *text.target = std::move(*read);
    }
  }
  return true;
}

bool ReadMetadata(value metadata, ObjectMeta& meta) {
  object fields;
  if (metadata.get_object().get(fields)) return false;
  const WantedText wanted[] = {{"namespace", &meta.ns},
                               {"name", &meta.name},
                               {"uid", &meta.uid},
                               {"resourceVersion", &meta.resource_version}};
  return ReadTexts(fields, wanted);
}

// Walks to the end once, so that a line cut anywhere is found before any of it is used.
simdjson::error_code CheckWhole(simdjson::ondemand::document& document, object& root) {
  for (auto field : root) {
    raw_json_string key;
    if (auto code = field.key().get(key)) return code;
  }
  // Past the end there is no current location.
  if (!document.current_location().error()) return simdjson::TAPE_ERROR;
  return root.reset().error();
}

std::optional<EventType> TypeOf(std::string_view name) {
  if (name == "ADDED") return EventType::kAdded;
  if (name == "MODIFIED") return EventType::kModified;
  if (name == "DELETED") return EventType::kDeleted;
  if (name == "BOOKMARK") return EventType::kBookmark;
  return std::nullopt;
}

// The Status inside an ERROR event.
base::Error ErrorEvent(object& status) {
  std::int64_t code = 500;
  std::string message;
  for (auto field : status) {
    raw_json_string key;
    value inner;
    if (field.key().get(key) || field.value().get(inner)) break;
    if (key == "code" && inner.get_int64().get(code)) code = 500;
    if (key == "message") message = StringOf(inner).value_or("");
  }
  const int http = code >= 400 && code < 600 ? static_cast<int>(code) : 500;
  return {CodeOf(http),
          fmt::format("the watch ended with {}: {}", http, base::Shorten(message, 300))};
}

base::Result<void> HandOver(EventType type, object& item, std::string_view kind,
                            const OnEvent& on_event) {
  auto meta = ReadMeta(item);
  if (!meta) return tl::unexpected<base::Error>(meta.error());
  if (!kind.empty() && meta->kind != kind) {
    return NoEvent(
        fmt::format("its object is a {}, not a {}", base::Shorten(meta->kind, 80), kind));
  }
  if (meta->resource_version.empty()) return NoEvent("its object has no resourceVersion");
  if (meta->name.empty() && type != EventType::kBookmark) return NoEvent("its object has no name");
  return on_event({type, std::move(*meta)}, item);
}

}  // namespace

base::Result<ObjectMeta> ReadMeta(object& item) {
  ObjectMeta meta;
  for (auto field : item) {
    raw_json_string key;
    value inner;
    if (auto code = field.key().get(key)) return NoEvent(code);
    if (auto code = field.value().get(inner)) return NoEvent(code);
    if (key == "kind") {
      auto kind = StringOf(inner);
      if (!kind) return NoEvent("its object's kind is no text");
      meta.kind = std::move(*kind);
    }
    if (key == "metadata" && !ReadMetadata(inner, meta)) {
      return NoEvent("its object's metadata cannot be read");
    }
  }
  if (auto code = item.reset().error()) return NoEvent(code);
  return meta;
}

LineFramer::State LineFramer::Feed(std::string_view chunk, const OnLine& on_line) {
  buffer_.resize(used_);
  buffer_ += chunk;
  used_ = buffer_.size();
  buffer_.append(simdjson::SIMDJSON_PADDING, '\0');
  std::size_t start = 0;
  while (true) {
    const void* found = std::memchr(buffer_.data() + searched_, '\n', used_ - searched_);
    if (found == nullptr) break;
    const auto end = static_cast<std::size_t>(static_cast<const char*>(found) - buffer_.data());
    const std::size_t length = end - start;
    if (length > max_line_) return State::kTooLong;
    const simdjson::padded_string_view line(buffer_.data() + start, length, buffer_.size() - start);
    start = end + 1;
    searched_ = start;
    if (base::Trim({line.data(), length}).empty()) continue;
    if (!on_line(line)) return State::kStopped;
  }
  if (used_ - start > max_line_) return State::kTooLong;
  buffer_.erase(0, start);
  used_ -= start;
  searched_ = used_;
  return State::kMore;
}

base::Result<void> ReadEvent(simdjson::ondemand::parser& parser, simdjson::padded_string_view line,
                             std::string_view kind, const OnEvent& on_event) {
  simdjson::ondemand::document document;
  if (auto code = parser.iterate(line).get(document)) return NoEvent(code);
  object root;
  if (auto code = document.get_object().get(root)) return NoEvent(code);
  if (auto code = CheckWhole(document, root)) return NoEvent(code);
  value type_value;
  if (auto code = root.find_field_unordered("type").get(type_value)) return NoEvent(code);
  const auto type_name = StringOf(type_value);
  if (!type_name) return NoEvent("its type is no text");
  object item;
  if (auto code = root.find_field_unordered("object").get_object().get(item)) return NoEvent(code);
  if (*type_name == "ERROR") return tl::unexpected<base::Error>(ErrorEvent(item));
  const auto type = TypeOf(*type_name);
  if (!type) return NoEvent("its type is " + base::Shorten(*type_name, 40));
  return HandOver(*type, item, kind, on_event);
}

}  // namespace tangram::kube
