// tangram top: pools, nodes and workloads, live in the terminal.
#include "report/top.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <ostream>
#include <sstream>
#include <utility>
#include <vector>

#include "base/time_text.h"
#include "cli/ask.h"
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
  std::size_t columns = report::TopOptions().columns;
  std::size_t lines = report::TopOptions().lines;
  ColorOption color;
  FromOption from;
};

constexpr std::int64_t kLeastColumns = 20;
constexpr std::int64_t kMostColumns = 10'000;
// A question is written, answered and deleted: the controller is not asked more often, but where a
// key or the terminal's size wants another frame.
constexpr base::Milliseconds kAskEvery{5'000};

// In the order of TopSort.
constexpr std::array<const char*, 3> kSorts = {"waste", "cost", "name"};

TopSort SortOf(const std::string& word) {
  return static_cast<TopSort>(std::find(kSorts.begin(), kSorts.end(), word) - kSorts.begin());
}
const char* WordOf(TopSort sort) { return kSorts.at(static_cast<std::size_t>(sort)); }

base::Result<PooledSnapshot> Look(const LiveOptions& options, const Context& context) {
  return LoadWithPools({options.policy, options.source}, {}, context);
}

// What a frame is drawn for.
struct Shown {
  TopSort sort = TopSort::kWaste;
  TopScreen::Size size{};
  bool operator==(const Shown&) const = default;
};

// Two lines of the terminal are ours.
std::size_t LinesOf(const TopScreen::Size& size) { return size.lines > 2 ? size.lines - 2 : 1; }

// What was seen, in words. The cluster can be drawn in any order and size; a controller has drawn
// one frame.
struct Picture {
  std::function<std::string(const Shown&)> draw;
  std::optional<Shown> made_for{};  // nothing: for all
};
using LookAgain = std::function<base::Result<Picture>(const Shown&)>;

Picture PictureOf(PooledSnapshot seen, report::ColorMode color) {
  auto held = std::make_shared<const PooledSnapshot>(std::move(seen));
  return {[held = std::move(held), color](const Shown& shown) {
    report::TopOptions options{.sort = shown.sort, .color = color, .columns = shown.size.columns};
    options.lines = LinesOf(shown.size);
    const report::Top top = report::MakeTop(held->snapshot, held->policy, shown.sort);
    return report::RenderTop(held->snapshot, top, options);
  }};
}

// Of `frame`, what the terminal has room for until there is another.
Picture PictureOf(std::string frame, const Shown& made_for) {
  const auto draw = [frame = std::move(frame)](const Shown& shown) {
    std::size_t end = 0;
    for (std::size_t line = 0; line < LinesOf(shown.size) && end < frame.size(); ++line) {
      end = std::min(frame.find('\n', end), frame.size() - 1) + 1;
    }
    return frame.substr(0, end);
  };
  return {draw, made_for};
}

// Looks again and again on a thread of its own, so that keys are answered meanwhile.
class Lookout {
 public:
  Lookout(LookAgain look, base::Milliseconds interval)
      : look_(std::move(look)), interval_(interval) {}

  // What was seen since, or what went wrong; nothing where there is nothing new. `hurry`: looks
  // now, if it does not already.
  std::optional<base::Result<Picture>> Take(const Shown& shown, bool hurry) {
    using namespace std::chrono_literals;
    if (looking_.valid()) {
      if (looking_.wait_for(0s) != std::future_status::ready) return std::nullopt;
      next_ = base::MonotonicNow() + interval_;
      return looking_.get();
    }
    if (hurry || base::MonotonicNow() >= next_) {
      looking_ = std::async(std::launch::async, look_, shown);
    }
    return std::nullopt;
  }

 private:
  const LookAgain look_;
  const base::Milliseconds interval_;
  std::chrono::steady_clock::time_point next_{};
  std::future<base::Result<Picture>> looking_;  // last: waits for the thread
};

constexpr std::string_view kKeys = "  q quits · w by waste · c by cost · n by name";

std::string FrameOf(const Picture& picture, const Shown& shown, const std::string& trouble) {
  const std::string last =
      trouble.empty() ? std::string(kKeys) : "  not read again: " + report::Printable(trouble);
  return picture.draw(shown) + "\n" + last.substr(0, std::min(last.size(), shown.size.columns)) +
         "\n";
}

// What is asked of the controller for `shown`.
std::vector<std::string> WordsFor(const Shown& shown) {
  const auto most = [](std::size_t value, std::int64_t least) {
    return std::clamp(static_cast<std::int64_t>(value), least, kMostColumns);
  };
  return {fmt::format("--sort={}", WordOf(shown.sort)),
          fmt::format("--columns={}", most(shown.size.columns, kLeastColumns)),
          fmt::format("--lines={}", most(LinesOf(shown.size), 1))};
}

// How to look again, and the first picture.
struct View {
  Picture first;
  LookAgain again;
  base::Milliseconds interval;
};

LookAgain ReadAgain(const LiveOptions& options, const Context& context) {
  const report::ColorMode color = options.color.Mode(context.streams);
  return [&options, &clock = context.clock, color](const Shown&) -> base::Result<Picture> {
    std::istringstream in;
    std::ostringstream nowhere;  // what it says goes to no terminal: the screen is ours
    Streams quiet{in, nowhere, nowhere};
    auto seen = Look(options, {quiet, clock});
    if (!seen) return tl::unexpected(seen.error());
    return PictureOf(*std::move(seen), color);
  };
}

LookAgain AskAgain(const Asking& asking, const Context& context) {
  auto asker = std::make_shared<Asker>(asking, context.streams);
  return [asker](const Shown& shown) -> base::Result<Picture> {
    auto frame = asker->Ask(WordsFor(shown));
    if (!frame) return tl::unexpected(frame.error());
    return PictureOf(*std::move(frame), shown);
  };
}

base::Result<View> FirstView(const LiveOptions& options, const CLI::App& given,
                             const Context& context, base::Milliseconds interval) {
  const Asking asking{adapter::ViewCommand::kTop, given, options.from, options.source,
                      options.color};
  const Shown shown{SortOf(options.sort), TerminalSize()};
  auto answer = AnswerOfController(asking, context, WordsFor(shown));
  if (!answer) return tl::unexpected(answer.error());
  if (*answer) {
    return View{PictureOf(std::move((*answer)->output), shown), AskAgain(asking, context),
                std::max(interval, kAskEvery)};
  }
  auto seen = Look(options, context);
  if (!seen) return tl::unexpected(seen.error());
  return View{PictureOf(*std::move(seen), options.color.Mode(context.streams)),
              ReadAgain(options, context), interval};
}

TopSort After(char key, TopSort sort) {
  if (key == 'w') return TopSort::kWaste;
  if (key == 'c') return TopSort::kCost;
  return key == 'n' ? TopSort::kName : sort;
}

base::Result<ExitCode> ShowLive(const LiveOptions& options, const CLI::App& given,
                                const Context& context, base::Milliseconds interval) {
  auto view = FirstView(options, given, context, interval);
  if (!view) return tl::unexpected(view.error());
  Picture picture = std::move(view->first);
  Lookout lookout(std::move(view->again), view->interval);
  TopScreen screen(context.streams.out);
  Shown shown{SortOf(options.sort), screen.size()};
  std::string trouble;
  bool stale = true;
  while (true) {
    if (stale) screen.Show(FrameOf(picture, shown, trouble));
    const char key = screen.Wait();
    if (key == 'q' || key == '\x1b') return kDone;
    const Shown before = std::exchange(shown, {After(key, shown.sort), screen.size()});
    stale = shown != before;
    const bool is_other = picture.made_for && *picture.made_for != shown;
    // What could not be read is not asked for in a hurry.
    if (auto news = lookout.Take(shown, is_other && trouble.empty())) {
      trouble = *news ? "" : news->error().message;
      if (*news) picture = **std::move(news);
      stale = true;
    }
  }
}

base::Result<ExitCode> ShowOnce(const LiveOptions& options, const CLI::App& given,
                                const Context& context) {
  const auto answered = AskController(
      {adapter::ViewCommand::kTop, given, options.from, options.source, options.color}, context);
  if (!answered) return tl::unexpected(answered.error());
  if (*answered) return **answered;
  const auto seen = Look(options, context);
  if (!seen) return tl::unexpected(seen.error());
  const TopSort sort = SortOf(options.sort);
  const report::Top top = report::MakeTop(seen->snapshot, seen->policy, sort);
  if (options.output == "json") {
    context.streams.out << report::RenderTopJson(seen->snapshot, top);
    return kDone;
  }
  report::TopOptions how{.sort = sort, .color = options.color.Mode(context.streams)};
  how.columns = options.columns;
  how.lines = options.lines;
  context.streams.out << report::RenderTop(seen->snapshot, top, how);
  return kDone;
}

base::Result<ExitCode> ShowTop(const LiveOptions& options, const CLI::App& given,
                               const Context& context) {
  const auto interval = base::ParseSpan(options.interval);
  if (!interval) return base::Wrap(interval.error(), "--interval");
  if (*interval < base::Milliseconds(500)) {
    return base::Fail(base::ErrorCode::kInvalid,
                      fmt::format("--interval is {}; write 500ms or more", options.interval));
  }
  const bool from_pipe = options.source.snapshot == "-" || options.policy == "-";
  const bool for_people = options.output == "text" && context.streams.out_is_terminal;
  if (for_people && !options.once && !from_pipe && context.at_hand == nullptr) {
    return ShowLive(options, given, context, *interval);
  }
  return ShowOnce(options, given, context);
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
  command
      ->add_option("--interval", options->interval,
                   "How often to look again; the controller is asked every 5 s at most")
      ->capture_default_str();
  command->add_flag("--once", options->once, "One frame; so it is where the output is no terminal");
  command->add_option("--sort", options->sort, "waste, cost or name")
      ->check(CLI::IsMember(std::vector<std::string>(kSorts.begin(), kSorts.end())))
      ->take_last()
      ->capture_default_str();
  command->add_option("--columns", options->columns, "Where the lines of one frame are cut")
      ->check(CLI::Range(kLeastColumns, kMostColumns))
      ->take_last()
      ->capture_default_str();
  command->add_option("--lines", options->lines, "Lines of one frame at most; 0: all it takes")
      ->check(CLI::Range(std::int64_t{0}, kMostColumns))
      ->take_last()
      ->capture_default_str();
  command->add_option("-o,--output", options->output, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  options->from.AddTo(*command);
  options->color.AddTo(*command);
  command->callback([options, command, &context, &action] {
    action = [options, command, &context] { return ShowTop(*options, *command, context); };
  });
}

}  // namespace tangram::cli
