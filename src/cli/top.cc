// tangram top: pools, nodes and workloads, live in the terminal.
#include "report/top.h"

#include <fmt/format.h>

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <ostream>
#include <sstream>

#include "base/time_text.h"
#include "cli/command.h"
#include "cli/top_screen.h"

namespace tangram::cli {
namespace {

using report::TopSort;

struct LiveOptions {
  SourceOptions source;
  std::string policy;
  std::string output = "text";
  std::string sort = "waste";
  std::string interval = "10s";
  bool once = false;
  ColorOption color;
};

TopSort SortOf(const std::string& word) {
  if (word == "name") return TopSort::kName;
  return word == "cost" ? TopSort::kCost : TopSort::kWaste;
}

base::Result<PooledSnapshot> Look(const LiveOptions& options, const Context& context) {
  return LoadWithPools({options.policy, options.source}, {}, context);
}

// Looks again and again on a thread of its own, so that keys are answered meanwhile.
class Lookout {
 public:
  Lookout(const LiveOptions& options, const Context& context, base::Milliseconds interval)
      : options_(options),
        clock_(context.clock),
        interval_(interval),
        quiet_{in_, nowhere_, nowhere_} {}

  // What was seen since, or what went wrong; nothing where there is nothing new.
  std::optional<base::Result<PooledSnapshot>> Take() {
    using namespace std::chrono_literals;
    if (looking_.valid()) {
      if (looking_.wait_for(0s) != std::future_status::ready) return std::nullopt;
      next_ = base::MonotonicNow() + interval_;
      return looking_.get();
    }
    if (base::MonotonicNow() >= next_) {
      nowhere_.str("");  // what it says goes to no terminal: the screen is ours
      looking_ =
          std::async(std::launch::async, [this] { return Look(options_, {quiet_, clock_}); });
    }
    return std::nullopt;
  }

 private:
  const LiveOptions& options_;
  const base::Clock& clock_;
  const base::Milliseconds interval_;
  std::istringstream in_;
  std::ostringstream nowhere_;
  Streams quiet_;
  std::chrono::steady_clock::time_point next_{};
  std::future<base::Result<PooledSnapshot>> looking_;  // last: waits for the thread
};

constexpr std::string_view kKeys = "  q quits · w by waste · c by cost · n by name";

std::string FrameOf(const PooledSnapshot& seen, TopSort sort, const TopScreen::Size& size,
                    const std::string& trouble, report::ColorMode color) {
  report::TopOptions options{.sort = sort, .color = color, .columns = size.columns};
  options.lines = size.lines > 2 ? size.lines - 2 : 1;
  const report::Top top = report::MakeTop(seen.snapshot, seen.policy, sort);
  const std::string last =
      trouble.empty() ? std::string(kKeys) : "  not read again: " + report::Printable(trouble);
  return report::RenderTop(seen.snapshot, top, options) + "\n" +
         last.substr(0, std::min(last.size(), size.columns)) + "\n";
}

base::Result<ExitCode> ShowLive(const LiveOptions& options, const Context& context,
                                base::Milliseconds interval) {
  auto first = Look(options, context);
  if (!first) return tl::unexpected(first.error());
  PooledSnapshot seen = *std::move(first);
  Lookout lookout(options, context, interval);
  TopScreen screen(context.streams.out);
  TopSort sort = SortOf(options.sort);
  TopScreen::Size size;
  std::string trouble;
  bool stale = true;
  while (true) {
    if (stale || size != screen.size()) {
      size = screen.size();
      screen.Show(FrameOf(seen, sort, size, trouble, options.color.Mode(context.streams)));
    }
    const char key = screen.Wait();
    if (key == 'q' || key == '\x1b') return kDone;
    const TopSort before = sort;
    if (key == 'w') sort = TopSort::kWaste;
    if (key == 'c') sort = TopSort::kCost;
    if (key == 'n') sort = TopSort::kName;
    stale = sort != before;
    if (auto news = lookout.Take()) {
      trouble = *news ? "" : news->error().message;
      if (*news) seen = **std::move(news);
      stale = true;
    }
  }
}

base::Result<ExitCode> ShowTop(const LiveOptions& options, const Context& context) {
  const auto interval = base::ParseSpan(options.interval);
  if (!interval) return base::Wrap(interval.error(), "--interval");
  if (*interval < base::Milliseconds(500)) {
    return base::Fail(base::ErrorCode::kInvalid,
                      fmt::format("--interval is {}; write 500ms or more", options.interval));
  }
  const bool from_pipe = options.source.snapshot == "-" || options.policy == "-";
  if (options.output == "text" && !options.once && !from_pipe && context.streams.out_is_terminal) {
    return ShowLive(options, context, *interval);
  }
  const auto seen = Look(options, context);
  if (!seen) return tl::unexpected(seen.error());
  const TopSort sort = SortOf(options.sort);
  const report::Top top = report::MakeTop(seen->snapshot, seen->policy, sort);
  if (options.output == "json") {
    context.streams.out << report::RenderTopJson(seen->snapshot, top);
    return kDone;
  }
  context.streams.out << report::RenderTop(
      seen->snapshot, top, {.sort = sort, .color = options.color.Mode(context.streams)});
  return kDone;
}

}  // namespace

void AddTop(CLI::App& app, const Context& context, Action& action) {
  auto options = std::make_shared<LiveOptions>();
  options->source.window = "1h";
  CLI::App* command = app.add_subcommand(
      "top", "Show pools, nodes and workloads by what they waste, live in the terminal");
  AddSourceOptions(*command, options->source);
  command->add_option("--policy", options->policy,
                      "A file of GpuPools (docs/pools.md); without it, those of the cluster");
  command->add_option("--interval", options->interval, "How often to look again")
      ->capture_default_str();
  command->add_flag("--once", options->once, "One frame; so it is where the output is no terminal");
  command->add_option("--sort", options->sort, "waste, cost or name")
      ->check(CLI::IsMember({"waste", "cost", "name"}))
      ->capture_default_str();
  command->add_option("-o,--output", options->output, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  options->color.AddTo(*command);
  command->callback([options, &context, &action] {
    action = [options, &context] { return ShowTop(*options, context); };
  });
}

}  // namespace tangram::cli
