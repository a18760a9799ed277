#include "adapter/service_proxy.h"

#include <memory>
#include <optional>
#include <utility>

#include "base/mutex.h"

namespace tangram::adapter {
namespace {

constexpr std::size_t kMostBody = std::size_t{256} << 20;

// An answer that arrives on the client's thread while the caller waits on its own.
class Arrival {
 public:
  void Begin(const net::Response& head) {
    const base::MutexLock lock(mutex_);
    response_ = head;
  }
  bool Add(std::string_view chunk) {
    const base::MutexLock lock(mutex_);
    if (response_.body.size() + chunk.size() > kMostBody) return false;
    response_.body += chunk;
    return true;
  }
  void Finish(base::Result<int> status) {
    const base::MutexLock lock(mutex_);
    status_ = std::move(status);
    changed_.NotifyAll();
  }
  base::Result<net::Response> Wait() {
    const base::MutexLock lock(mutex_);
    while (!status_) changed_.Wait(mutex_);
    if (!*status_) return tl::unexpected<base::Error>(status_->error());
    return std::move(response_);
  }

 private:
  base::Mutex mutex_;
  base::CondVar changed_;
  net::Response response_ GUARDED_BY(mutex_);
  std::optional<base::Result<int>> status_ GUARDED_BY(mutex_);
};

}  // namespace

std::string ProxyPath(const ServicePort& port) {
  const std::string scheme = port.scheme.empty() ? "" : net::UrlEncode(port.scheme) + ":";
  return "/api/v1/namespaces/" + net::UrlEncode(port.ns) + "/services/" + scheme +
         net::UrlEncode(port.service) + ":" + net::UrlEncode(port.port) + "/proxy" + port.prefix;
}

telemetry::Fetch FetchThrough(kube::Client& client, const ServicePort& port) {
  const std::string prefix = ProxyPath(port);
  return [&client, prefix, port](const std::string& path_and_query,
                                 std::chrono::milliseconds timeout) -> base::Result<net::Response> {
    kube::Call call;
    call.asked.verb = "get";
    call.asked.resource = {"", "v1", "services/proxy", ""};
    call.asked.ns = port.ns;
    call.asked.name = port.service;
    call.path = prefix + path_and_query;
    Arrival arrival;
    net::HttpClient::StreamHandler handler;
    handler.on_head = [&](const net::Response& head) { arrival.Begin(head); };
    handler.on_data = [&](std::string_view chunk) { return arrival.Add(chunk); };
    handler.on_done = [&](base::Result<int> status) { arrival.Finish(std::move(status)); };
    const net::Scope scope(client.http());
    client.StartStream(std::move(call), std::move(handler), timeout, scope.id());
    return arrival.Wait();
  };
}

}  // namespace tangram::adapter
