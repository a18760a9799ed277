#include "sim/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/time_text.h"
#include "sim/draws.h"
#include "yaml/fields.h"
#include "yaml/load.h"

namespace tangram::sim {
namespace {

using yaml::Fields;

constexpr double kMostCores = 100'000;
constexpr double kMostGiB = 1'000'000;
constexpr double kMostDollars = 100'000;  // an hour, as in price tables
constexpr double kMostPerHour = 1'000'000;
constexpr int kMostPriority = 1'000'000'000;
constexpr int kMostMembers = 10'000;

base::MilliCpu Cores(double cores) { return base::MilliCpu(std::llround(cores * 1000)); }
base::MiB GiB(double gib) { return base::MiB(std::llround(gib * 1024)); }
base::MicroUsdPerHour Dollars(double dollars) {
  return base::MicroUsdPerHour(std::llround(dollars * 1e6));
}

class Reader {
 public:
  explicit Reader(yaml::Faults& faults) : faults_(faults) {}

  Load Read(const yaml::Value& document) {
    Fields top(faults_, &document, "");
    top.Allow({"length", "migCut", "nodes", "workloads"});
    Load load;
    top.Need("length", "write how long the run lasts, as 24h");
    load.length = SpanOf(top, "length", std::chrono::hours(1));
    load.cut = SpanOf(top, "migCut", std::chrono::seconds(30));
    for (Fields& group : top.Maps("nodes")) load.groups.push_back(ReadGroup(group));
    for (Fields& workload : top.Maps("workloads")) {
      load.workloads.push_back(ReadWorkload(workload));
    }
    CheckSizes(load, top);
    return load;
  }

 private:
  // At least a second.
  static Milliseconds SpanOf(Fields& fields, std::string_view field, Milliseconds absent) {
    const Milliseconds span = fields.Span(field).value_or(absent);
    if (span < std::chrono::seconds(1)) {
      fields.Wrong(field, fmt::format("is {}; write at least 1s", base::FormatSpan(span)));
    }
    return span;
  }

  // A text that results show.
  static std::string Label(Fields& fields, std::string_view field) {
    constexpr std::size_t kLongest = 200;
    const auto text = fields.Text(field);
    if (text && (text->empty() || text->size() > kLongest)) {
      fields.Wrong(field, fmt::format("has {} characters; write 1 to 200", text->size()));
    }
    return text.value_or("");
  }

  // Each name once; it names things in the results.
  std::string Name(Fields& fields, std::set<std::string>& names) {
    fields.Need("name", "write a name, which no other has");
    std::string name = Label(fields, "name");
    if (!names.insert(name).second) {
      fields.Wrong("name", fmt::format("is \"{}\", which another has; give each its own", name));
    }
    return name;
  }

  // "A100-40GB" in its usual spelling; names that we do not know stay as they are.
  static std::string ModelName(const std::string& text) {
    const gpu::Model* model = gpu::ModelNamed(text);
    return model != nullptr ? std::string(model->name) : text;
  }

  LoadGroup ReadGroup(Fields& fields) {
    fields.Allow({"name", "gpuModel", "gpus", "cpu", "memoryGiB", "count", "least", "most", "price",
                  "spotShare", "spotPrice", "interruptionsPerHour", "boot", "idleAfter", "layout"});
    LoadGroup group;
    group.name = Name(fields, group_names_);
    NodeGroup& nodes = group.nodes;
    nodes.empty.gpus =
        static_cast<std::uint8_t>(fields.Whole("gpus", {0, plan::kMostGpusPerNode}).value_or(0));
    std::fill_n(nodes.empty.free.begin(), nodes.empty.gpus,
                static_cast<std::int16_t>(plan::kWholeGpu.value()));
    if (nodes.empty.gpus > 0) {
      fields.Need("gpuModel", "write the model of its GPUs, as A100-40GB");
      group.model = ModelName(Label(fields, "gpuModel"));
    }
    nodes.model = gpu::ModelNamed(group.model);
    fields.Need("cpu", "write the cores of one node");
    fields.Need("memoryGiB", "write the memory of one node");
    fields.Need("count", "write how many nodes are on at the start");
    nodes.empty.cpu = Cores(fields.Number("cpu", kMostCores).value_or(0));
    nodes.empty.memory = GiB(fields.Number("memoryGiB", kMostGiB).value_or(0));
    const int count = fields.Whole("count", {0, kMostNodes}).value_or(0);
    group.count = count;
    nodes.least = fields.Whole("least", {0, count}).value_or(count);
    group.most = fields.Whole("most", {count, kMostNodes}).value_or(count);
    if (const auto price = fields.Number("price", kMostDollars)) nodes.rate = Dollars(*price);
    nodes.boot = fields.Span("boot").value_or(std::chrono::minutes(5));
    const bool comes_and_goes = nodes.least < group.most;
    const Milliseconds idle_after = SpanOf(fields, "idleAfter", std::chrono::minutes(10));
    if (comes_and_goes) nodes.idle_after = idle_after;
    ReadSpot(fields, group);
    ReadLayout(fields, group);
    return group;
  }

  static void ReadLayout(Fields& fields, LoadGroup& group) {
    std::vector<const gpu::MigProfile*> profiles;
    for (const std::string& name : fields.Texts("layout")) {
      const gpu::MigProfile* profile =
          group.nodes.model == nullptr ? nullptr : gpu::ProfileNamed(*group.nodes.model, name);
      if (profile != nullptr) {
        profiles.push_back(profile);
      } else {
        fields.Wrong("layout",
                     fmt::format("has {}, which is no profile of {}; write profiles as "
                                 "NVIDIA spells them, such as 1g.10gb",
                                 name, group.model.empty() ? "any GPU here" : group.model));
      }
    }
    if (profiles.empty()) return;
    const auto starts = gpu::FindLayout(*group.nodes.model, profiles);
    if (!starts) fields.Wrong("layout", "does not fit on one card; leave out what does not");
    for (std::size_t i = 0; starts && i < profiles.size(); ++i) {
      group.layout.push_back({profiles[i], (*starts)[i]});
    }
    std::sort(group.layout.begin(), group.layout.end(),
              [](const auto& a, const auto& b) { return a.start < b.start; });
    if (group.nodes.least < group.most || group.mean_between_interruptions) {
      fields.Wrong("layout",
                   "is of nodes that stay, and these come and go; leave out least, most and "
                   "interruptionsPerHour, or leave out layout");
    }
  }

  static void ReadSpot(Fields& fields, LoadGroup& group) {
    const double share = fields.Number("spotShare", 1).value_or(0);
    group.spot_share = base::PartsPerMillion(std::llround(share * 1e6));
    if (const auto price = fields.Number("spotPrice", kMostDollars)) {
      group.spot_rate = Dollars(*price);
    }
    constexpr double kMostInterruptions = 3600;
    const double per_hour = fields.Number("interruptionsPerHour", kMostInterruptions).value_or(0);
    if (per_hour > 0) {
      group.mean_between_interruptions = Milliseconds(std::llround(3.6e6 / per_hour));
    }
    for (const std::string_view field : {"spotPrice", "interruptionsPerHour"}) {
      if (fields.Has(field) && share == 0) {
        fields.Wrong(field, "stands there without spotShare; write spotShare too, as 0.5");
      }
    }
  }

  LoadWorkload ReadWorkload(Fields& fields) {
    fields.Allow({"name", "perHour", "byHour", "duration", "asks", "priority", "gang",
                  "interruptible", "checkpoint"});
    LoadWorkload workload;
    workload.name = Name(fields, workload_names_);
    fields.Need("perHour", "write how many come in an hour");
    workload.per_hour = fields.Number("perHour", kMostPerHour).value_or(0);
    workload.by_hour.fill(1);
    constexpr double kMostTimes = 1000;
    const auto by_hour = fields.Numbers("byHour", 24, kMostTimes);
    std::copy(by_hour.begin(), by_hour.end(), workload.by_hour.begin());
    ReadLength(fields, workload);
    ReadAsks(fields, workload.wants);
    workload.priority = fields.Whole("priority", {-kMostPriority, kMostPriority}).value_or(0);
    workload.wants.members = fields.Whole("gang", {1, kMostMembers}).value_or(1);
    workload.wants.spot_too = fields.Flag("interruptible").value_or(false);
    workload.checkpoint = fields.Span("checkpoint").value_or(Milliseconds(0));
    return workload;
  }

  static void ReadLength(Fields& fields, LoadWorkload& workload) {
    using Length = LoadWorkload::Length;
    if (!fields.Has("duration")) return;
    Fields duration = fields.Map("duration");
    duration.Allow({"fixed", "exponential", "logNormal", "sigma"});
    const int kinds =
        duration.Has("fixed") + duration.Has("exponential") + duration.Has("logNormal");
    if (kinds != 1) {
      fields.Wrong("duration",
                   fmt::format("names {} distributions; write one of {{fixed: 5m}}, {{exponential: "
                               "20m}} (the mean) or {{logNormal: 10m, sigma: 1.2}} (the median); "
                               "leave duration out for what never ends",
                               kinds));
    }
    if (duration.Has("fixed")) {
      workload.length = Length::kFixed;
      workload.typical = duration.Span("fixed").value_or(Milliseconds(0));
    } else if (duration.Has("exponential")) {
      workload.length = Length::kExponential;
      workload.typical = duration.Span("exponential").value_or(Milliseconds(0));
    } else {
      constexpr double kMostSigma = 5;
      workload.length = Length::kLogNormal;
      workload.typical = duration.Span("logNormal").value_or(Milliseconds(0));
      workload.sigma = duration.Number("sigma", kMostSigma).value_or(1);
    }
    if (duration.Has("sigma") && workload.length != Length::kLogNormal) {
      duration.Wrong("sigma", "stands there without logNormal; remove it");
    }
  }

  static void ReadAsks(Fields& fields, Wants& wants) {
    Fields asks = fields.Map("asks");
    fields.Need("asks", "write what one pod asks for");
    asks.Allow({"gpus", "share", "mig", "cpu", "memoryGiB", "gpuModels"});
    wants.cpu = Cores(asks.Number("cpu", kMostCores).value_or(0));
    wants.memory = GiB(asks.Number("memoryGiB", kMostGiB).value_or(0));
    wants.gpus = asks.Whole("gpus", {0, plan::kMostGpusPerNode}).value_or(0);
    for (const std::string& model : asks.Texts("gpuModels")) {
      wants.models.push_back(ModelName(model));
    }
    const int forms = asks.Has("gpus") + asks.Has("share") + asks.Has("mig");
    if (forms > 1) {
      fields.Wrong("asks", "has more than one of gpus, share and mig; keep one of them");
    }
    if (asks.Has("share")) ReadShare(asks, wants);
    if (asks.Has("mig")) ReadInstance(asks, wants);
    if (!wants.models.empty() && forms == 0) {
      asks.Wrong("gpuModels",
                 "stands there without gpus, share or mig; say how much of a GPU is asked for");
    }
  }

  static void ReadShare(Fields& asks, Wants& wants) {
    wants.gpus = 1;
    wants.share = base::MilliGpu(std::llround(asks.Number("share", 1).value_or(0) * 1000));
    if (wants.share.value() < 1) asks.Wrong("share", "is less than 0.001; write 0.001 to 1");
  }

  static void ReadInstance(Fields& asks, Wants& wants) {
    wants.profile = asks.Text("mig").value_or("");
    if (!gpu::IsKnownProfile(wants.profile)) {
      asks.Wrong("mig", fmt::format("is {}; write a MIG profile as NVIDIA spells it, such as "
                                    "1g.10gb",
                                    yaml::Found(*asks.Find("mig"))));
    }
  }

  // What would take more memory and time than anybody means.
  static void CheckSizes(const Load& load, Fields& top) {
    std::int64_t nodes = 0;
    for (const LoadGroup& group : load.groups) nodes += group.most;
    if (nodes > kMostNodes) {
      top.Wrong("nodes", fmt::format("are {} in all; write at most {}", nodes, kMostNodes));
    }
    double jobs = 0;
    for (const LoadWorkload& workload : load.workloads) {
      double times = 0;
      for (const double factor : workload.by_hour) times += factor / 24;
      jobs += workload.per_hour * times * static_cast<double>(load.length.count()) / 3.6e6;
    }
    if (jobs > static_cast<double>(kMostJobs)) {
      top.Wrong("workloads",
                fmt::format("make about {:.0f} arrivals; at most {} are simulated: write a shorter "
                            "length or lower rates",
                            jobs, kMostJobs));
    }
  }

  yaml::Faults& faults_;
  std::set<std::string> group_names_;
  std::set<std::string> workload_names_;
};

std::optional<Milliseconds> DrawLength(const LoadWorkload& workload, base::Dice& dice) {
  switch (workload.length) {
    case LoadWorkload::Length::kForever:
      break;
    case LoadWorkload::Length::kFixed:
      return workload.typical;
    case LoadWorkload::Length::kExponential:
      return Exponential(dice, workload.typical);
    case LoadWorkload::Length::kLogNormal:
      return LogNormal(dice, workload.typical, workload.sigma);
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
  yaml::Faults faults("");
  if (documents->size() != 1) {
    faults.Wrong(1, fmt::format("it has {} YAML documents; write one, with length, nodes and "
                                "workloads",
                                documents->size()));
    return base::Wrap(*faults.first(), file);
  }
  Load load = Reader(faults).Read(documents->front());
  if (faults.first()) return base::Wrap(*faults.first(), file);
  return load;
}

namespace {

void CutCards(const LoadGroup& group, std::size_t node, ScenarioBuilder& builder) {
  if (group.layout.empty()) return;
  for (int gpu = 0; gpu < group.nodes.empty.gpus; ++gpu) {
    const auto at = static_cast<plan::GpuSet>(1U << static_cast<unsigned>(gpu));
    builder.AddCutCard({.at = {node, at}, .instances = group.layout});
  }
}

}  // namespace

base::Result<void> AddNodes(const Load& load, ScenarioBuilder& builder) {
  for (const LoadGroup& from : load.groups) {
    const auto add = [&](NodeGroup group, std::int64_t count,
                         std::int64_t most) -> base::Result<void> {
      if (most == 0) return {};
      const auto number = builder.AddGroup(std::move(group), from.model);
      if (!number) return tl::unexpected(number.error());
      for (std::int64_t i = 0; i < most; ++i) {
        const std::size_t node = builder.AddNode(*number, i < count ? AtStart::kOn : AtStart::kOff);
        CutCards(from, node, builder);
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
    base::Dice dice(seed, number);
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
