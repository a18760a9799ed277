#include "kube/list.h"

#include <fmt/format.h>

#include <utility>

#include "kube/json_text.h"

namespace tangram::kube {
namespace {

using simdjson::ondemand::json_type;

base::Error NotAList(std::string_view why) {
  return {base::ErrorCode::kUnavailable, fmt::format("the answer is not a list: {}", why)};
}

base::Error NotAList(simdjson::error_code code) { return NotAList(simdjson::error_message(code)); }

// Reads metadata.resourceVersion and metadata.continue.
base::Result<void> ReadMeta(simdjson::ondemand::value value, PageMeta& meta) {
  simdjson::ondemand::object object;
  if (auto code = value.get_object().get(object)) return tl::unexpected(NotAList(code));
  for (auto field : object) {
    simdjson::ondemand::raw_json_string key;
    simdjson::ondemand::value inner;
    if (auto code = field.key().get(key)) return tl::unexpected(NotAList(code));
    if (auto code = field.value().get(inner)) return tl::unexpected(NotAList(code));
    std::string* target = nullptr;
    if (key == "resourceVersion") target = &meta.resource_version;
    if (key == "continue") target = &meta.next;
    if (target == nullptr) continue;
    auto text = StringOf(inner);
    if (!text) return tl::unexpected(NotAList("its metadata holds what is no string"));
    *target = std::move(*text);
  }
  return {};
}

base::Result<void> ReadItems(simdjson::ondemand::value value, const ItemDecoder& on_item,
                             PageMeta& meta) {
  json_type type{};
  if (auto code = value.type().get(type)) return tl::unexpected(NotAList(code));
  if (type == json_type::null) return {};  // what Go writes for no items
  simdjson::ondemand::array items;
  if (auto code = value.get_array().get(items)) return tl::unexpected(NotAList(code));
  for (auto item : items) {
    simdjson::ondemand::object object;
    if (auto code = item.get_object().get(object)) return tl::unexpected(NotAList(code));
    if (auto read = on_item(object); !read) {
      return base::Wrap(read.error(), fmt::format("item {}", meta.items));
    }
    ++meta.items;
  }
  return {};
}

base::Result<void> ReadKind(simdjson::ondemand::value value, std::string_view want) {
  const auto kind = StringOf(value);
  if (!kind) return tl::unexpected(NotAList("its kind is no string"));
  if (!kind->ends_with("List")) return tl::unexpected(NotAList("its kind is " + *kind));
  if (want.empty() || *kind == std::string(want) + "List" || *kind == "List") return {};
  return tl::unexpected(NotAList(fmt::format("its kind is {}, not {}List", *kind, want)));
}

}  // namespace

base::Result<PageMeta> ReadPage(simdjson::ondemand::parser& parser, std::string& body,
                                std::string_view kind, const ItemDecoder& on_item) {
  const std::size_t length = body.size();
  body.resize(length + simdjson::SIMDJSON_PADDING, '\0');
  const simdjson::padded_string_view view(body.data(), length, body.size());
  simdjson::ondemand::document document;
  if (auto code = parser.iterate(view).get(document)) return tl::unexpected(NotAList(code));
  simdjson::ondemand::object root;
  if (auto code = document.get_object().get(root)) return tl::unexpected(NotAList(code));
  PageMeta meta;
  bool has_items = false;
  for (auto field : root) {
    simdjson::ondemand::raw_json_string key;
    simdjson::ondemand::value value;
    if (auto code = field.key().get(key)) return tl::unexpected(NotAList(code));
    if (auto code = field.value().get(value)) return tl::unexpected(NotAList(code));
    base::Result<void> read;
    if (key == "kind") read = ReadKind(value, kind);
    if (key == "metadata") read = ReadMeta(value, meta);
    if (key == "items") {
      has_items = true;
      read = ReadItems(value, on_item, meta);
    }
    if (!read) return tl::unexpected(read.error());
  }
  if (!has_items) return tl::unexpected(NotAList("it has no items"));
  // Past the end there is no current location.
  if (!document.current_location().error()) return tl::unexpected(NotAList("something follows it"));
  return meta;
}

ListCursor::ListCursor(Resource resource, ListOptions options)
    : resource_(std::move(resource)), options_(std::move(options)) {}

Call ListCursor::NextCall() const {
  Call call{.asked = {.verb = "list", .resource = resource_, .ns = options_.ns}};
  call.path = resource_.Path(options_.ns);
  call.accept = AcceptList(options_.content);
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) call.query.emplace_back(name, value);
  };
  add("labelSelector", options_.label_selector);
  add("fieldSelector", options_.field_selector);
  if (options_.page_size > 0) add("limit", std::to_string(options_.page_size));
  add("continue", next_);
  return call;
}

base::Result<ListCursor::Step> ListCursor::TakePage(std::string body, const ListHandler& handler) {
  const std::string_view kind = options_.content == Content::kFull
                                    ? std::string_view(resource_.kind)
                                    : "PartialObjectMetadata";
  auto page = ReadPage(parser_, body, kind, handler.on_item);
  const Asked asked{.verb = "list", .resource = resource_, .ns = options_.ns};
  if (!page) return base::Wrap(page.error(), Describe(asked));
  meta_.items += page->items;
  if (!page->resource_version.empty()) meta_.resource_version = page->resource_version;
  if (page->next.empty()) return Step::kDone;
  if (page->next == next_) {
    return base::Fail(base::ErrorCode::kUnavailable,
                      Describe(asked) + ": the API server gave the same continue token twice");
  }
  next_ = std::move(page->next);
  return Step::kMore;
}

base::Result<ListCursor::Step> ListCursor::TakeError(const base::Error& error,
                                                     const ListHandler& handler) {
  if (error.code != base::ErrorCode::kExpired || next_.empty()) return tl::unexpected(error);
  next_.clear();
  options_.page_size = 0;
  meta_ = {};
  if (handler.on_restart) handler.on_restart();
  return Step::kMore;
}

}  // namespace tangram::kube
