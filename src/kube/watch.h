// A watch stream: newline-delimited JSON, split anywhere. Pure: no I/O.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tangram::kube {

// What every object says of itself.
struct ObjectMeta {
  std::string kind{};
  std::string ns{};
  std::string name{};
  std::string uid{};
  std::string resource_version{};
};

// Reads kind and metadata, then puts `object` back to its beginning. kUnavailable: no such object.
base::Result<ObjectMeta> ReadMeta(simdjson::ondemand::object& object);

// Cuts a stream into lines, wherever its chunks end.
class LineFramer {
 public:
  explicit LineFramer(std::size_t max_line) : max_line_(max_line) {}

  enum class State { kMore, kStopped, kTooLong };
  // False stops the feeding. The view is good for the call; simdjson may read its padding.
  using OnLine = std::function<bool(simdjson::padded_string_view line)>;
  // Blank lines are skipped. After kStopped or kTooLong the framer is not fed again.
  State Feed(std::string_view chunk, const OnLine& on_line);
  // Whether the stream ended inside a line.
  bool HasPartialLine() const { return used_ != 0; }

 private:
  std::size_t max_line_;
  std::string buffer_;  // `used_` bytes, then padding
  std::size_t used_ = 0;
  std::size_t searched_ = 0;  // no line end before this
};

enum class EventType { kAdded, kModified, kDeleted, kBookmark };

struct WatchEvent {
  EventType type = EventType::kAdded;
  ObjectMeta meta{};
};

// Reads one line and hands the event to `on_event`, the object at its beginning. An ERROR event is
// an error with the code of its Status (kExpired for 410: list again); so is a line that is no
// event or an object whose kind is not `kind` (empty: any): kUnavailable.
using OnEvent =
    std::function<base::Result<void>(const WatchEvent& event, simdjson::ondemand::object& object)>;
base::Result<void> ReadEvent(simdjson::ondemand::parser& parser, simdjson::padded_string_view line,
                             std::string_view kind, const OnEvent& on_event);

}  // namespace tangram::kube
