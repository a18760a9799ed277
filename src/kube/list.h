// Reading a collection page by page. Pure: no I/O. Used by Client::List and the Reflector.
#pragma once

#include <simdjson.h>

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "kube/call.h"
#include "kube/resource.h"

namespace tangram::kube {

struct ListOptions {
  std::string ns{};              // empty: all namespaces, or a cluster-scoped resource
  std::string label_selector{};  // as kubectl -l
  std::string field_selector{};
  int page_size = 500;  // 0: all in one
  Content content = Content::kFull;
};

// Decodes one item. It may read fields in any order, but each string only once: simdjson keeps the
// strings of a page in a buffer that has room for each of them once. Strings must be copied.
using ItemDecoder = std::function<base::Result<void>(simdjson::ondemand::object& item)>;

struct ListHandler {
  ItemDecoder on_item{};
  // The list expired half-way and begins again: forget every item so far.
  std::function<void()> on_restart{};
};

struct ListMeta {
  std::string resource_version;  // where a watch goes on
  std::size_t items = 0;
};

// What one page says beside its items.
struct PageMeta {
  std::string resource_version;
  std::string next;  // the continue token; empty on the last page
  std::size_t items = 0;
};

// Reads one page; `body` grows by the padding that simdjson asks for. An item that `on_item`
// refuses ends it with that error; a body that is not a list of `kind` (empty: any) is
// kUnavailable.
base::Result<PageMeta> ReadPage(simdjson::ondemand::parser& parser, std::string& body,
                                std::string_view kind, const ItemDecoder& on_item);

// The state of one list between its pages.
class ListCursor {
 public:
  ListCursor(Resource resource, ListOptions options);

  enum class Step { kMore, kDone };
  // What to ask next.
  Call NextCall() const;
  // Takes a page, or the error that came in its place. A list that expired half-way begins again
  // without pages, as client-go's pager does.
  base::Result<Step> TakePage(std::string body, const ListHandler& handler);
  base::Result<Step> TakeError(const base::Error& error, const ListHandler& handler);

  const ListMeta& meta() const { return meta_; }

 private:
  Resource resource_;
  ListOptions options_;
  std::string next_;
  ListMeta meta_;
  simdjson::ondemand::parser parser_;
};

}  // namespace tangram::kube
