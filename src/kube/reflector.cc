#include "kube/reflector.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "base/text.h"
#include "base/time_text.h"

namespace tangram::kube {
namespace {

using std::chrono::milliseconds;

// A watch that lasted this long was a good one, whatever ended it.
constexpr std::chrono::seconds kGoodWatch{10};
constexpr std::size_t kMaxRefusal = 65'536;

bool NeedsAPerson(const base::Error& error) {
  return error.code == base::ErrorCode::kDenied || error.code == base::ErrorCode::kInvalid;
}

}  // namespace

Reflector::Reflector(Client& client, Resource resource, ReflectorOptions options, ObjectSink& sink)
    : client_(client),
      resource_(std::move(resource)),
      options_(std::move(options)),
      sink_(sink),
      backoff_(options_.backoff, client.random()),
      scope_(client.http()) {}

void Reflector::Start() { After(milliseconds(0), &Reflector::List); }

void Reflector::After(milliseconds delay, void (Reflector::*step)()) {
  client_.http().RunAfter(delay, [this, step] { (this->*step)(); }, scope_.id());
}

void Reflector::Note(const std::function<void(Status&)>& change) {
  const base::MutexLock lock(mutex_);
  change(status_);
  changed_.NotifyAll();
}

Reflector::Status Reflector::Read() const {
  const base::MutexLock lock(mutex_);
  return status_;
}

base::Result<void> Reflector::WaitSynced(milliseconds limit) const {
  const auto until = base::MonotonicNow() + limit;
  const base::MutexLock lock(mutex_);
  while (!status_.synced) {
    if (status_.error && NeedsAPerson(*status_.error)) {
      return tl::unexpected<base::Error>(*status_.error);
    }
    if (base::MonotonicNow() >= until) {
      return base::Fail(base::ErrorCode::kUnavailable,
                        "list " + resource_.Name() + ": not complete after " +
                            base::FormatSpan(limit) +
                            (status_.error ? ": " + status_.error->message : std::string()));
    }
    changed_.WaitUntil(mutex_, until);
  }
  return {};
}

void Reflector::List() {
  Note([](Status& status) { ++status.lists; });
  cursor_ = std::make_unique<ListCursor>(resource_, options_.list);
  silent_watches_ = 0;
  sink_.BeginReplace();
  NextPage();
}

void Reflector::NextPage() {
  client_.Start(
      cursor_->NextCall(),
      [this](base::Result<net::Response> answer) { TakePage(std::move(answer)); }, scope_.id());
}

void Reflector::TakePage(base::Result<net::Response> answer) {
  const ListHandler handler{
      .on_item = [this](simdjson::ondemand::object& item) { return sink_.AddToReplace(item); },
      .on_restart = [this] { sink_.BeginReplace(); }};
  if (!answer && answer.error().code == base::ErrorCode::kNotFound) return BecomeAbsent();
  const auto step = answer ? cursor_->TakePage(std::move(answer->body), handler)
                           : cursor_->TakeError(answer.error(), handler);
  if (!step && step.error().code == base::ErrorCode::kDenied) return AskWhetherServed(step.error());
  if (!step) return ListAgain(step.error());
  if (*step == ListCursor::Step::kMore) return NextPage();
  FinishList();
}

void Reflector::FinishList() {
  resource_version_ = cursor_->meta().resource_version;
  if (resource_version_.empty()) {
    return ListAgain({base::ErrorCode::kUnavailable,
                      "list " + resource_.Name() + ": the answer has no resourceVersion"});
  }
  cursor_.reset();
  TellServed(ReflectorOptions::Served::kYes);
  sink_.FinishReplace();
  Note([](Status& status) {
    status.synced = true;
    status.absent = false;
    status.error.reset();
  });
  Watch();
}

void Reflector::ListAgain(const base::Error& error) {
  cursor_.reset();
  Note([&](Status& status) { status.error = error; });
  After(backoff_.Next(), &Reflector::List);
}

void Reflector::TellServed(ReflectorOptions::Served served) {
  if (std::exchange(served_, served) != served && options_.on_served) options_.on_served(served);
}

void Reflector::BecomeAbsent() {
  cursor_.reset();
  TellServed(ReflectorOptions::Served::kNo);
  sink_.BecomeAbsent();
  Note([](Status& status) {
    status.synced = true;
    status.absent = true;
    status.error.reset();
  });
  After(options_.absent_recheck / 2 + RandomUpTo(options_.absent_recheck / 2, client_.random()),
        &Reflector::List);
}

// Who may not list a resource hears 403 even where the server does not have it. Discovery, which
// all may read, tells the two apart.
void Reflector::AskWhetherServed(const base::Error& denied) {
  Call call{.asked = {.verb = "get", .resource = {}, .path = resource_.GroupVersionPath()}};
  call.path = call.asked.path;
  client_.Start(
      std::move(call),
      [this, denied](const base::Result<net::Response>& answer) {
        const bool unknown = !answer && answer.error().code == base::ErrorCode::kNotFound;
        const auto served = answer ? ServedIn(answer->body, resource_) : base::Result<bool>(true);
        if (unknown || !served.value_or(true)) return BecomeAbsent();
        ListAgain(denied);
      },
      scope_.id());
}

Call Reflector::WatchCall() const {
  Call call{.asked = {.verb = "watch", .resource = resource_, .ns = options_.list.ns}};
  call.path = resource_.Path(options_.list.ns);
  call.accept = AcceptObject(options_.list.content);
  const milliseconds base_time = options_.watch_time;
  const auto time = base_time + RandomUpTo(base_time, client_.random());
  call.query = {
      {"watch", "1"},
      {"allowWatchBookmarks", "true"},
      {"resourceVersion", resource_version_},
      {"timeoutSeconds", std::to_string(std::chrono::ceil<std::chrono::seconds>(time).count())}};
  if (!options_.list.label_selector.empty()) {
    call.query.emplace_back("labelSelector", options_.list.label_selector);
  }
  if (!options_.list.field_selector.empty()) {
    call.query.emplace_back("fieldSelector", options_.list.field_selector);
  }
  return call;
}

void Reflector::Watch() {
  Note([](Status& status) { ++status.watches; });
  stream_ = std::make_unique<Stream>(options_.max_event);
  stream_->began = base::MonotonicNow();
  net::HttpClient::StreamHandler handler;
  handler.on_head = [this](const net::Response& head) { TakeHead(head); };
  handler.on_data = [this](std::string_view chunk) { return TakeData(chunk); };
  handler.on_done = [this](const base::Result<int>& status) { TakeEnd(status); };
  client_.StartStream(WatchCall(), std::move(handler), options_.idle_timeout, scope_.id());
}

void Reflector::TakeHead(const net::Response& head) {
  stream_->status = head.status;
  const auto seconds = base::ParseInteger(head.Header("retry-after")).value_or(0);
  stream_->retry_after = std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, 60));
  if (head.status == 200) Note([](Status& status) { status.error.reset(); });
}

bool Reflector::TakeData(std::string_view chunk) {
  if (stream_->status != 200) {
    stream_->refusal +=
        chunk.substr(0, kMaxRefusal - std::min(kMaxRefusal, stream_->refusal.size()));
    return true;
  }
  const auto state = stream_->framer.Feed(
      chunk, [this](simdjson::padded_string_view line) { return TakeLine(line); });
  if (state == LineFramer::State::kTooLong) {
    stream_->error = {base::ErrorCode::kExpired,
                      "an event is longer than " + std::to_string(options_.max_event) + " bytes"};
  }
  return state == LineFramer::State::kMore;
}

bool Reflector::TakeLine(simdjson::padded_string_view line) {
  const std::string_view kind = options_.list.content == Content::kFull
                                    ? std::string_view(resource_.kind)
                                    : "PartialObjectMetadata";
  bool applied = true;
  const auto read = ReadEvent(
      parser_, line, kind,
      [&](const WatchEvent& event, simdjson::ondemand::object& item) -> base::Result<void> {
        if (event.type != EventType::kBookmark) {
          auto done = sink_.Apply(event, item);
          applied = done.has_value();
          if (!done) return done;
        }
        resource_version_ = event.meta.resource_version;
        return {};
      });
  if (read) {
    stream_->progress = true;
    return true;
  }
  stream_->error = read.error();
  // The server's own word on the watch stands. What we could not read or apply would be the same
  // the next time: only a new list helps.
  const bool servers_word = read.error().message.starts_with("the watch ended with");
  if (!applied || !servers_word) stream_->error->code = base::ErrorCode::kExpired;
  return false;
}

base::Error Reflector::WhyEnded(const base::Result<int>& status) const {
  const Asked asked{.verb = "watch", .resource = resource_, .ns = options_.list.ns};
  if (stream_->error) {
    return {stream_->error->code, Describe(asked) + ": " + stream_->error->message};
  }
  if (!status) return status.error();
  return ErrorOf(*status, stream_->refusal, asked);
}

// A watch that the server hardly let begin says nothing either way.
bool Reflector::SilentTooOften(std::chrono::nanoseconds lasted) {
  const auto enough =
      std::min<std::chrono::nanoseconds>(options_.watch_time, options_.idle_timeout);
  if (stream_->progress) {
    silent_watches_ = 0;
  } else if (stream_->status == 200 && lasted >= enough) {
    ++silent_watches_;
  }
  return silent_watches_ >= options_.max_silent_watches;
}

void Reflector::TakeEnd(const base::Result<int>& status) {
  const auto lasted = base::MonotonicNow() - stream_->began;
  const bool good = stream_->status == 200 && (stream_->progress || lasted >= kGoodWatch);
  const bool whole = status && *status == 200 && !stream_->error;
  if (good) backoff_.Reset();
  const bool silent = SilentTooOften(lasted);
  if (whole) {
    return After(good ? milliseconds(0) : backoff_.Next(),
                 silent ? &Reflector::List : &Reflector::Watch);
  }
  const base::Error error = WhyEnded(status);
  Note([&](Status& now) { now.error = error; });
  const bool resume = !silent && (error.code == base::ErrorCode::kUnavailable ||
                                  error.code == base::ErrorCode::kDenied);
  After(std::max(backoff_.Next(), stream_->retry_after),
        resume ? &Reflector::Watch : &Reflector::List);
}

}  // namespace tangram::kube
