#include "sim/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/time_text.h"
#include "sim/dice.h"
#include "sim/yaml_fields.h"
#include "yaml/load.h"

namespace tangram::sim {
namespace {

constexpr double kMostCores = 100'000;
constexpr double kMostGiB = 1'000'000;
constexpr double kMostDollars = 100'000;  // an hour, as in price tables
constexpr double kMostPerHour = 1'000'000;
constexpr std::int64_t kMostPriority = 1'000'000'000;
constexpr int kMostMembers = 10'000;

base::MilliCpu Cores(double cores) { return base::MilliCpu(std::llround(cores * 1000)); }
base::MiB GiB(double gib) { return base::MiB(std::llround(gib * 1024)); }
base::MicroUsdPerHour Dollars(double dollars) {
  return base::MicroUsdPerHour(std::llround(dollars * 1e6));
}

class Reader {
 public:
  explicit Reader(YamlFaults& faults) : faults_(faults) {}

  Load Read(const yaml::Value& document) {
    YamlFields top(document, "", faults_);
    top.Allow({"length", "migCut", "nodes", "workloads"});
    Load load;
    load.length = top.Span("length");
    if (load.length < std::chrono::seconds(1)) {
      top.Tell("length", base::FormatSpan(load.length), "write at least 1s");
    }
    load.cut = top.Span("migCut", std::chrono::seconds(30));
    if (load.cut < std::chrono::seconds(1)) {
      top.Tell("migCut", base::FormatSpan(load.cut), "write at least 1s");
    }
    for (YamlFields& group : top.Maps("nodes")) load.groups.push_back(ReadGroup(group));
    for (YamlFields& workload : top.Maps("workloads")) {
      load.workloads.push_back(ReadWorkload(workload));
    }
    CheckSizes(load, top);
    return load;
  }

 private:
  // Each name once; it names things in the results.
  std::string Name(YamlFields& fields, std::set<std::string>& names) {
    std::string name = fields.Text("name");
    if (!names.insert(name).second) {
      fields.Tell("name", fmt::format("\"{}\", which another has", name), "give each its own");
    }
    return name;
  }

  // "A100-40GB" in its usual spelling; names that we do not know stay as they are.
  static std::string ModelName(const std::string& text) {
    const gpu::Model* model = gpu::ModelNamed(text);
    return model != nullptr ? std::string(model->name) : text;
  }

  LoadGroup ReadGroup(YamlFields& fields) {
    fields.Allow({"name", "gpuModel", "gpus", "cpu", "memoryGiB", "count", "least", "most", "price",
                  "spotShare", "spotPrice", "interruptionsPerHour", "boot", "idleAfter"});
    LoadGroup group;
    group.name = Name(fields, group_names_);
    NodeGroup& nodes = group.nodes;
    nodes.empty.gpus =
        static_cast<std::uint8_t>(fields.Whole("gpus", 0, plan::kMostGpusPerNode, 0));
    std::fill_n(nodes.empty.free.begin(), nodes.empty.gpus,
                static_cast<std::int16_t>(plan::kWholeGpu.value()));
    if (nodes.empty.gpus > 0) group.model = ModelName(fields.Text("gpuModel"));
    nodes.model = gpu::ModelNamed(group.model);
    nodes.empty.cpu = Cores(fields.Number("cpu", kMostCores));
    nodes.empty.memory = GiB(fields.Number("memoryGiB", kMostGiB));
    group.count = fields.Whole("count", 0, kMostNodes);
    nodes.least = fields.Whole("least", 0, group.count, group.count);
    group.most = fields.Whole("most", group.count, kMostNodes, group.count);
    if (fields.Has("price")) nodes.rate = Dollars(fields.Number("price", kMostDollars));
    nodes.boot = fields.Span("boot", std::chrono::minutes(5));
    const bool comes_and_goes = nodes.least < group.most;
    nodes.idle_after = fields.Span("idleAfter", std::chrono::minutes(10));
    if (*nodes.idle_after < std::chrono::seconds(1)) {
      fields.Tell("idleAfter", base::FormatSpan(*nodes.idle_after), "write at least 1s");
    }
    if (!comes_and_goes) nodes.idle_after.reset();
    ReadSpot(fields, group);
    return group;
  }

  static void ReadSpot(YamlFields& fields, LoadGroup& group) {
    const double share = fields.Number("spotShare", 1, 0);
    group.spot_share = base::PartsPerMillion(std::llround(share * 1e6));
    if (fields.Has("spotPrice")) {
      group.spot_rate = Dollars(fields.Number("spotPrice", kMostDollars));
    }
    constexpr double kMostInterruptions = 3600;
    const double per_hour = fields.Number("interruptionsPerHour", kMostInterruptions, 0);
    if (per_hour > 0) {
      group.mean_between_interruptions = Milliseconds(std::llround(3.6e6 / per_hour));
    }
    for (const std::string_view field : {"spotPrice", "interruptionsPerHour"}) {
      if (fields.Has(field) && share == 0) {
        fields.Tell(field, "it without spotShare", "write spotShare too, as 0.5");
      }
    }
  }

  LoadWorkload ReadWorkload(YamlFields& fields) {
    fields.Allow({"name", "perHour", "byHour", "duration", "asks", "priority", "gang",
                  "interruptible", "checkpoint"});
    LoadWorkload workload;
    workload.name = Name(fields, workload_names_);
    workload.per_hour = fields.Number("perHour", kMostPerHour);
    workload.by_hour.fill(1);
    constexpr double kMostTimes = 1000;
    const auto by_hour = fields.Numbers("byHour", 24, kMostTimes);
    std::copy(by_hour.begin(), by_hour.end(), workload.by_hour.begin());
    ReadLength(fields, workload);
    ReadAsks(fields, workload.wants);
    workload.priority =
        static_cast<int>(fields.Whole("priority", -kMostPriority, kMostPriority, 0));
    workload.wants.members = static_cast<int>(fields.Whole("gang", 1, kMostMembers, 1));
    workload.wants.spot_too = fields.Flag("interruptible", false);
    workload.checkpoint = fields.Span("checkpoint", Milliseconds(0));
    return workload;
  }

  static void ReadLength(YamlFields& fields, LoadWorkload& workload) {
    using Length = LoadWorkload::Length;
    if (!fields.Has("duration")) return;
    YamlFields duration = fields.Map("duration");
    duration.Allow({"fixed", "exponential", "logNormal", "sigma"});
    const int kinds =
        duration.Has("fixed") + duration.Has("exponential") + duration.Has("logNormal");
    if (kinds != 1) {
      fields.Tell("duration", fmt::format("{} distributions", kinds),
                  "write one of {fixed: 5m}, {exponential: 20m} (the mean) or {logNormal: 10m, "
                  "sigma: 1.2} (the median); leave duration out for what never ends");
    }
    if (duration.Has("fixed")) {
      workload.length = Length::kFixed;
      workload.typical = duration.Span("fixed");
    } else if (duration.Has("exponential")) {
      workload.length = Length::kExponential;
      workload.typical = duration.Span("exponential");
    } else {
      constexpr double kMostSigma = 5;
      workload.length = Length::kLogNormal;
      workload.typical = duration.Span("logNormal", Milliseconds(0));
      workload.sigma = duration.Number("sigma", kMostSigma, 1);
    }
    if (duration.Has("sigma") && workload.length != Length::kLogNormal) {
      duration.Tell("sigma", "it without logNormal", "remove it");
    }
  }

  static void ReadAsks(YamlFields& fields, Wants& wants) {
    YamlFields asks = fields.Map("asks");
    if (!fields.Has("asks")) fields.Tell("asks", "nothing", "write what one pod asks for");
    asks.Allow({"gpus", "share", "mig", "cpu", "memoryGiB", "gpuModels"});
    wants.cpu = Cores(asks.Number("cpu", kMostCores, 0));
    wants.memory = GiB(asks.Number("memoryGiB", kMostGiB, 0));
    wants.gpus = static_cast<int>(asks.Whole("gpus", 0, plan::kMostGpusPerNode, 0));
    for (const std::string& model : asks.Texts("gpuModels")) {
      wants.models.push_back(ModelName(model));
    }
    const int forms = asks.Has("gpus") + asks.Has("share") + asks.Has("mig");
    if (forms > 1) {
      fields.Tell("asks", "more than one of gpus, share and mig", "keep one of them");
    }
    if (asks.Has("share")) ReadShare(asks, wants);
    if (asks.Has("mig")) ReadInstance(asks, wants);
    if (!wants.models.empty() && forms == 0) {
      asks.Tell("gpuModels", "it without gpus, share or mig", "say how much of a GPU is asked for");
    }
  }

  static void ReadShare(YamlFields& asks, Wants& wants) {
    wants.gpus = 1;
    wants.share = base::MilliGpu(std::llround(asks.Number("share", 1) * 1000));
    if (wants.share.value() < 1) asks.Tell("share", "less than 0.001", "write 0.001 to 1");
  }

  static void ReadInstance(YamlFields& asks, Wants& wants) {
    wants.profile = asks.Text("mig");
    if (!gpu::IsKnownProfile(wants.profile)) {
      asks.Tell("mig", fmt::format("\"{}\"", wants.profile),
                "write a MIG profile as NVIDIA spells it, such as 1g.10gb");
    }
  }

  // What would take more memory and time than anybody means.
  static void CheckSizes(const Load& load, YamlFields& top) {
    std::int64_t nodes = 0;
    for (const LoadGroup& group : load.groups) nodes += group.most;
    if (nodes > kMostNodes) {
      top.Tell("nodes", fmt::format("{} nodes in all", nodes),
               fmt::format("write at most {}", kMostNodes));
    }
    double jobs = 0;
    for (const LoadWorkload& workload : load.workloads) {
      double times = 0;
      for (const double factor : workload.by_hour) times += factor / 24;
      jobs += workload.per_hour * times * static_cast<double>(load.length.count()) / 3.6e6;
    }
    if (jobs > static_cast<double>(kMostJobs)) {
      top.Tell("workloads", fmt::format("about {:.0f} arrivals", jobs),
               fmt::format("at most {} are simulated: write a shorter length or lower rates",
                           kMostJobs));
    }
  }

  YamlFaults& faults_;
  std::set<std::string> group_names_;
  std::set<std::string> workload_names_;
};

std::optional<Milliseconds> DrawLength(const LoadWorkload& workload, Dice& dice) {
  switch (workload.length) {
    case LoadWorkload::Length::kForever:
      break;
    case LoadWorkload::Length::kFixed:
      return workload.typical;
    case LoadWorkload::Length::kExponential:
      return dice.Exponential(workload.typical);
    case LoadWorkload::Length::kLogNormal:
      return dice.LogNormal(workload.typical, workload.sigma);
  }
  return std::nullopt;
}

// So many of `nodes` are spot, the nearest whole number.
std::int64_t SpotOf(std::int64_t nodes, base::PartsPerMillion share) {
  return (nodes * share.value() + 500'000) / 1'000'000;
}

}  // namespace

base::Result<Load> ReadLoad(std::string_view text, const std::string& file) {
  const auto documents = yaml::Load(text);
  if (!documents) return base::Wrap(documents.error(), file);
  YamlFaults faults(file);
  if (documents->size() != 1) {
    faults.Tell(1, "the file", fmt::format("{} YAML documents", documents->size()),
                "write one, with length, nodes and workloads");
    return tl::unexpected(faults.first());
  }
  Load load = Reader(faults).Read(documents->front());
  if (faults.any()) return tl::unexpected(faults.first());
  return load;
}

base::Result<void> AddNodes(const Load& load, ScenarioBuilder& builder) {
  for (const LoadGroup& from : load.groups) {
    const auto add = [&](NodeGroup group, std::int64_t count,
                         std::int64_t most) -> base::Result<void> {
      if (most == 0) return {};
      const auto number = builder.AddGroup(std::move(group), from.model);
      if (!number) return tl::unexpected(number.error());
      for (std::int64_t i = 0; i < most; ++i) {
        builder.AddNode(*number, i < count ? AtStart::kOn : AtStart::kOff);
      }
      return {};
    };
    NodeGroup group = from.nodes;
    const std::int64_t spot_least = SpotOf(group.least, from.spot_share);
    NodeGroup spot = group;
    spot.name = from.name + " spot";
    spot.capacity = cluster::CapacityType::kSpot;
    spot.rate = from.spot_rate;
    spot.least = spot_least;
    spot.mean_between_interruptions = from.mean_between_interruptions;
    group.name = from.name;
    group.least -= spot_least;
    const std::int64_t spot_count = SpotOf(from.count, from.spot_share);
    const std::int64_t spot_most = SpotOf(from.most, from.spot_share);
    if (const auto added = add(std::move(group), from.count - spot_count, from.most - spot_most);
        !added) {
      return added;
    }
    if (const auto added = add(std::move(spot), spot_count, spot_most); !added) return added;
  }
  return {};
}

// Arrivals of the highest rate, of which each hour keeps its share (thinning).
void AddJobs(const Load& load, std::uint64_t seed, ScenarioBuilder& builder) {
  constexpr std::int64_t kHour = 3'600'000;
  for (std::size_t number = 0; number < load.workloads.size(); ++number) {
    const LoadWorkload& from = load.workloads[number];
    const std::uint32_t workload = builder.AddWorkload(from.name);
    const std::uint32_t ask = builder.Intern(from.wants);
    const double highest = *std::max_element(from.by_hour.begin(), from.by_hour.end());
    if (from.per_hour * highest <= 0) continue;
    const double mean_ms = static_cast<double>(kHour) / (from.per_hour * highest);
    Dice dice(seed, number);
    double at = 0;
    for (;;) {
      at += -std::log1p(-dice.Share()) * mean_ms;
      if (at >= static_cast<double>(load.length.count())) break;
      const auto hour = static_cast<std::size_t>(static_cast<std::int64_t>(at) / kHour % 24);
      if (dice.Share() * highest >= from.by_hour[hour]) continue;
      builder.AddJob({.workload = workload,
                      .ask = ask,
                      .arrival = Milliseconds(static_cast<std::int64_t>(at)),
                      .duration = DrawLength(from, dice),
                      .priority = from.priority,
                      .checkpoint = from.checkpoint});
    }
  }
}

base::Result<Scenario> ScenarioOf(const Load& load, std::uint64_t seed) {
  ScenarioBuilder builder;
  if (const auto nodes = AddNodes(load, builder); !nodes) return tl::unexpected(nodes.error());
  AddJobs(load, seed, builder);
  return std::move(builder).Finish(load.length, load.cut);
}

}  // namespace tangram::sim
