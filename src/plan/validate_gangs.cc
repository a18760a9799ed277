#include "plan/validate_gangs.h"

#include <fmt/format.h>

#include <string_view>
#include <tuple>
#include <utility>

#include "cluster/schedulable.h"
#include "plan/leaks/judge.h"
#include "plan/leaks/seats.h"
#include "plan/place/topology.h"

namespace tangram::plan {
namespace {

using cluster::Pod;

class GangCheck {
 public:
  explicit GangCheck(const Outcome& outcome) : outcome_(outcome) {}

  std::vector<std::string> Run() && {
    CheckGangs();
    CheckSizes();
    CheckEvicted();
    CheckDomains();
    return std::move(wrong_);
  }

 private:
  template <class... Args>
  void Wrong(fmt::format_string<Args...> text, Args&&... args) {
    wrong_.push_back(fmt::format(text, std::forward<Args>(args)...));
  }

  // Pods of a gang are near each other, where they said that they have to be.
  void CheckDomains() {
    std::map<std::pair<std::string_view, std::string_view>, std::set<std::string>> said;
    for (const PodName& name : outcome_.placed) {
      const Pod& pod = *outcome_.pods.Find(name);
      const std::string_view gang = GangOf(pod);
      const std::string_view required = WishesOf(pod).required;
      if (!gang.empty() && !required.empty()) said[{pod.ns, gang}].insert(std::string(required));
    }
    if (said.empty()) return;
    std::map<std::tuple<std::string_view, std::string_view, std::string_view>,
             std::set<std::string>>
        domains;
    for (const auto& [name, node] : outcome_.nodes) {
      for (const Pod* pod : node.pods) {
        const auto of = said.find({pod->ns, GangOf(*pod)});
        if (of == said.end()) continue;
        for (const std::string& level : of->second) {
          domains[{of->first.first, of->first.second, level}].insert(
              node.is_new ? DomainOfNew(*node.like, name, level) : DomainOf(*node.like, level));
        }
      }
    }
    for (const auto& [of, names] : domains) {
      const auto& [ns, gang, level] = of;
      if (names.size() > 1 || names.contains(""))
        Wrong("gang {}/{} is not in one {}", ns, gang, level);
    }
  }

  void CheckEvicted() {
    for (const auto& [name, by] : outcome_.evicted) {
      if (!outcome_.placed.contains(by))
        Wrong("pod {}/{} is evicted for nobody", name.ns, name.name);
      const std::string_view gang = GangOf(*outcome_.pods.Find(name));
      if (gang.empty()) continue;
      outcome_.pods.Each([&, &ns = name.ns](const Pod& pod) {
        const bool mate = pod.ns == ns && cluster::HoldsDevices(pod) && GangOf(pod) == gang &&
                          outcome_.nodes.contains(pod.node);
        if (mate && !outcome_.evicted.contains({pod.ns, pod.name})) {
          Wrong("gang {}/{} is split", ns, gang);
        }
      });
    }
  }

  void CheckGangs() {
    std::map<std::pair<std::string_view, std::string_view>, std::set<bool>> seen;
    outcome_.pods.Each([&](const Pod& pod) {
      if (!outcome_.Waits(pod) || !AsksForGpu(pod)) return;
      const std::string_view gang = GangOf(pod);
      if (!gang.empty()) seen[{pod.ns, gang}].insert(outcome_.placed.contains({pod.ns, pod.name}));
    });
    for (const auto& [gang, outcomes] : seen) {
      if (outcomes.size() > 1) Wrong("gang {}/{} is split", gang.first, gang.second);
    }
  }

  void CheckSizes() {
    std::map<std::pair<std::string_view, std::string_view>, int> there;
    for (const PodName& name : outcome_.placed) {
      const Pod& pod = *outcome_.pods.Find(name);
      if (const std::string_view gang = GangOf(pod); !gang.empty()) there[{pod.ns, gang}] = 0;
    }
    if (there.empty()) return;
    outcome_.pods.Each([&](const Pod& pod) {
      const auto counted = there.find({pod.ns, GangOf(pod)});
      if (counted != there.end() && outcome_.gangs.IsThere(pod)) ++counted->second;
    });
    for (const PodName& name : outcome_.placed) {
      const Pod& pod = *outcome_.pods.Find(name);
      const cluster::Gang gang = outcome_.gangs.Of(pod);
      if (gang.name.empty() || outcome_.evicted.contains(name)) continue;
      const int count = there[{pod.ns, gang.name}];
      if (!outcome_.gangs.MissingFor(pod).empty())
        Wrong("pod {}/{} is placed before the size of its gang is known", name.ns, name.name);
      if (gang.size && count < *gang.size)
        Wrong("gang {}/{} is placed with {} of {} pods", pod.ns, gang.name, count, *gang.size);
    }
  }

  std::string_view GangOf(const Pod& pod) const { return outcome_.gangs.Of(pod).name; }

  const Outcome& outcome_;
  std::vector<std::string> wrong_;
};

}  // namespace

bool Outcome::Waits(const Pod& pod) const {
  if (!evicted.empty() && evicted.contains({pod.ns, pod.name})) return true;
  return pod.node.empty() && pod.phase == cluster::PodPhase::kPending && !pod.terminating;
}

std::vector<std::string> ValidateGangs(const Outcome& outcome) { return GangCheck(outcome).Run(); }

}  // namespace tangram::plan
