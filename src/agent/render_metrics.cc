// The page of /metrics, out of what the agent knows. Names and meaning: docs/agent.md.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "agent/node_state.h"
#include "metrics/page.h"

namespace tangram::agent {
namespace {

using metrics::Labels;
using metrics::Page;

double Bytes(base::MiB size) { return static_cast<double>(size.value()) * (1 << 20); }
double Seconds(base::Time time) {
  return static_cast<double>(time.time_since_epoch().count()) / 1000;
}

// Keeps a page's help texts in one place: `gauge("memory_used_bytes", "…", labels, value)`.
class Writer {
 public:
  explicit Writer(Page& page) : page_(page) {}

  void Agent(const char* name, const char* help, const Labels& labels, double value) {
    page_.Gauge({std::string("tangram_agent_") + name, help}, labels, value);
  }
  void AgentCount(const char* name, const char* help, std::uint64_t value) {
    page_.Counter({std::string("tangram_agent_") + name, help}, {}, static_cast<double>(value));
  }
  void Gpu(const char* name, const char* help, const Labels& labels, double value) {
    page_.Gauge({std::string("tangram_gpu_") + name, help}, labels, value);
  }
  template <class T>
  void Gpu(const char* name, const char* help, const Labels& labels, const std::optional<T>& value,
           double factor = 1) {
    if (value) Gpu(name, help, labels, static_cast<double>(*value) * factor);
  }
  void GpuCount(const char* name, const char* help, const Labels& labels, double value) {
    page_.Counter({std::string("tangram_gpu_") + name, help}, labels, value);
  }

 private:
  Page& page_;
};

Labels LabelsOf(const Card& card) {
  return {{"uuid", card.uuid}, {"index", std::to_string(card.index)}};
}

Labels With(Labels labels, const Labels& more) {
  labels.insert(more.begin(), more.end());
  return labels;
}

const char* NameOf(Slowdown slowdown) {
  constexpr std::array<const char*, 5> kNames = {"PowerCap", "Hardware", "ThermalSoftware",
                                                 "ThermalHardware", "PowerBrake"};
  return kNames[static_cast<std::size_t>(slowdown)];
}

void WriteAgent(Writer& to, const NodeState& state, const std::string& version) {
  to.Agent("info", "The agent's and the driver's versions.",
           {{"version", version},
            {"driver", state.driver.version},
            {"nvml", state.driver.library_version},
            {"cuda", state.driver.cuda_version}},
           1);
  to.Agent("gpus", "GPUs that the driver sees.", {}, static_cast<double>(state.cards.size()));
  if (!state.idle.empty()) {
    to.Agent("idle", "There is nothing to read, and why.", {{"reason", state.idle}}, 1);
  }
  to.AgentCount("samples_total", "Samples taken of all GPUs.", state.samples);
  to.AgentCount("samples_failed_total", "Samples in which something did not answer.", state.failed);
  to.AgentCount("process_samples_refused_total",
                "Samples of processes by the driver that made no sense.", state.refused);
  to.AgentCount("nvml_calls_hung_total", "Calls of NVML that were given up.",
                static_cast<std::uint64_t>(std::max(state.hung_calls, 0)));
  to.Agent("events_watched", "Whether the driver tells of XIDs.", {}, state.events_watched ? 1 : 0);
  if (!state.sampled_at) return;
  to.Agent("sample_duration_seconds", "How long the last sample took.", {}, state.sample_seconds);
  to.Agent("last_sample_timestamp_seconds", "When the last sample was taken.", {},
           Seconds(*state.sampled_at));
}

void WriteKubelet(Writer& to, const KubeletNow& kubelet) {
  if (!kubelet.asked) return;
  to.Agent("pod_resources_up", "Whether the kubelet says which pod holds which device.", {},
           kubelet.error.empty() ? 1 : 0);
  to.AgentCount("pod_resources_failures_total", "Questions that the kubelet did not answer.",
                kubelet.failures);
  to.Agent("pod_resources_unknown_devices", "Devices in pods' hands that no GPU here has.", {},
           kubelet.unknown_devices);
  if (kubelet.answered) {
    to.Agent("pod_resources_answered_timestamp_seconds", "When the kubelet last answered.", {},
             Seconds(*kubelet.answered));
  }
}

void WriteHealth(Writer& to, const Labels& labels, const Health& health) {
  to.Gpu("temperature_celsius", "Of the chip.", labels, health.celsius);
  to.Gpu("slowdown_temperature_celsius", "Where the hardware slows down.", labels,
         health.slowdown_celsius);
  to.Gpu("power_watts", "Power drawn.", labels, health.milliwatts, 0.001);
  to.Gpu("power_limit_watts", "Power that it may draw.", labels, health.limit_milliwatts, 0.001);
  if (health.slowdowns) {
    for (int i = 0; i <= static_cast<int>(Slowdown::kPowerBrake); ++i) {
      const auto reason = static_cast<Slowdown>(i);
      const bool now = std::find(health.slowdowns->begin(), health.slowdowns->end(), reason) !=
                       health.slowdowns->end();
      to.Gpu("slowdown", "Whether this holds the clocks down.",
             With(labels, {{"reason", NameOf(reason)}}), now ? 1 : 0);
    }
  }
  if (health.ecc) {
    to.GpuCount("ecc_uncorrected_errors_total", "Uncorrected memory errors, of its life.", labels,
                static_cast<double>(health.ecc->ever));
    to.Gpu("ecc_uncorrected_errors_since_driver_load", "Of these, since the driver was loaded.",
           labels, static_cast<double>(health.ecc->since_driver_load));
  }
  if (health.rows) {
    const auto rows = [&](const char* cause, std::int64_t count) {
      to.Gpu("remapped_rows", "Memory rows that were remapped.", With(labels, {{"cause", cause}}),
             static_cast<double>(count));
    };
    rows("Corrected", health.rows->corrected);
    rows("Uncorrected", health.rows->uncorrected);
    to.Gpu("remapped_rows_pending", "Rows wait for a reset to be remapped.", labels,
           health.rows->pending ? 1 : 0);
    to.Gpu("remapped_rows_failed", "A row could not be remapped: replace the card.", labels,
           health.rows->failed ? 1 : 0);
  }
  if (health.pages) {
    const auto pages = [&](const char* cause, std::int64_t count) {
      to.Gpu("retired_pages", "Memory pages that were retired.", With(labels, {{"cause", cause}}),
             static_cast<double>(count));
    };
    pages("SingleBit", health.pages->single_bit);
    pages("DoubleBit", health.pages->double_bit);
  }
}

void WriteMemory(Writer& to, const Labels& labels, const std::optional<Memory>& memory) {
  if (!memory) return;
  to.Gpu("memory_total_bytes", "Memory of the GPU, or of the instance.", labels,
         Bytes(memory->total));
  to.Gpu("memory_used_bytes", "Of it, in use by processes.", labels, Bytes(memory->used));
  if (memory->reserved) {
    to.Gpu("memory_reserved_bytes", "Of it, kept by the driver.", labels, Bytes(*memory->reserved));
  }
}

void WriteCounters(Writer& to, const Labels& labels, const std::optional<Counters>& counters) {
  if (!counters) return;
  to.Gpu("engine_active_ratio", "Of the time, any engine ran.", labels, counters->graphics);
  to.Gpu("sm_active_ratio", "Of the SMs' time, an SM had work.", labels, counters->sm);
  to.Gpu("sm_occupancy_ratio", "Of the warps that fit on the SMs.", labels, counters->occupancy);
  to.Gpu("tensor_active_ratio", "Of the time, the tensor pipes ran.", labels, counters->tensor);
  to.Gpu("dram_active_ratio", "Of the memory's bandwidth.", labels, counters->dram);
}

std::string ProfileNameOf(const Card& card, int id) {
  if (!card.mig) return "";
  for (const Instance& instance : card.mig->instances) {
    if (instance.id != id) continue;
    for (const Profile& profile : card.mig->profiles) {
      if (profile.id == instance.profile_id) return profile.name;
    }
  }
  return "";
}

Labels LabelsAt(const Card& card, const std::optional<int>& instance) {
  Labels labels = LabelsOf(card);
  labels["gpu_instance"] = instance ? std::to_string(*instance) : "";
  labels["profile"] = instance ? ProfileNameOf(card, *instance) : "";
  return labels;
}

void WriteInstances(Writer& to, const Reading& reading) {
  const Card& card = reading.card;
  if (!card.mig) return;
  to.Gpu("mig_enabled", "Whether the GPU is cut into instances.", LabelsOf(card),
         card.mig->enabled ? 1 : 0);
  for (const Instance& instance : card.mig->instances) {
    Labels labels = LabelsAt(card, instance.id);
    labels["start"] = std::to_string(instance.placement.start);
    labels["mig_uuid"] = instance.compute.empty() ? "" : instance.compute.front().uuid;
    to.Gpu("instance_info", "An instance, and where it begins (memory slice).", labels, 1);
  }
  for (const InstanceReading& instance : reading.instances) {
    const Labels labels = LabelsAt(card, instance.id);
    WriteMemory(to, labels, instance.memory);
    WriteCounters(to, labels, instance.counters);
  }
}

// What would be looked for in vain, and is not zero.
void WriteUnmeasured(Writer& to, const CardNow& now) {
  const Card& card = now.reading.card;
  const auto say = [&](const std::optional<int>& instance, const std::string& what) {
    to.Gpu("unmeasured", "What could not be read, or is not measured by this GPU.",
           With(LabelsAt(card, instance), {{"what", what}}), 1);
  };
  for (const Problem& problem : card.problems) say({}, problem.what);
  if (!now.tells_use) say({}, "processes' SM use");
  const bool cut = card.mig && card.mig->enabled;
  if (!cut && !now.reading.counters) say({}, "counters");
  for (const InstanceReading& instance : now.reading.instances) {
    if (!instance.counters) say(instance.id, "counters");
    if (!instance.memory) say(instance.id, "memory");
  }
}

void WriteCard(Writer& to, const CardNow& now) {
  const Card& card = now.reading.card;
  const Labels labels = LabelsOf(card);
  const bool up = card.state == CardState::kOk && !now.given_up;
  to.Gpu("up", "1: it was read; 0: it fell off the bus, hangs or cannot be read.", labels,
         up ? 1 : 0);
  if (!up) return;
  to.Gpu("info", "What the GPU is.",
         With(labels, {{"name", card.name},
                       {"pci_bus_id", card.pci_bus_id},
                       {"minor", card.minor ? std::to_string(*card.minor) : ""},
                       {"numa_node", card.numa_node ? std::to_string(*card.numa_node) : ""}}),
         1);
  const Labels whole = LabelsAt(card, {});
  WriteMemory(to, whole, card.memory);
  if (card.use) {
    to.Gpu("active_ratio", "Of the time, a kernel ran.", labels, card.use->gpu_percent / 100.0);
    to.Gpu("memory_active_ratio", "Of the time, memory was read or written.", labels,
           card.use->memory_percent / 100.0);
  }
  WriteHealth(to, labels, card.health);
  if (card.nvlinks) {
    to.Gpu("nvlinks_up", "NVLinks that are up.", labels, card.nvlinks->up);
  }
  WriteCounters(to, whole, now.reading.counters);
  WriteInstances(to, now.reading);
  WriteUnmeasured(to, now);
}

const Card* CardAt(const NodeState& state, int index) {
  for (const CardNow& now : state.cards) {
    if (now.reading.card.index == index) return &now.reading.card;
  }
  return nullptr;
}

void WritePod(Writer& to, const Labels& labels, const PodNow& pod) {
  if (pod.use.devices > 0) {
    to.Gpu("pod_devices", "Devices (cards, instances, replicas) that the container holds there.",
           With(labels, {{"resource", pod.use.resource}}), pod.use.devices);
  }
  to.Gpu("pod_processes", "Processes of the container there.", labels, pod.use.processes);
  if (pod.use.memory_known) {
    to.Gpu("pod_memory_used_bytes", "Memory that these use.", labels, Bytes(pod.use.memory));
  }
  to.Gpu("pod_sm_ratio", "Share of the SMs that these used since the sample before.", labels,
         pod.sm_ratio);
  if (pod.sm_seconds) {
    to.GpuCount("pod_sm_seconds_total", "SM-seconds that these used since the agent saw them.",
                labels, *pod.sm_seconds);
  }
}

void WritePods(Writer& to, const NodeState& state) {
  for (const auto& [at, pod] : state.pods) {
    const Card* card = CardAt(state, at.first.card);
    if (card == nullptr) continue;
    WritePod(to,
             With(LabelsAt(*card, at.first.instance), {{"namespace", at.second.ns},
                                                       {"pod", at.second.pod},
                                                       {"container", at.second.container}}),
             pod);
  }
  for (const auto& [at, other] : state.others) {
    const Card* card = CardAt(state, at.first.card);
    if (card == nullptr) continue;
    const char* owner = at.second == OwnerKind::kHost   ? "Host"
                        : at.second == OwnerKind::kGone ? "Gone"
                                                        : "UnknownPod";
    const Labels labels = With(LabelsAt(*card, at.first.instance), {{"owner", owner}});
    to.Gpu("other_processes", "Processes that are of no pod that is known.", labels,
           other.use.processes);
    to.Gpu("other_memory_used_bytes", "Memory that these use.", labels, Bytes(other.use.memory));
    to.Gpu("other_sm_ratio", "Share of the SMs that these used since the sample before.", labels,
           other.sm_ratio);
  }
}

}  // namespace

std::string RenderMetrics(const NodeState& state, const std::string& version) {
  Page page;
  Writer to(page);
  WriteAgent(to, state, version);
  WriteKubelet(to, state.kubelet);
  for (const CardNow& card : state.cards) WriteCard(to, card);
  WritePods(to, state);
  for (const auto& [at, most] : state.memory_limits) {
    const auto& [uuid, pod] = at;
    to.Gpu("pod_memory_limit_bytes", "GPU memory that the driver lets the pod take of the card.",
           {{"uuid", uuid}, {"namespace", pod.ns}, {"pod", pod.pod}}, Bytes(most));
  }
  for (const auto& [xid, count] : state.xids) {
    const auto& [uuid, index, number] = xid;
    to.GpuCount("xid_errors_total", "XIDs that the driver reported since the agent began.",
                {{"uuid", uuid}, {"index", std::to_string(index)}, {"xid", std::to_string(number)}},
                static_cast<double>(count));
  }
  return page.Text();
}

}  // namespace tangram::agent
