// One HTTP exchange as libcurl sees it. Used by http.cc alone.
#pragma once

#include <curl/curl.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "net/http.h"

namespace tangram::net {

// Runs one callback of a transfer unless the transfer was cancelled; false: it was.
class CallbackGate {
 public:
  virtual ~CallbackGate() = default;
  virtual bool Run(HttpClient::Token token, const std::function<void()>& callback) = 0;
};

// Owned by the client's thread; not thread-safe. Not movable: libcurl holds its address.
class Transfer {
 public:
  Transfer(HttpClient::Token token, Request request, HttpClient::StreamHandler handler,
           CallbackGate& gate);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // Fills in the easy handle. kInvalid: a request that cannot be sent.
  base::Result<void> Prepare(const HttpClient::Options& options);

  HttpClient::Token token() const { return token_; }
  CURL* easy() const { return easy_.get(); }
  // When it is cut for silence; nothing if it never is.
  std::chrono::steady_clock::time_point IdleDeadline() const;

  void FinishFromCurl(CURLcode code);
  void FinishIdle();
  void Fail(base::Error error);

 private:
  struct EasyDeleter {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  };
  struct ListDeleter {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };

  static std::size_t OnHeader(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t OnBody(char* data, std::size_t size, std::size_t count, void* self);
  bool TakeHeader(std::string_view line);
  bool TakeBody(std::string_view chunk);
  void SetBasics(const HttpClient::Options& options);
  void SetMethodAndBody();
  void SetTls(const TlsOptions& tls);
  base::Result<void> SetServerName(const std::string& server_name);
  base::Result<void> SetHeaders();
  void AddHeader(const std::string& line);
  std::string_view PeerAddress() const;  // empty: never connected
  std::string Reason(CURLcode code) const;

  HttpClient::Token token_;
  Request request_;
  HttpClient::StreamHandler handler_;
  CallbackGate& gate_;
  Response head_;
  bool head_done_ = false;
  bool ended_by_reader_ = false;
  std::size_t head_bytes_ = 0;
  std::size_t body_bytes_ = 0;
  std::string refused_;  // why we cut the transfer ourselves
  std::chrono::steady_clock::time_point last_byte_;
  std::array<char, CURL_ERROR_SIZE> error_{};
  std::unique_ptr<curl_slist, ListDeleter> headers_;
  std::unique_ptr<curl_slist, ListDeleter> connect_to_;
  std::unique_ptr<CURL, EasyDeleter> easy_;
};

// "GET https://host:port/path": no user, no query.
std::string Describe(const Request& request);

}  // namespace tangram::net
