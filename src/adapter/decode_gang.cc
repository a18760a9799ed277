#include "adapter/decode_gang.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include "adapter/decode_meta.h"
#include "cluster/gang.h"

namespace tangram::adapter {
namespace {

using cluster::GangOwner;
using cluster::GangSize;

constexpr std::int64_t kMostPods = std::numeric_limits<std::int32_t>::max();

// A count as the API has it, of 32 bits; nothing where it is null.
std::optional<std::int64_t> ReadCountOfPods(Json field) {
  const auto count = field.Integer();
  if (!count || (*count >= 0 && *count <= kMostPods)) return count;
  field.Expected("a count of pods from 0 to 2147483647", std::to_string(*count));
  return 0;
}

// What one spec of a Job says.
struct JobSpec {
  std::string gang{};  // that its pods will be of
  std::optional<std::int64_t> parallelism{};
  std::optional<std::int64_t> completions{};

  std::int64_t Pods() const {
    const std::int64_t at_once = parallelism.value_or(1);
    return std::min(at_once, completions.value_or(at_once));
  }
};

JobSpec ReadJobSpec(Json spec) {
  JobSpec job;
  spec.Fields([&](std::string_view key, Json field) {
    if (key == "parallelism") job.parallelism = ReadCountOfPods(field);
    if (key == "completions") job.completions = ReadCountOfPods(field);
    if (key != "template") return;
    field.Fields([&](std::string_view inner, Json metadata) {
      if (inner != "metadata") return;
      const Meta meta = ReadMeta(metadata);
      job.gang = std::string(cluster::Find(meta.labels, cluster::kGangLabel));
    });
  });
  return job;
}

// Whether one of these conditions is met: the object is over.
bool ReadIsOver(Json status, std::initializer_list<std::string_view> ends) {
  bool over = false;
  status.Fields([&](std::string_view key, Json field) {
    if (key != "conditions") return;
    field.Items([&](Json item) {
      std::string type;
      std::string value;
      item.Fields([&](std::string_view inner, Json text) {
        if (inner == "type") type = text.Text();
        if (inner == "status") value = text.Text();
      });
      over = over || (value == "True" && std::find(ends.begin(), ends.end(), type) != ends.end());
    });
  });
  return over;
}

// A part of a JobSet: so many equal Jobs.
struct ReplicatedJob {
  JobSpec job{};
  std::int64_t replicas = 1;
  bool waits = false;  // for others of the JobSet
};

ReplicatedJob ReadReplicatedJob(Json item) {
  ReplicatedJob part;
  item.Fields([&](std::string_view key, Json field) {
    if (key == "replicas") part.replicas = ReadCountOfPods(field).value_or(1);
    if (key == "dependsOn") field.Items([&](Json) { part.waits = true; });
    if (key != "template") return;
    field.Fields([&](std::string_view inner, Json spec) {
      if (inner == "spec") part.job = ReadJobSpec(spec);
    });
  });
  return part;
}

bool ReadIsInOrder(Json policy) {
  bool in_order = false;
  policy.Fields([&](std::string_view key, Json field) {
    if (key == "startupPolicyOrder") in_order = field.Text() == "InOrder";
  });
  return in_order;
}

std::vector<GangSize> GangsOf(const std::vector<ReplicatedJob>& parts) {
  std::map<std::string_view, std::int64_t> sums;
  for (const ReplicatedJob& part : parts) {
    // Both are below 2^31: no overflow.
    const std::int64_t pods = std::min(part.replicas * part.job.Pods(), kMostPods);
    if (part.job.gang.empty() || pods == 0) continue;
    const auto [sum, is_first] = sums.try_emplace(part.job.gang, pods);
    if (!is_first && !part.waits) sum->second = std::min(sum->second + pods, kMostPods);
  }
  std::vector<GangSize> gangs;
  for (const auto& [gang, pods] : sums) gangs.push_back({std::string(gang), pods});
  return gangs;
}

std::string NameOf(std::string_view kind, const Meta& meta) {
  return std::string(kind) + "/" + meta.name;
}

using Owner = base::Result<std::optional<GangOwner>>;

// `read_size` reads spec.
template <class ReadSize>
Owner DecodeGroup(simdjson::ondemand::object& object, std::string_view kind, ReadSize read_size) {
  Fault fault;
  Meta meta;
  std::int64_t pods = 1;
  Walk(object, fault, [&](std::string_view key, Json field) {
    if (key == "metadata") meta = ReadMeta(field);
    if (key == "spec") pods = read_size(field);
  });
  if (meta.name.empty()) fault.Set("metadata.name is missing");
  if (fault.Found()) return tl::unexpected(ErrorOf(fault, "PodGroup", meta.ns, meta.name));
  return GangOwner{meta.ns, NameOf(kind, meta), {{meta.name, std::max<std::int64_t>(pods, 1)}}};
}

Owner DecodeByMinMember(simdjson::ondemand::object& object, std::string_view kind) {
  return DecodeGroup(object, kind, [](Json spec) {
    std::int64_t pods = 1;
    spec.Fields([&](std::string_view key, Json field) {
      if (key == "minMember") pods = ReadCountOfPods(field).value_or(1);
    });
    return pods;
  });
}

std::int64_t ReadMinCount(Json gang) {
  std::int64_t pods = 1;
  gang.Fields([&](std::string_view key, Json field) {
    if (key == "minCount") pods = ReadCountOfPods(field).value_or(1);
  });
  return pods;
}

}  // namespace

Owner DecodeJob(simdjson::ondemand::object object) {
  Fault fault;
  Meta meta;
  JobSpec job;
  bool over = false;
  Walk(object, fault, [&](std::string_view key, Json field) {
    if (key == "metadata") meta = ReadMeta(field);
    if (key == "spec") job = ReadJobSpec(field);
    if (key == "status") over = ReadIsOver(field, {"Complete", "Failed"});
  });
  if (meta.name.empty()) fault.Set("metadata.name is missing");
  if (fault.Found()) return tl::unexpected(ErrorOf(fault, "Job", meta.ns, meta.name));
  const bool is_part = meta.controller.kind == "JobSet";
  if (job.gang.empty() || over || is_part || job.Pods() == 0) return std::nullopt;
  return GangOwner{meta.ns, NameOf(cluster::kJobs, meta), {{job.gang, job.Pods()}}};
}

Owner DecodeJobSet(simdjson::ondemand::object object) {
  Fault fault;
  Meta meta;
  std::vector<ReplicatedJob> parts;
  bool in_order = false;
  bool over = false;
  Walk(object, fault, [&](std::string_view key, Json field) {
    if (key == "metadata") meta = ReadMeta(field);
    if (key == "status") over = ReadIsOver(field, {"Completed", "Failed"});
    if (key != "spec") return;
    field.Fields([&](std::string_view inner, Json value) {
      if (inner == "startupPolicy") in_order = ReadIsInOrder(value);
      if (inner != "replicatedJobs") return;
      parts.clear();
      value.Items([&](Json item) { parts.push_back(ReadReplicatedJob(item)); });
    });
  });
  if (meta.name.empty()) fault.Set("metadata.name is missing");
  if (fault.Found()) return tl::unexpected(ErrorOf(fault, "JobSet", meta.ns, meta.name));
  for (ReplicatedJob& part : parts) part.waits = part.waits || in_order;
  auto gangs = GangsOf(parts);
  if (gangs.empty() || over) return std::nullopt;
  return GangOwner{meta.ns, NameOf(cluster::kJobSets, meta), std::move(gangs)};
}

Owner DecodePodGroup(simdjson::ondemand::object object) {
  return DecodeGroup(object, cluster::kPodGroups, [](Json spec) {
    std::int64_t pods = 1;
    spec.Fields([&](std::string_view key, Json policy) {
      if (key != "schedulingPolicy") return;
      policy.Fields([&](std::string_view inner, Json gang) {
        if (inner == "gang") pods = ReadMinCount(gang);
      });
    });
    return pods;
  });
}

Owner DecodeVolcanoPodGroup(simdjson::ondemand::object object) {
  return DecodeByMinMember(object, cluster::kVolcanoPodGroups);
}
Owner DecodeKaiPodGroup(simdjson::ondemand::object object) {
  return DecodeByMinMember(object, cluster::kKaiPodGroups);
}
Owner DecodeCoschedulingPodGroup(simdjson::ondemand::object object) {
  return DecodeByMinMember(object, cluster::kCoschedulingPodGroups);
}

}  // namespace tangram::adapter
