#include "adapter/live/views.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <thread>
#include <utility>

#include "adapter/json.h"
#include "adapter/live/change_sink.h"
#include "adapter/live/our_objects.h"
#include "base/mutex.h"

namespace tangram::adapter {
namespace {

using namespace std::chrono_literals;

// A question goes so long after it was first seen, and after it was answered.
constexpr base::Milliseconds kKeepAsked{60'000};
constexpr base::Milliseconds kKeepAnswered{10'000};
constexpr base::Milliseconds kLookEvery{1'000};
constexpr std::size_t kMostAtOnce = 16;

// Works answers out, one at a time.
class AnswerThread {
 public:
  using Job = std::function<void()>;
  AnswerThread() : thread_([this] { Run(); }) {}
  ~AnswerThread() {
    {
      const base::MutexLock lock(mutex_);
      stopped_ = true;
      changed_.NotifyAll();
    }
    thread_.join();
  }
  AnswerThread(const AnswerThread&) = delete;
  AnswerThread& operator=(const AnswerThread&) = delete;

  // False: too many wait already.
  bool Post(Job job) {
    const base::MutexLock lock(mutex_);
    if (jobs_.size() >= kMostAtOnce) return false;
    jobs_.push_back(std::move(job));
    changed_.NotifyAll();
    return true;
  }

 private:
  void Run() {
    while (const Job job = Next()) job();
  }
  Job Next() {
    const base::MutexLock lock(mutex_);
    while (jobs_.empty() && !stopped_) changed_.Wait(mutex_);
    if (stopped_) return {};
    Job next = std::move(jobs_.front());
    jobs_.pop_front();
    return next;
  }

  base::Mutex mutex_;
  base::CondVar changed_;
  std::deque<Job> jobs_ GUARDED_BY(mutex_);
  bool stopped_ GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace

class LiveViews::Impl {
 public:
  Impl(const Deps& deps, Handler handler)
      : deps_(deps),
        handler_(std::move(handler)),
        sink_(SinkHandler()),
        scope_(deps_.client.http()),
        reflector_(deps_.client, kViews, HowToFollow(kViews, handler_.log), sink_) {}

  void Start() { reflector_.Start(); }

 private:
  struct Entry {
    ViewRequest request{};
    base::Time goes_at{};
    bool begun = false;  // or answered
    bool going = false;
  };

  ChangeSink<ViewRequest>::Handler SinkHandler() {
    ChangeSink<ViewRequest>::Handler handler;
    handler.decode = [](simdjson::ondemand::object& object) -> base::Result<ViewRequest> {
      const auto text = TextOf(object);
      if (!text) return tl::unexpected(text.error());
      return ReadViewRequest(*text);
    };
    handler.on_set = [this](ViewRequest request, const kube::ObjectMeta&) {
      Note(std::move(request));
    };
    handler.on_gone = [this](const control::Key& key) { entries_.erase(key.name); };
    handler.on_listed = [this](const std::vector<control::Key>& keys) {
      std::set<std::string> names;
      for (const control::Key& key : keys) names.insert(key.name);
      std::erase_if(entries_, [&](const auto& entry) { return !names.contains(entry.first); });
    };
    return handler;
  }

  void Note(ViewRequest request) {
    std::string name = request.name;
    Entry& entry = entries_[std::move(name)];
    const base::Time now = deps_.clock.Now();
    if (entry.request.uid != request.uid) entry = {.goes_at = now + kKeepAsked};
    if (request.answer) entry.goes_at = std::min(entry.goes_at, now + kKeepAnswered);
    entry.begun = entry.begun || request.answer.has_value();
    entry.request = std::move(request);
    LookAt(entry);
    LookLater();
  }

  // Who leads may change, and time goes by.
  void LookLater() {
    if (std::exchange(look_is_due_, true)) return;
    const auto look = [this] {
      look_is_due_ = false;
      for (auto& [name, entry] : entries_) LookAt(entry);
      if (!entries_.empty()) LookLater();
    };
    deps_.client.http().RunAfter(kLookEvery, look, scope_.id());
  }

  void LookAt(Entry& entry) {
    const auto fence = handler_.leads();
    if (!fence) return;
    const bool is_old = deps_.clock.Now() >= entry.goes_at;
    if (is_old && !std::exchange(entry.going, true)) {
      Send(*fence, DropCall(entry.request), entry.request.name);
    }
    if (is_old || std::exchange(entry.begun, true)) return;
    deps_.mailbox.Post([this, request = entry.request, fence = *fence](control::Controller& to) {
      Ask(request, fence, to);
    });
  }

  // On the mailbox's thread.
  void Ask(const ViewRequest& request, const kube::Fence& fence, control::Controller& controller) {
    auto job = [this, request, fence, policy = handler_.policy(),
                snapshot = controller.model().Share(deps_.clock.Now())] {
      Answer(request, fence, handler_.answer(request.question, *snapshot, policy));
    };
    if (answers_.Post(std::move(job))) return;
    Answer(request, fence,
           {.refused = true,
            .messages = "the controller has too many questions; ask again, or read the cluster "
                        "with --from cluster\n"});
  }

  void Answer(const ViewRequest& request, const kube::Fence& fence, const ViewAnswer& answer) {
    Send(fence, AnswerCall(request, RenderViewStatus(answer, TextOf(fence))), request.name);
  }

  void Send(const kube::Fence& fence, kube::Call call, const std::string& name) {
    const auto done = [this, name](const base::Result<net::Response>& answer) {
      if (answer || answer.error().code == base::ErrorCode::kNotFound) return;
      handler_.log("ViewRequest " + name + ": " + answer.error().message);
      const auto entry = entries_.find(name);
      if (entry == entries_.end() || answer.error().code != base::ErrorCode::kUnavailable) return;
      entry->second.begun = entry->second.going = false;  // again, when looked at next
    };
    deps_.client.Start(kube::Fenced(std::move(call), fence, handler_.leads), done, scope_.id());
  }

  const Deps deps_;
  const Handler handler_;
  // The client's thread alone.
  std::map<std::string, Entry> entries_;  // by name
  bool look_is_due_ = false;
  ChangeSink<ViewRequest> sink_;
  net::Scope scope_;
  kube::Reflector reflector_;
  AnswerThread answers_;  // last: ends before what it uses
};

LiveViews::LiveViews(const Deps& deps, Handler handler)
    : impl_(std::make_unique<Impl>(deps, std::move(handler))) {}
LiveViews::~LiveViews() = default;
void LiveViews::Start() { impl_->Start(); }

}  // namespace tangram::adapter
