// tangram mig: layouts of MIG cards.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <ostream>

#include "base/nearest.h"
#include "base/text.h"
#include "cli/command.h"
#include "gpu/gpu.h"
#include "plan/mig/pack.h"
#include "report/json.h"
#include "report/table.h"
#include "report/words.h"

namespace tangram::cli {
namespace {

using base::ErrorCode;
using base::Fail;
using nlohmann::ordered_json;
using plan::mig::Demand;
using plan::mig::PackedLayout;
using plan::mig::Packing;

struct MigPackOptions {
  std::string model;
  std::vector<std::string> demand;
  std::string output = "text";
  std::int64_t nodes = plan::mig::PackLimits{}.nodes;
  ColorOption color;
};

// ---- reading ----

// "; did you mean A or B?", by what begins like `text`, or else is spelled like it.
std::string DidYouMean(std::string_view text, const std::vector<std::string>& names) {
  std::vector<std::string> near;
  for (const std::string& name : names) {
    if (!text.empty() && base::Lower(name).starts_with(base::Lower(text))) near.push_back(name);
  }
  if (near.empty()) near = base::Nearest(text, names, {.most = 4, .count = 3});
  return near.empty() ? "" : "; did you mean " + base::OneOf(near) + "?";
}

base::Result<const gpu::Model*> ReadModel(const std::string& name) {
  std::vector<std::string> with_mig;
  for (const gpu::Model& model : gpu::Models()) {
    if (model.has_mig()) with_mig.emplace_back(model.name);
  }
  const gpu::Model* model = gpu::ModelNamed(name);
  if (model != nullptr && model->has_mig()) return model;
  const std::string what = model == nullptr ? fmt::format("there is no GPU model \"{}\"", name)
                                            : fmt::format("{} has no MIG", model->name);
  std::string hint = model == nullptr ? DidYouMean(name, with_mig) : "";
  if (hint.empty())
    hint = "; the models with MIG are " + fmt::format("{}", fmt::join(with_mig, ", "));
  return Fail(ErrorCode::kInvalid, "--model: " + what + hint);
}

base::Result<Demand> ReadWanted(const gpu::Model& model, std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("--demand: \"{}\" has no count; write PROFILE=COUNT, as in {}=4", text,
                            model.profiles.back().name));
  }
  const std::string_view name = base::Trim(text.substr(0, equals));
  const std::string_view amount = base::Trim(text.substr(equals + 1));
  const gpu::MigProfile* profile = gpu::ProfileNamed(model, name);
  if (profile == nullptr) {
    std::vector<std::string> names;
    for (const gpu::MigProfile& one : model.profiles) names.emplace_back(one.name);
    std::string hint = DidYouMean(name, names);
    if (hint.empty()) hint = fmt::format("; it has {}", fmt::join(names, ", "));
    return Fail(ErrorCode::kInvalid,
                fmt::format("--demand: {} has no profile \"{}\"{}", model.name, name, hint));
  }
  const auto count = base::ParseInteger(amount);
  if (!count || *count < 0 || *count > plan::mig::kMostInstances) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("--demand: the count of {} is \"{}\"; write a whole number from 0 to "
                            "{}",
                            profile->name, amount, report::Thousands(plan::mig::kMostInstances)));
  }
  return Demand{profile, *count};
}

// "1g.5gb=10,3g.20gb=4"; the option may be given several times.
base::Result<std::vector<Demand>> ReadDemand(const gpu::Model& model,
                                             const std::vector<std::string>& texts) {
  std::vector<Demand> demand;
  for (const std::string& text : texts) {
    for (const std::string_view part : base::Split(text, ',')) {
      const auto wanted = ReadWanted(model, part);
      if (!wanted) return tl::unexpected(wanted.error());
      const auto same = std::find_if(demand.begin(), demand.end(), [&](const Demand& one) {
        return one.profile == wanted->profile;
      });
      if (same == demand.end()) {
        demand.push_back(*wanted);
      } else {
        same->count += wanted->count;
      }
    }
  }
  return demand;
}

// ---- writing ----

ordered_json ToJson(const PackedLayout& layout) {
  ordered_json placements = ordered_json::array();
  for (const gpu::Occupied& one : layout.placements) {
    placements.push_back({{"profile", one.profile->name},
                          {"start", one.start},
                          {"size", one.profile->memory_slices}});
  }
  return {{"count", layout.count}, {"placements", std::move(placements)}};
}

ordered_json ToJson(const plan::mig::Proof& proof) {
  ordered_json weights = ordered_json::array();
  for (const auto& weight : proof.weights) {
    weights.push_back({{"profile", weight.profile->name}, {"numerator", weight.numerator}});
  }
  return {{"denominator", proof.denominator}, {"weights", std::move(weights)}};
}

std::string RenderJson(const gpu::Model& model, const std::vector<Demand>& demand,
                       const Packing& packing) {
  ordered_json wanted = ordered_json::array();
  for (const Demand& one : demand) {
    wanted.push_back({{"profile", one.profile->name}, {"count", one.count}});
  }
  ordered_json layouts = ordered_json::array();
  for (const PackedLayout& layout : packing.layouts) layouts.push_back(ToJson(layout));
  const ordered_json all = {{"format", "tangram-mig-pack"},
                            {"version", 1},
                            {"model", model.name},
                            {"evidence", gpu::NameOf(packing.evidence)},
                            {"demand", std::move(wanted)},
                            {"gpus", packing.gpus},
                            {"lowerBound", packing.lower_bound},
                            {"proven", packing.proven()},
                            {"nodes", packing.nodes},
                            {"proof", ToJson(packing.proof)},
                            {"layouts", std::move(layouts)}};
  return all.dump(2) + "\n";
}

// Columns a memory slice must have, so that every name has room beside the bar that begins it.
std::size_t SliceColumns(const Packing& packing) {
  std::size_t columns = 2;
  for (const PackedLayout& layout : packing.layouts) {
    for (const gpu::Occupied& one : layout.placements) {
      const auto size = static_cast<std::size_t>(one.profile->memory_slices);
      columns = std::max(columns, (one.profile->name.size() + 1 + size) / size);
    }
  }
  return columns;
}

// "│3g.20gb        │1g.5gb │·       │": a bar where an instance or a free slice begins.
std::string Draw(const gpu::Model& model, const PackedLayout& layout, std::size_t columns) {
  std::string drawn;
  auto next = layout.placements.begin();
  for (int slice = 0; slice < model.memory_slices;) {
    const bool taken = next != layout.placements.end() && next->start == slice;
    const int size = taken ? next->profile->memory_slices : 1;
    const std::string text = taken ? std::string(next->profile->name) : "·";
    if (taken) ++next;
    const std::size_t width = columns * static_cast<std::size_t>(size) - 1;
    drawn += "│" + text + std::string(width - std::min(width, base::Columns(text)), ' ');
    slice += size;
  }
  return drawn + "│";
}

std::string Verdict(const Packing& packing) {
  if (packing.gpus == 0) return "0 GPUs: nothing is wanted";
  const std::string gpus = report::Thousands(packing.gpus) + (packing.gpus == 1 ? " GPU" : " GPUs");
  if (packing.proven()) return gpus + ", proven: fewer cannot hold it";
  return fmt::format(
      "{}; at least {} are needed. The search stopped after {} linear programs "
      "(--nodes)",
      gpus, report::Thousands(packing.lower_bound), report::Thousands(packing.nodes));
}

std::string Fraction(std::int64_t numerator, std::int64_t denominator) {
  const std::int64_t common = std::gcd(numerator, denominator);
  if (common == denominator) return report::Thousands(numerator / denominator);
  return fmt::format("{}/{}", numerator / common, denominator / common);
}

// "Why: 3g.20gb counts as 1/2 of a card, 1g.5gb as 1/8; ...".
std::string Why(const gpu::Model& model, const std::vector<Demand>& demand,
                const Packing& packing) {
  std::vector<std::string> weights;
  for (const auto& weight : packing.proof.weights) {
    weights.push_back(fmt::format("{} as {}", weight.profile->name,
                                  Fraction(weight.numerator, packing.proof.denominator)));
  }
  const std::int64_t proven = plan::mig::Proves(model, demand, packing.proof);
  std::string why = fmt::format(
      "Why: count {} of a card. No layout comes to more than 1; the demand "
      "comes to {}, rounded up.\n",
      fmt::join(weights, ", "), report::Thousands(proven));
  if (proven < packing.lower_bound) {
    why += fmt::format("A search over {} linear programs raised that to {}.\n",
                       report::Thousands(packing.nodes), report::Thousands(packing.lower_bound));
  }
  return why;
}

std::string RenderText(const gpu::Model& model, const std::vector<Demand>& demand,
                       const Packing& packing, report::ColorMode mode) {
  std::vector<std::string> wanted;
  for (const Demand& one : demand) {
    wanted.push_back(fmt::format("{} × {}", report::Thousands(one.count), one.profile->name));
  }
  std::string out = fmt::format("{}: {}\n", model.name, fmt::join(wanted, ", "));
  out += report::Paint(Verdict(packing), report::Color::kBold, mode) + "\n";
  if (packing.evidence != gpu::Evidence::kVerified) {
    out += fmt::format("The placements of {} are {}: not read off a card or a listing of NVIDIA.\n",
                       model.name, gpu::NameOf(packing.evidence));
  }
  if (packing.layouts.empty()) return out;
  out += Why(model, demand, packing);
  std::vector<std::vector<report::Cell>> rows;
  const std::size_t columns = SliceColumns(packing);
  for (const PackedLayout& layout : packing.layouts) {
    rows.push_back({{report::Thousands(layout.count)}, {Draw(model, layout, columns)}});
  }
  const std::string title = fmt::format("MEMORY SLICES 0-{}", model.memory_slices - 1);
  return out + "\n" +
         report::RenderTable({{"GPUS", report::Column::Align::kRight}, {title}}, rows, mode);
}

base::Result<ExitCode> MigPack(const MigPackOptions& options, const Context& context) {
  const auto model = ReadModel(options.model);
  if (!model) return tl::unexpected(model.error());
  const auto demand = ReadDemand(**model, options.demand);
  if (!demand) return tl::unexpected(demand.error());
  const auto packing = plan::mig::Pack(**model, *demand, {.nodes = options.nodes});
  if (!packing) return tl::unexpected(packing.error());

  if (options.output == "text") {
    context.streams.out << RenderText(**model, *demand, *packing,
                                      options.color.Mode(context.streams));
    return kDone;
  }
  const auto shown =
      ShowJson(RenderJson(**model, *demand, *packing), options.output, context.streams);
  if (!shown) return tl::unexpected(shown.error());
  return kDone;
}

void AddPack(CLI::App& mig, const Context& context, Action& action) {
  auto options = std::make_shared<MigPackOptions>();
  CLI::App* command = mig.add_subcommand(
      "pack", "The fewest cards for a demand of MIG instances, with proof and layouts");
  command->add_option("--model", options->model, "The GPU model, as in A100-40GB")->required();
  command
      ->add_option("--demand", options->demand,
                   "PROFILE=COUNT,... as in 1g.5gb=10,3g.20gb=4; may be repeated")
      ->required();
  command->add_option("-o,--output", options->output, "text, json or yaml")
      ->check(CLI::IsMember({"text", "json", "yaml"}))
      ->capture_default_str();
  command
      ->add_option("--nodes", options->nodes,
                   "How many linear programs to solve at most before it says what is proven")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000}))
      ->capture_default_str();
  options->color.AddTo(*command);
  command->callback([options, &context, &action] {
    action = [options, &context] { return MigPack(*options, context); };
  });
}

}  // namespace

void AddMig(CLI::App& app, const Context& context, Action& action) {
  CLI::App* command = app.add_subcommand("mig", "Plan the layouts of MIG cards");
  command->require_subcommand(1);
  AddPack(*command, context, action);
}

}  // namespace tangram::cli
