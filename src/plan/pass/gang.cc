#include "plan/pass/gang.h"

#include <map>
#include <utility>

namespace tangram::plan {

bool IsInGang(const cluster::Pod& pod) { return !cluster::Find(pod.labels, kGangLabel).empty(); }

std::vector<Gang> GangsOf(const std::vector<const cluster::Pod*>& pods) {
  std::vector<Gang> gangs;
  std::map<std::pair<std::string_view, std::string_view>, std::size_t> known;
  for (const cluster::Pod* pod : pods) {
    std::size_t at = gangs.size();
    if (IsInGang(*pod)) {
      at = known.try_emplace({pod->ns, cluster::Find(pod->labels, kGangLabel)}, at).first->second;
    }
    if (at == gangs.size()) gangs.emplace_back();
    gangs[at].push_back(pod);
  }
  return gangs;
}

}  // namespace tangram::plan
