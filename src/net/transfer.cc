#include "net/transfer.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "base/text.h"
#include "base/time_text.h"

namespace tangram::net {
namespace {

constexpr std::size_t kMaxHead = 256 * 1024;
constexpr long kConnectTimeoutMs = 10'000;

bool HasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool HasHeader(const Request& request, std::string_view name) {
  return std::any_of(request.headers.begin(), request.headers.end(), [&](const auto& header) {
    return curl_strnequal(header.first.c_str(), name.data(), name.size()) != 0 &&
           header.first.size() == name.size();
  });
}

bool IsLoopback(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return false;
  const std::string_view authority = url.substr(scheme + 3);
  return authority.starts_with("127.") || authority.starts_with("[::1]") ||
         authority.starts_with("localhost:") || authority.starts_with("localhost/");
}

// A peer that is gone without a word is noticed within about half a minute: probes while nothing is
// sent, a limit on unacknowledged data otherwise.
int SetUserTimeout(void*, curl_socket_t socket, curlsocktype) {
  const unsigned int milliseconds = 30'000;
  setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof(milliseconds));
  return CURL_SOCKOPT_OK;
}

void SetBlob(CURL* easy, CURLoption option, const std::string& pem) {
  if (pem.empty()) return;
  curl_blob blob{};
  blob.data = const_cast<char*>(pem.data());  // libcurl copies it
  blob.len = pem.size();
  blob.flags = CURL_BLOB_COPY;
  curl_easy_setopt(easy, option, &blob);
}

struct UrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

std::string UrlPart(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) return {};
  std::string copy(text);
  curl_free(text);
  return copy;
}

}  // namespace

std::string Describe(const Request& request) {
  std::string_view url = request.url;
  url = url.substr(0, url.find_first_of("?#"));
  const auto scheme = url.find("://");
  const std::size_t host = scheme == std::string_view::npos ? 0 : scheme + 3;
  const std::string_view authority = url.substr(host, url.find('/', host) - host);
  const auto user = authority.rfind('@');
  std::string shown = request.method + " " + std::string(url.substr(0, host));
  shown += url.substr(user == std::string_view::npos ? host : host + user + 1);
  return shown;
}

Transfer::Transfer(HttpClient::Token token, Request request, HttpClient::StreamHandler handler,
                   CallbackGate& gate)
    : token_(token),
      request_(std::move(request)),
      handler_(std::move(handler)),
      gate_(gate),
      last_byte_(base::MonotonicNow()),
      easy_(curl_easy_init()) {}

base::Result<void> Transfer::Prepare(const HttpClient::Options& options) {
  if (!easy_) return base::Fail(base::ErrorCode::kUnavailable, "out of memory for a transfer");
  if (HasControl(request_.url) || HasControl(request_.method) || request_.method.empty()) {
    return base::Fail(base::ErrorCode::kInvalid,
                      "request with a control character or nothing in its method or URL");
  }
  const TlsOptions& tls = request_.tls ? *request_.tls : options.tls;
  SetBasics(options);
  SetMethodAndBody();
  SetTls(tls);
  if (!tls.server_name.empty()) {
    if (auto set = SetServerName(tls.server_name); !set) return set;
  }
  return SetHeaders();
}

void Transfer::SetBasics(const HttpClient::Options& options) {
  CURL* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy, CURLOPT_URL, request_.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_.data());
  curl_easy_setopt(easy, CURLOPT_USERAGENT, options.user_agent.c_str());
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeoutMs);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(request_.timeout.count()));
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, 15L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, 5L);
  curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, &SetUserTimeout);
  // Wait for the first connection to say whether it speaks HTTP/2 before opening a second; without
  // TLS it would say so only in its first answer.
  curl_easy_setopt(easy, CURLOPT_PIPEWAIT, request_.url.starts_with("https:") ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Transfer::OnHeader);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Transfer::OnBody);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  // As Go's clients do: an address of this machine never goes by the environment's proxy.
  const bool direct = options.proxy.empty() && IsLoopback(request_.url);
  if (direct || !options.proxy.empty()) {
    curl_easy_setopt(easy, CURLOPT_PROXY, options.proxy.c_str());
  }
  if (options.compression == HttpClient::Compression::kGzip) {
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
  }
}

void Transfer::SetMethodAndBody() {
  CURL* easy = easy_.get();
  if (request_.method == "HEAD") curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  if (!request_.body.empty() || request_.method == "POST") {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request_.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request_.body.data());
  }
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
}

void Transfer::SetTls(const TlsOptions& tls) {
  CURL* easy = easy_.get();
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  SetBlob(easy, CURLOPT_CAINFO_BLOB, tls.ca_pem);
  SetBlob(easy, CURLOPT_SSLCERT_BLOB, tls.client_cert_pem);
  SetBlob(easy, CURLOPT_SSLKEY_BLOB, tls.client_key_pem);
  if (tls.verify == TlsOptions::Verify::kNothing) {
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
  }
}

// libcurl checks the certificate against the URL's host. So the URL gets the wanted name, the
// connection still goes to the real host, and the Host header still names that one.
base::Result<void> Transfer::SetServerName(const std::string& server_name) {
  const std::unique_ptr<CURLU, UrlDeleter> url(curl_url());
  if (!url || curl_url_set(url.get(), CURLUPART_URL, request_.url.c_str(), 0) != CURLUE_OK) {
    return base::Fail(base::ErrorCode::kInvalid, Describe(request_) + ": not a URL");
  }
  const std::string host = UrlPart(url.get(), CURLUPART_HOST);
  const std::string port = UrlPart(url.get(), CURLUPART_PORT);
  if (curl_url_set(url.get(), CURLUPART_HOST, server_name.c_str(), 0) != CURLUE_OK) {
    return base::Fail(base::ErrorCode::kInvalid,
                      fmt::format("TLS server name \"{}\" is not a host name", server_name));
  }
  if (!HasHeader(request_, "host")) request_.headers.emplace_back("Host", host + ":" + port);
  const std::string rule = fmt::format("{}:{}:{}:{}", server_name, port, host, port);
  connect_to_.reset(curl_slist_append(nullptr, rule.c_str()));
  curl_easy_setopt(easy_.get(), CURLOPT_CONNECT_TO, connect_to_.get());
  curl_easy_setopt(easy_.get(), CURLOPT_URL, UrlPart(url.get(), CURLUPART_URL).c_str());
  return {};
}

base::Result<void> Transfer::SetHeaders() {
  for (const auto& [name, value] : request_.headers) {
    if (name.empty() || HasControl(name) || HasControl(value)) {
      return base::Fail(base::ErrorCode::kInvalid,
                        fmt::format("{}: header {} has a control character; is there a line end "
                                    "inside a token or a name?",
                                    Describe(request_), HasControl(name) ? "name" : name));
    }
    // libcurl reads "name;" as a header that is there and empty.
    AddHeader(value.empty() ? name + ";" : name + ": " + value);
  }
  AddHeader("Expect:");
  if (!HasHeader(request_, "content-type")) AddHeader("Content-Type:");
  curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, headers_.get());
  return {};
}

void Transfer::AddHeader(const std::string& line) {
  curl_slist* longer = curl_slist_append(headers_.get(), line.c_str());
  if (longer == nullptr) return;
  static_cast<void>(headers_.release());
  headers_.reset(longer);
}

std::chrono::steady_clock::time_point Transfer::IdleDeadline() const {
  if (request_.idle_timeout.count() <= 0) return std::chrono::steady_clock::time_point::max();
  return last_byte_ + request_.idle_timeout;
}

std::size_t Transfer::OnHeader(char* data, std::size_t size, std::size_t count, void* self) {
  const bool go_on = static_cast<Transfer*>(self)->TakeHeader({data, size * count});
  return go_on ? size * count : 0;
}

bool Transfer::TakeHeader(std::string_view line) {
  last_byte_ = base::MonotonicNow();
  if (head_done_) return true;  // a trailer
  head_bytes_ += line.size();
  if (head_bytes_ > kMaxHead) {
    refused_ = fmt::format("its headers are longer than {} bytes", kMaxHead);
    return false;
  }
  line = base::Trim(line);
  if (line.starts_with("HTTP/")) {
    head_ = Response{};
    return true;
  }
  if (!line.empty()) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return true;
    head_.headers.emplace_back(base::Lower(line.substr(0, colon)),
                               std::string(base::Trim(line.substr(colon + 1))));
    return true;
  }
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status < 200) return true;  // 100 Continue and friends: the real head follows
  head_.status = static_cast<int>(status);
  head_done_ = true;
  if (!handler_.on_head) return true;
  return gate_.Run(token_, [this] { handler_.on_head(head_); });
}

std::size_t Transfer::OnBody(char* data, std::size_t size, std::size_t count, void* self) {
  const bool go_on = static_cast<Transfer*>(self)->TakeBody({data, size * count});
  return go_on ? size * count : CURL_WRITEFUNC_ERROR;
}

bool Transfer::TakeBody(std::string_view chunk) {
  last_byte_ = base::MonotonicNow();
  body_bytes_ += chunk.size();
  if (request_.max_body != 0 && body_bytes_ > request_.max_body) {
    refused_ = fmt::format("its answer is longer than {} bytes", request_.max_body);
    return false;
  }
  if (!handler_.on_data) return true;
  bool go_on = true;
  const bool ran = gate_.Run(token_, [&] { go_on = handler_.on_data(chunk); });
  if (!go_on) ended_by_reader_ = true;
  return ran && go_on;
}

void Transfer::FinishFromCurl(CURLcode code) {
  if (code == CURLE_OK && head_done_) {
    if (!handler_.on_done) return;
    gate_.Run(token_, [this] { handler_.on_done(head_.status); });
    return;
  }
  const bool connected = !PeerAddress().empty();
  const bool bad_url = code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL;
  const bool bad_pem = code == CURLE_SSL_CERTPROBLEM || code == CURLE_SSL_CACERT_BADFILE;
  const bool ours = (bad_url && !connected) || bad_pem || !refused_.empty();
  Fail({ours ? base::ErrorCode::kInvalid : base::ErrorCode::kUnavailable,
        Describe(request_) + ": " + Reason(code)});
}

void Transfer::FinishIdle() {
  Fail({base::ErrorCode::kUnavailable,
        fmt::format("{}: no byte for {}, so the connection was given up", Describe(request_),
                    base::FormatSpan(request_.idle_timeout))});
}

void Transfer::Fail(base::Error error) {
  if (!handler_.on_done) return;
  gate_.Run(token_, [&] { handler_.on_done(tl::unexpected<base::Error>(std::move(error))); });
}

std::string_view Transfer::PeerAddress() const {
  const char* address = nullptr;
  curl_easy_getinfo(easy_.get(), CURLINFO_PRIMARY_IP, &address);
  return address == nullptr ? std::string_view() : std::string_view(address);
}

std::string Transfer::Reason(CURLcode code) const {
  if (!refused_.empty()) return refused_;
  if (ended_by_reader_) return "the reader ended it";
  const std::string detail = error_[0] != '\0' ? error_.data() : curl_easy_strerror(code);
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return fmt::format("no full answer in time ({}); is the server slow or not reachable?",
                         detail);
    case CURLE_PEER_FAILED_VERIFICATION:
      return fmt::format(
          "its certificate was not accepted ({}); check the certificate authority and the server "
          "name",
          detail);
    case CURLE_SSL_CERTPROBLEM:
      return fmt::format("our client certificate or key cannot be used ({})", detail);
    case CURLE_SSL_CACERT_BADFILE:
      return fmt::format("the certificate authority is not PEM ({})", detail);
    case CURLE_OK:
      return "an answer without a head";
    default:
      return detail;
  }
}

}  // namespace tangram::net
