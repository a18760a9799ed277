#include "cluster/fallbacks.h"

#include <algorithm>
#include <map>

namespace tangram::cluster {

std::vector<std::string> FallbackCycle(const std::vector<GpuClass>& classes,
                                       std::string_view name) {
  std::map<std::string_view, const GpuClass*> by_name;
  for (const GpuClass& one : classes) by_name.emplace(one.name, &one);
  if (!by_name.contains(name)) return {};

  // Breadth first. The class itself gets a way to it only when a fallback leads back.
  std::map<std::string_view, std::string_view> came_from;
  std::vector<std::string_view> reached = {name};
  for (std::size_t i = 0; i < reached.size() && !came_from.contains(name); ++i) {
    for (const std::string& next : by_name.at(reached[i])->fallbacks) {
      const bool is_new = by_name.contains(next) && came_from.emplace(next, reached[i]).second;
      if (is_new) reached.push_back(next);
    }
  }
  if (!came_from.contains(name)) return {};

  std::vector<std::string> way = {std::string(name)};
  for (std::string_view at = came_from.at(name); at != name; at = came_from.at(at)) {
    way.emplace_back(at);
  }
  way.emplace_back(name);
  std::reverse(way.begin(), way.end());
  return way;
}

}  // namespace tangram::cluster
