#include "net/http.h"

#include <curl/curl.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <thread>
#include <unordered_map>

#include "base/clock.h"
#include "base/mutex.h"
#include "net/signals.h"
#include "net/transfer.h"

namespace tangram::net {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;
using Token = HttpClient::Token;
using ScopeId = HttpClient::ScopeId;

constexpr std::chrono::milliseconds kLongestPoll{60'000};

struct Timer {
  Token token = 0;
  std::function<void()> task;
};

struct MultiDeleter {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

// libcurl counts these calls, so several clients may come and go.
struct CurlGlobal {
  CurlGlobal() { curl_global_init(CURL_GLOBAL_DEFAULT); }
  ~CurlGlobal() { curl_global_cleanup(); }
  CurlGlobal(const CurlGlobal&) = delete;
  CurlGlobal& operator=(const CurlGlobal&) = delete;
};

}  // namespace

std::string_view HeaderIn(const Headers& headers, std::string_view name) {
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [&](const auto& header) { return header.first == name; });
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

// What a caller of Send waits on. Shared with the transfer, so either may go first.
struct Waiter {
  base::Mutex mutex;
  base::CondVar done_changed;
  std::optional<base::Result<Response>> done GUARDED_BY(mutex);

  void Finish(base::Result<Response> result) {
    const base::MutexLock lock(mutex);
    if (!done) done.emplace(std::move(result));
    done_changed.NotifyAll();
  }
  base::Result<Response> Wait() {
    const base::MutexLock lock(mutex);
    while (!done) done_changed.Wait(mutex);
    return std::move(*done);
  }
};

class HttpClient::Impl final : public CallbackGate {
 public:
  explicit Impl(Options options);
  ~Impl() override;

  Token Stream(Request request, StreamHandler handler, ScopeId scope,
               std::shared_ptr<Waiter> waiter);
  Token RunAfter(std::chrono::milliseconds delay, std::function<void()> task, ScopeId scope);
  void Cancel(Token token);
  ScopeId OpenScope();
  void CloseScope(ScopeId scope);
  bool OnClientThread() const { return std::this_thread::get_id() == thread_.get_id(); }

 private:
  // A token that is live may still call back; Cancel makes it dead by removing it.
  struct Live {
    ScopeId scope = 0;
    std::shared_ptr<Waiter> waiter;
  };

  bool Run(Token token, const std::function<void()>& callback) override;
  std::optional<Token> Admit(ScopeId scope, std::shared_ptr<Waiter> waiter) REQUIRES(mutex_);
  // Under the lock: the thread that sees `stopping_` frees multi_.
  void Wake() REQUIRES(mutex_) { curl_multi_wakeup(multi_.get()); }

  // On the client's thread.
  void Loop();
  bool TakeInbox();
  void Start(std::unique_ptr<Transfer> transfer);
  void Drop(const std::set<Token>& tokens);
  void RunDueTimers();
  void CutSilentTransfers();
  void ReadFinished();
  std::unique_ptr<Transfer> Detach(Token token);
  void Retire(Token token);
  int PollMilliseconds() const;

  const Options options_;
  const CurlGlobal global_;
  std::unique_ptr<CURLM, MultiDeleter> multi_;  // freed by the client's thread when it ends

  base::Mutex mutex_;
  base::CondVar callback_over_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  Token last_token_ GUARDED_BY(mutex_) = 0;
  Token running_ GUARDED_BY(mutex_) = 0;
  ScopeId running_scope_ GUARDED_BY(mutex_) = 0;
  std::set<ScopeId> scopes_ GUARDED_BY(mutex_);
  std::unordered_map<Token, Live> live_ GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Transfer>> new_transfers_ GUARDED_BY(mutex_);
  std::vector<std::pair<SteadyTime, Timer>> new_timers_ GUARDED_BY(mutex_);
  std::set<Token> dead_ GUARDED_BY(mutex_);

  // The client's thread alone.
  std::map<Token, std::unique_ptr<Transfer>> transfers_;
  std::multimap<SteadyTime, Timer> timers_;

  std::thread thread_;  // last: it uses all of the above
};

HttpClient::Impl::Impl(Options options)
    : options_(std::move(options)), multi_(curl_multi_init()), thread_([this] { Loop(); }) {}

HttpClient::Impl::~Impl() {
  {
    const base::MutexLock lock(mutex_);
    stopping_ = true;
    Wake();
  }
  thread_.join();
  // Nobody calls back any more; whoever waits in Send is let go.
  const base::MutexLock lock(mutex_);
  for (const auto& [token, live] : live_) {
    if (!live.waiter) continue;
    live.waiter->Finish(base::Fail(base::ErrorCode::kUnavailable, "the HTTP client is closed"));
  }
}

std::optional<Token> HttpClient::Impl::Admit(ScopeId scope, std::shared_ptr<Waiter> waiter) {
  const Token token = ++last_token_;
  if (scope != 0 && !scopes_.contains(scope)) return std::nullopt;
  live_.emplace(token, Live{scope, std::move(waiter)});
  return token;
}

Token HttpClient::Impl::Stream(Request request, StreamHandler handler, ScopeId scope,
                               std::shared_ptr<Waiter> waiter) {
  const base::MutexLock lock(mutex_);
  const auto token = Admit(scope, std::move(waiter));
  if (!token) return last_token_;
  new_transfers_.push_back(
      std::make_unique<Transfer>(*token, std::move(request), std::move(handler), *this));
  Wake();
  return *token;
}

Token HttpClient::Impl::RunAfter(std::chrono::milliseconds delay, std::function<void()> task,
                                 ScopeId scope) {
  const SteadyTime at = base::MonotonicNow() + delay;
  const base::MutexLock lock(mutex_);
  const auto token = Admit(scope, nullptr);
  if (!token) return last_token_;
  new_timers_.emplace_back(at, Timer{*token, std::move(task)});
  Wake();
  return *token;
}

void HttpClient::Impl::Cancel(Token token) {
  const bool inside = OnClientThread();
  const base::MutexLock lock(mutex_);
  if (live_.erase(token) != 0) {
    dead_.insert(token);
    Wake();
  }
  while (!inside && running_ == token && token != 0) callback_over_.Wait(mutex_);
}

ScopeId HttpClient::Impl::OpenScope() {
  const base::MutexLock lock(mutex_);
  const ScopeId scope = ++last_token_;
  scopes_.insert(scope);
  return scope;
}

void HttpClient::Impl::CloseScope(ScopeId scope) {
  const bool inside = OnClientThread();
  const base::MutexLock lock(mutex_);
  if (scopes_.erase(scope) != 0) {
    for (auto live = live_.begin(); live != live_.end();) {
      if (live->second.scope == scope) {
        dead_.insert(live->first);
        live = live_.erase(live);
      } else {
        ++live;
      }
    }
    Wake();
  }
  while (!inside && running_scope_ == scope) callback_over_.Wait(mutex_);
}

bool HttpClient::Impl::Run(Token token, const std::function<void()>& callback) {
  {
    const base::MutexLock lock(mutex_);
    const auto live = live_.find(token);
    if (live == live_.end() || stopping_) return false;
    running_ = token;
    running_scope_ = live->second.scope;
  }
  callback();
  const base::MutexLock lock(mutex_);
  running_ = 0;
  running_scope_ = 0;
  callback_over_.NotifyAll();
  return live_.contains(token);
}

void HttpClient::Impl::Loop() {
  BlockSignals();
  while (TakeInbox()) {
    RunDueTimers();
    CutSilentTransfers();
    int running = 0;
    curl_multi_perform(multi_.get(), &running);
    ReadFinished();
    curl_multi_poll(multi_.get(), nullptr, 0, PollMilliseconds(), nullptr);
  }
  // Here, where SIGPIPE is blocked: closing a TLS connection writes to it.
  for (const auto& [token, transfer] : transfers_) {
    curl_multi_remove_handle(multi_.get(), transfer->easy());
  }
  transfers_.clear();
  timers_.clear();
  multi_.reset();
}

// False: time to end.
bool HttpClient::Impl::TakeInbox() {
  std::vector<std::unique_ptr<Transfer>> transfers;
  std::vector<std::pair<SteadyTime, Timer>> timers;
  std::set<Token> dead;
  {
    const base::MutexLock lock(mutex_);
    if (stopping_) return false;
    transfers.swap(new_transfers_);
    timers.swap(new_timers_);
    dead.swap(dead_);
  }
  for (auto& [at, timer] : timers) timers_.emplace(at, std::move(timer));
  for (auto& transfer : transfers) {
    if (!dead.contains(transfer->token())) Start(std::move(transfer));
  }
  if (!dead.empty()) Drop(dead);
  return true;
}

void HttpClient::Impl::Start(std::unique_ptr<Transfer> transfer) {
  const Token token = transfer->token();
  if (auto prepared = transfer->Prepare(options_); !prepared) {
    transfer->Fail(prepared.error());
    Retire(token);
    return;
  }
  curl_multi_add_handle(multi_.get(), transfer->easy());
  transfers_.emplace(token, std::move(transfer));
}

void HttpClient::Impl::Drop(const std::set<Token>& tokens) {
  for (const Token token : tokens) Detach(token);
  std::erase_if(timers_, [&](const auto& timer) { return tokens.contains(timer.second.token); });
}

void HttpClient::Impl::RunDueTimers() {
  const SteadyTime now = base::MonotonicNow();
  while (!timers_.empty() && timers_.begin()->first <= now) {
    auto due = timers_.extract(timers_.begin());
    const Timer& timer = due.mapped();
    Run(timer.token, timer.task);
    Retire(timer.token);
  }
}

void HttpClient::Impl::CutSilentTransfers() {
  const SteadyTime now = base::MonotonicNow();
  std::vector<Token> silent;
  for (const auto& [token, transfer] : transfers_) {
    if (transfer->IdleDeadline() <= now) silent.push_back(token);
  }
  for (const Token token : silent) {
    const auto transfer = Detach(token);
    transfer->FinishIdle();
    Retire(token);
  }
}

void HttpClient::Impl::ReadFinished() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    Transfer* finished = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &finished);
    const auto transfer = Detach(finished->token());
    transfer->FinishFromCurl(code);
    Retire(transfer->token());
  }
}

std::unique_ptr<Transfer> HttpClient::Impl::Detach(Token token) {
  auto found = transfers_.extract(token);
  if (found.empty()) return nullptr;
  curl_multi_remove_handle(multi_.get(), found.mapped()->easy());
  return std::move(found.mapped());
}

void HttpClient::Impl::Retire(Token token) {
  const base::MutexLock lock(mutex_);
  live_.erase(token);
}

int HttpClient::Impl::PollMilliseconds() const {
  SteadyTime next = base::MonotonicNow() + kLongestPoll;
  if (!timers_.empty()) next = std::min(next, timers_.begin()->first);
  for (const auto& [token, transfer] : transfers_) next = std::min(next, transfer->IdleDeadline());
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(next - base::MonotonicNow());
  return static_cast<int>(std::max<std::int64_t>(wait.count(), 0));
}

HttpClient::HttpClient(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {}
HttpClient::~HttpClient() = default;

base::Result<Response> HttpClient::Send(const Request& request) {
  if (OnClientThread()) {
    return base::Fail(
        base::ErrorCode::kInvalid,
        Describe(request) + ": Send on the client's own thread would wait for itself");
  }
  const auto waiter = std::make_shared<Waiter>();
  const auto response = std::make_shared<Response>();
  StreamHandler handler;
  handler.on_head = [response](const Response& head) { *response = head; };
  handler.on_data = [response](std::string_view chunk) {
    response->body += chunk;
    return true;
  };
  handler.on_done = [response, waiter](base::Result<int> status) {
    if (!status) return waiter->Finish(tl::unexpected<base::Error>(status.error()));
    waiter->Finish(std::move(*response));
  };
  impl_->Stream(request, std::move(handler), 0, waiter);
  return waiter->Wait();
}

Token HttpClient::Stream(Request request, StreamHandler handler, ScopeId scope) {
  return impl_->Stream(std::move(request), std::move(handler), scope, nullptr);
}
Token HttpClient::RunAfter(std::chrono::milliseconds delay, std::function<void()> task,
                           ScopeId scope) {
  return impl_->RunAfter(delay, std::move(task), scope);
}
void HttpClient::Cancel(Token token) { impl_->Cancel(token); }
ScopeId HttpClient::OpenScope() { return impl_->OpenScope(); }
void HttpClient::CloseScope(ScopeId scope) { impl_->CloseScope(scope); }
bool HttpClient::OnClientThread() const { return impl_->OnClientThread(); }

std::string UrlEncode(std::string_view text) {
  static constexpr std::string_view kUnreservedMarks = "-._~";
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || kUnreservedMarks.find(c) != std::string_view::npos) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += kHex[byte >> 4];
    encoded += kHex[byte & 15];
  }
  return encoded;
}

}  // namespace tangram::net
