#include "lint/dra.h"

namespace tangram::lint {
namespace {

void AddSelectors(const Value& holder, const Path& path, std::string_view device_class,
                  std::vector<Selector>& found) {
  const Value* selectors = holder.Find("selectors");
  if (selectors == nullptr) return;
  for (std::size_t i = 0; i < selectors->items.size(); ++i) {
    const Value* cel = selectors->items[i].Find("cel");
    const Value* expression = cel == nullptr ? nullptr : cel->Find("expression");
    if (expression == nullptr || !expression->is_scalar()) continue;
    found.push_back({expression, path / "selectors" / i / "cel" / "expression", device_class});
  }
}

void AddOfRequest(const Value& request, const Path& path, std::vector<Selector>& found) {
  AddSelectors(request, path, request.TextOf("deviceClassName"), found);
}

}  // namespace

bool IsDra(const Object& object) {
  const bool kind = object.kind == "ResourceClaim" || object.kind == "ResourceClaimTemplate" ||
                    object.kind == "DeviceClass";
  return kind && object.api_version.starts_with(kDraGroup);
}

std::vector<DeviceRequest> RequestsOf(const Object& object) {
  if (!IsDra(object) || object.kind == "DeviceClass") return {};
  Path path = Path{} / "spec";
  if (object.kind == "ResourceClaimTemplate") path = path / "spec";
  path = path / "devices" / "requests";
  const Value* requests = At(*object.root, path);
  if (requests == nullptr) return {};
  std::vector<DeviceRequest> found;
  for (std::size_t i = 0; i < requests->items.size(); ++i) {
    if (requests->items[i].is_map()) found.push_back({&requests->items[i], path / i});
  }
  return found;
}

std::vector<Selector> SelectorsOf(const Object& object) {
  std::vector<Selector> found;
  if (!IsDra(object)) return found;
  if (const Value* spec = object.root->Find("spec"); object.kind == "DeviceClass" && spec) {
    AddSelectors(*spec, Path{} / "spec", "", found);
  }
  for (const DeviceRequest& request : RequestsOf(object)) {
    AddOfRequest(*request.node, request.path, found);
    if (const Value* exactly = request.node->Find("exactly")) {
      AddOfRequest(*exactly, request.path / "exactly", found);
    }
    const Value* alternatives = request.node->Find("firstAvailable");
    if (alternatives == nullptr) continue;
    for (std::size_t i = 0; i < alternatives->items.size(); ++i) {
      AddOfRequest(alternatives->items[i], request.path / "firstAvailable" / i, found);
    }
  }
  return found;
}

}  // namespace tangram::lint
