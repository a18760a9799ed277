// Any bytes as a watch stream: never a crash, and the way it is cut into chunks does not matter.
// The first byte gives the size of the chunks.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "kube/list.h"
#include "kube/watch.h"

namespace {

using namespace tangram;

// What the stream says, in words.
std::string Read(std::string_view stream, std::size_t chunk) {
  simdjson::ondemand::parser parser;
  kube::LineFramer framer(4096);
  std::string said;
  const auto on_event = [&](const kube::WatchEvent& event,
                            simdjson::ondemand::object& object) -> base::Result<void> {
    said += event.meta.ns + "/" + event.meta.name + "@" + event.meta.resource_version + ";";
    std::string_view phase;
    if (!object["status"]["phase"].get_string().get(phase)) said += phase;
    return {};
  };
  while (!stream.empty()) {
    const auto state = framer.Feed(stream.substr(0, chunk), [&](auto line) {
      const auto read = kube::ReadEvent(parser, line, "Pod", on_event);
      if (!read) said += read.error().message;
      return read.has_value();
    });
    if (state != kube::LineFramer::State::kMore) return said;
    stream.remove_prefix(std::min(chunk, stream.size()));
  }
  return said;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (Read(stream, std::size_t{data[0]} + 1) != Read(stream, 1)) __builtin_trap();
  simdjson::ondemand::parser parser;
  std::string body(stream);
  const auto page = kube::ReadPage(parser, body, "Pod", [](simdjson::ondemand::object& item) {
    const auto meta = kube::ReadMeta(item);
    return meta ? base::Result<void>() : tl::unexpected<base::Error>(meta.error());
  });
  return page && page->items > size ? __builtin_trap(), 1 : 0;
}
