// tangram agent: the GPUs of the node that it runs on.
#include <fmt/format.h>

#include <memory>
#include <ostream>

#include "agent/nvml_guard.h"
#include "agent/nvml_reader.h"
#include "cli/agent_show.h"
#include "cli/command.h"

namespace tangram::cli {
namespace {

struct AgentOptions {
  std::string library = agent::kNvmlLibrary;
  std::string output = "text";
  int timeout_ms = 20'000;
  bool once = false;
  ColorOption color;
};

base::Result<ExitCode> ShowOnce(const AgentOptions& options, const Context& context) {
  agent::NvmlGuard nvml(
      [library = options.library](agent::CallWatch& watch) {
        return std::make_unique<agent::NvmlReader>(library, watch);
      },
      {.call = base::Milliseconds(options.timeout_ms)}, context.clock);
  const auto inventory = agent::ReadInventory(nvml, context.clock.Now());
  if (!inventory) return tl::unexpected(inventory.error());
  if (inventory->cards.empty()) {
    return base::Fail(
        base::ErrorCode::kUnavailable,
        fmt::format("the NVIDIA driver {} runs here, and sees no GPU", inventory->driver.version));
  }
  if (options.output == "text") {
    context.streams.out << RenderAgentText(*inventory, options.color.Mode(context.streams));
    return kDone;
  }
  const auto shown = ShowJson(RenderAgentJson(*inventory), options.output, context.streams);
  if (!shown) return tl::unexpected(shown.error());
  return kDone;
}

}  // namespace

void AddAgent(CLI::App& app, const Context& context, Action& action) {
  auto options = std::make_shared<AgentOptions>();
  CLI::App* command = app.add_subcommand(
      "agent", "The GPUs of this node, as its driver says: MIG, processes, health, links");
  command->add_flag("--once", options->once, "Print what is there, and end")->required();
  command
      ->add_option("--nvml", options->library,
                   "NVIDIA's management library: a path, or a name for the loader")
      ->capture_default_str();
  command
      ->add_option("--timeout-ms", options->timeout_ms,
                   "How long one call of the library may take before its card is left out")
      ->check(CLI::Range(1, 600'000))
      ->capture_default_str();
  command->add_option("-o,--output", options->output, "text, json or yaml")
      ->check(CLI::IsMember({"text", "json", "yaml"}))
      ->capture_default_str();
  options->color.AddTo(*command);
  command->callback([options, &context, &action] {
    action = [options, &context] { return ShowOnce(*options, context); };
  });
}

}  // namespace tangram::cli
