#include "kube/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <utility>

#include "base/mutex.h"
#include "base/text.h"
#include "kube/credentials.h"
#include "kube/flow_gate.h"

namespace tangram::kube {
namespace {

using ScopeId = net::HttpClient::ScopeId;

// One call through its attempts. Owned by the callbacks that carry it on.
struct Exchange {
  Call call;
  Client::Done done;
  ScopeId scope;
  Backoff backoff;
  int attempts = 0;
  bool renewed = false;
  Credential credential{};
  net::Response response{};
  std::chrono::steady_clock::time_point sent{};
};
using ExchangePtr = std::shared_ptr<Exchange>;

bool MayHelpToRetry(int status) {
  return status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

bool SafeToRepeat(const Call& call, bool server_took_nothing) {
  switch (call.repeat) {
    case Repeat::kAlways:
      return true;
    case Repeat::kIfSafe:
      return call.method == "GET" || server_took_nothing;
    case Repeat::kNever:
      return false;
  }
  return false;
}

// Retry-After in seconds; the API server writes no dates.
std::optional<std::chrono::milliseconds> RetryAfter(const net::Response& response) {
  const auto seconds = base::ParseInteger(response.Header("retry-after"));
  if (!seconds || *seconds < 0 || *seconds > 86'400) return std::nullopt;
  return std::chrono::seconds(*seconds);
}

// What a blocking caller waits on.
class Waiter {
 public:
  void Finish(base::Result<net::Response> result) {
    const base::MutexLock lock(mutex_);
    result_ = std::move(result);
    changed_.NotifyAll();
  }
  base::Result<net::Response> Wait() {
    const base::MutexLock lock(mutex_);
    while (!result_) changed_.Wait(mutex_);
    return std::move(*result_);
  }

 private:
  base::Mutex mutex_;
  base::CondVar changed_;
  std::optional<base::Result<net::Response>> result_ GUARDED_BY(mutex_);
};

}  // namespace

class Client::Impl {
 public:
  Impl(const Config& config, ClientOptions options);
  ~Impl();

  base::Result<net::Response> Send(const Call& call);
  void Start(Call call, Done done, ScopeId scope);
  void StartStream(Call call, net::HttpClient::StreamHandler handler,
                   std::chrono::milliseconds idle_timeout, ScopeId scope);

  net::HttpClient& http() { return http_; }
  const Config& config() const { return config_; }
  const Random& random() const { return options_.random; }

 private:
  using OnCredential = std::function<void(const base::Result<Credential>&)>;
  struct Waiting {
    ScopeId scope;
    OnCredential then;
  };

  void WithCredential(ScopeId scope, OnCredential then);
  void StartRenewal() REQUIRES(mutex_);
  void Renew();
  net::Request RequestFor(const Call& call, const Credential& credential) const;
  void Attempt(const ExchangePtr& exchange);
  void Note(const Call& call, const net::Response& head, std::optional<base::ErrorCode> error,
            std::chrono::steady_clock::time_point sent);
  void Tell(WriteMoment moment, const Call& call) const {
    if (options_.on_write && call.method != "GET") options_.on_write(moment, call.asked);
  }
  void Transmit(const ExchangePtr& exchange, const base::Result<Credential>& credential);
  void TakeAnswer(const ExchangePtr& exchange, const base::Result<int>& status);
  void Refuse(const ExchangePtr& exchange, const base::Error& error,
              std::optional<std::chrono::milliseconds> wait);

  const Config config_;
  const ClientOptions options_;
  const base::SystemClock system_clock_;
  CredentialSource credentials_;

  base::Mutex mutex_;
  std::vector<Waiting> waiting_ GUARDED_BY(mutex_);
  bool renewing_ GUARDED_BY(mutex_) = false;
  bool closing_ GUARDED_BY(mutex_) = false;
  // At most one, while credentials are renewed: a plugin may take seconds and the client's thread
  // must not wait for it.
  std::thread renewal_ GUARDED_BY(mutex_);

  std::optional<FlowGate> gate_;  // the client's thread alone; uses http_
  net::HttpClient http_;          // last: its callbacks use all of the above
};

Client::Impl::Impl(const Config& config, ClientOptions options)
    : config_(config),
      options_(std::move(options)),
      credentials_(config_, options_.clock != nullptr ? *options_.clock : system_clock_),
      http_({.tls = config_.tls, .proxy = config_.proxy, .user_agent = options_.user_agent}) {
  gate_.emplace(http_, options_.flow, options_.metrics);
}

Client::Impl::~Impl() {
  credentials_.Stop();
  std::thread renewal;
  {
    const base::MutexLock lock(mutex_);
    closing_ = true;
    renewal.swap(renewal_);
  }
  if (renewal.joinable()) renewal.join();
}

void Client::Impl::WithCredential(ScopeId scope, OnCredential then) {
  if (auto cached = credentials_.Cached()) return then(*cached);
  const base::MutexLock lock(mutex_);
  waiting_.push_back({scope, std::move(then)});
  if (!renewing_ && !closing_) StartRenewal();
}

void Client::Impl::StartRenewal() {
  renewing_ = true;
  if (renewal_.joinable()) renewal_.join();  // it has nothing left to do
  renewal_ = std::thread([this] { Renew(); });
}

void Client::Impl::Renew() {
  const auto credential = credentials_.Renew();
  const base::MutexLock lock(mutex_);
  renewing_ = false;
  for (Waiting& waiting : waiting_) {
    http_.RunAfter(
        std::chrono::milliseconds(0),
        [then = std::move(waiting.then), credential] { then(credential); }, waiting.scope);
  }
  waiting_.clear();
}

net::Request Client::Impl::RequestFor(const Call& call, const Credential& credential) const {
  net::Request request{.method = call.method, .url = config_.server + Target(call)};
  request.body = call.body;
  request.timeout = call.timeout;
  request.tls = credential.tls;
  request.headers.emplace_back("Accept", call.accept);
  if (!call.body.empty()) {
    request.headers.emplace_back(
        "Content-Type", call.content_type.empty() ? "application/json" : call.content_type);
  }
  if (!credential.authorization.empty()) {
    request.headers.emplace_back("Authorization", credential.authorization);
  }
  return request;
}

void Client::Impl::Start(Call call, Done done, ScopeId scope) {
  const auto exchange =
      std::make_shared<Exchange>(Exchange{.call = std::move(call),
                                          .done = std::move(done),
                                          .scope = scope,
                                          .backoff = Backoff(options_.backoff, options_.random)});
  http_.RunAfter(std::chrono::milliseconds(0), [this, exchange] { Attempt(exchange); }, scope);
}

void Client::Impl::Attempt(const ExchangePtr& exchange) {
  ++exchange->attempts;
  exchange->response = {};
  gate_->Pass(exchange->call, exchange->scope, [this, exchange] {
    WithCredential(exchange->scope, [this, exchange](const base::Result<Credential>& credential) {
      Transmit(exchange, credential);
    });
  });
}

// `error`: what the answer means, if it is none of success.
void Client::Impl::Note(const Call& call, const net::Response& head,
                        std::optional<base::ErrorCode> error,
                        std::chrono::steady_clock::time_point sent) {
  const bool busy = head.status == 429 && error != base::ErrorCode::kLater;
  gate_->Heard(call, {.status = head.status,
                      .load = busy ? FlowGate::Load::kBusy : FlowGate::Load::kNormal,
                      .level = std::string(head.Header("x-kubernetes-pf-prioritylevel-uid")),
                      .retry_after = RetryAfter(head),
                      .took = base::MonotonicNow() - sent});
}

void Client::Impl::Transmit(const ExchangePtr& exchange,
                            const base::Result<Credential>& credential) {
  if (!credential) {
    return exchange->done(base::Wrap(credential.error(), Describe(exchange->call.asked)));
  }
  if (exchange->call.may_go) {
    if (const auto may = exchange->call.may_go(); !may) {
      return exchange->done(base::Wrap(may.error(), Describe(exchange->call.asked)));
    }
  }
  exchange->credential = *credential;
  exchange->sent = base::MonotonicNow();
  Tell(WriteMoment::kBefore, exchange->call);
  net::HttpClient::StreamHandler handler;
  handler.on_head = [exchange](const net::Response& head) { exchange->response = head; };
  handler.on_data = [exchange](std::string_view chunk) {
    exchange->response.body += chunk;
    return true;
  };
  handler.on_done = [this, exchange](const base::Result<int>& status) {
    TakeAnswer(exchange, status);
  };
  http_.Stream(RequestFor(exchange->call, *credential), std::move(handler), exchange->scope);
}

void Client::Impl::TakeAnswer(const ExchangePtr& exchange, const base::Result<int>& status) {
  const Asked& asked = exchange->call.asked;
  if (!status) {
    const base::Error error{status.error().code, Describe(asked) + ": " + status.error().message};
    Note(exchange->call, {}, error.code, exchange->sent);
    return Refuse(exchange, error, std::nullopt);
  }
  if (*status >= 200 && *status < 300) {
    Note(exchange->call, exchange->response, std::nullopt, exchange->sent);
    Tell(WriteMoment::kAfter, exchange->call);
    return exchange->done(std::move(exchange->response));
  }
  base::Error error = ErrorOf(*status, exchange->response.body, asked);
  Note(exchange->call, exchange->response, error.code, exchange->sent);
  if (*status == 401 && !exchange->renewed && credentials_.Refused(exchange->credential)) {
    exchange->renewed = true;
    return Attempt(exchange);
  }
  error.message += fmt::format(" [{}]", config_.source);
  if (!MayHelpToRetry(*status)) {
    return exchange->done(tl::unexpected<base::Error>(std::move(error)));
  }
  Refuse(exchange, error, RetryAfter(exchange->response));
}

// Tries again where that is safe and there are attempts left.
void Client::Impl::Refuse(const ExchangePtr& exchange, const base::Error& error,
                          std::optional<std::chrono::milliseconds> wait) {
  const bool took_nothing = exchange->response.status == 429 && wait.has_value();
  const bool again = SafeToRepeat(exchange->call, took_nothing) &&
                     error.code == base::ErrorCode::kUnavailable &&
                     exchange->attempts < options_.max_attempts;
  if (!again) return exchange->done(tl::unexpected<base::Error>(error));
  const auto delay =
      std::min(wait.value_or(std::chrono::milliseconds(0)), options_.max_retry_after) +
      exchange->backoff.Next();
  http_.RunAfter(delay, [this, exchange] { Attempt(exchange); }, exchange->scope);
}

void Client::Impl::StartStream(Call call, net::HttpClient::StreamHandler handler,
                               std::chrono::milliseconds idle_timeout, ScopeId scope) {
  auto shared = std::make_shared<net::HttpClient::StreamHandler>(std::move(handler));
  auto what = std::make_shared<const Call>(std::move(call));
  auto begin = [this, what, shared, idle_timeout,
                scope](const base::Result<Credential>& credential) {
    if (!credential) {
      return shared->on_done(base::Wrap(credential.error(), Describe(what->asked)));
    }
    net::Request request = RequestFor(*what, *credential);
    request.timeout = std::chrono::milliseconds(0);
    request.idle_timeout = idle_timeout;
    request.max_body = 0;
    net::HttpClient::StreamHandler wrapped = *shared;
    wrapped.on_head = [this, what, shared, used = *credential](const net::Response& head) {
      if (head.status == 401) credentials_.Refused(used);
      Note(*what, head, std::nullopt, base::MonotonicNow());
      if (shared->on_head) shared->on_head(head);
    };
    http_.Stream(std::move(request), std::move(wrapped), scope);
  };
  http_.RunAfter(
      std::chrono::milliseconds(0),
      [this, scope, what, begin = std::move(begin)] {
        gate_->Pass(*what, scope, [this, scope, begin] { WithCredential(scope, begin); });
      },
      scope);
}

base::Result<net::Response> Client::Impl::Send(const Call& call) {
  if (http_.OnClientThread()) {
    return base::Fail(base::ErrorCode::kInvalid,
                      Describe(call.asked) + ": a blocking call on the client's own thread");
  }
  Waiter waiter;
  const net::Scope scope(http_);
  Start(
      call, [&](base::Result<net::Response> result) { waiter.Finish(std::move(result)); },
      scope.id());
  return waiter.Wait();
}

base::Result<bool> ServedIn(std::string_view body, const Resource& resource) {
  const auto json = nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false);
  const auto list = json.is_object() ? json.find("resources") : json.end();
  if (!json.is_object() || list == json.end() || !list->is_array()) {
    return base::Fail(base::ErrorCode::kUnavailable, "get " + resource.GroupVersionPath() +
                                                         ": the answer is not a list of resources");
  }
  return std::any_of(list->begin(), list->end(), [&](const nlohmann::json& entry) {
    if (!entry.is_object()) return false;
    const auto name = entry.find("name");
    return name != entry.end() && name->is_string() && *name == resource.plural;
  });
}

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::~Client() = default;

base::Result<std::unique_ptr<Client>> Client::Open(const Config& config, ClientOptions options) {
  if (!config.server.starts_with("https://") && !config.server.starts_with("http://")) {
    return base::Fail(base::ErrorCode::kInvalid,
                      fmt::format("{}: server is \"{}\"; write it as https://host:port",
                                  config.source, config.server));
  }
  const bool secret = !config.token.empty() || !config.token_file.empty() ||
                      !config.username.empty() || config.exec.has_value();
  const std::string_view host = std::string_view(config.server).substr(7);
  const bool loopback =
      host.starts_with("127.") || host.starts_with("localhost") || host.starts_with("[::1]");
  if (secret && config.server.starts_with("http://") && !loopback) {
    return base::Fail(base::ErrorCode::kInvalid,
                      config.source +
                          ": server is http, so the credential would travel in the "
                          "clear; use https, or remove the credential");
  }
  if (!options.random) options.random = SystemRandom();
  return std::unique_ptr<Client>(new Client(std::make_unique<Impl>(config, std::move(options))));
}

base::Result<ListMeta> Client::List(const Resource& resource, const ListOptions& options,
                                    const ListHandler& handler) {
  ListCursor cursor(resource, options);
  while (true) {
    auto answer = impl_->Send(cursor.NextCall());
    const auto step = answer ? cursor.TakePage(std::move(answer->body), handler)
                             : cursor.TakeError(answer.error(), handler);
    if (!step) return tl::unexpected<base::Error>(step.error());
    if (*step == ListCursor::Step::kDone) return cursor.meta();
  }
}

base::Result<std::string> Client::Get(const Resource& resource, std::string_view ns,
                                      std::string_view name, Content content) {
  Call call{
      .asked = {
          .verb = "get", .resource = resource, .ns = std::string(ns), .name = std::string(name)}};
  call.path = resource.Path(ns, name);
  call.accept = AcceptObject(content);
  auto answer = impl_->Send(call);
  if (!answer) return tl::unexpected<base::Error>(answer.error());
  return std::move(answer->body);
}

base::Result<std::string> Client::GetPath(const std::string& path) {
  Call call{.asked = {.verb = "get", .resource = {}, .path = path}};
  call.path = path;
  auto answer = impl_->Send(call);
  if (!answer) return tl::unexpected<base::Error>(answer.error());
  return std::move(answer->body);
}

base::Result<bool> Client::Serves(const Resource& resource) {
  const auto body = GetPath(resource.GroupVersionPath());
  if (!body && body.error().code == base::ErrorCode::kNotFound) return false;
  if (!body) return tl::unexpected<base::Error>(body.error());
  return ServedIn(*body, resource);
}

base::Result<net::Response> Client::Send(const Call& call) { return impl_->Send(call); }
void Client::Start(Call call, Done done, ScopeId scope) {
  impl_->Start(std::move(call), std::move(done), scope);
}
void Client::StartStream(Call call, net::HttpClient::StreamHandler handler,
                         std::chrono::milliseconds idle_timeout, ScopeId scope) {
  impl_->StartStream(std::move(call), std::move(handler), idle_timeout, scope);
}
net::HttpClient& Client::http() { return impl_->http(); }
const std::string& Client::default_namespace() const { return impl_->config().ns; }
const Random& Client::random() const { return impl_->random(); }

}  // namespace tangram::kube
