// What a request costs the HTTP server, over TLS with keep-alive as an API server calls a webhook.
//
// Clients are plain OpenSSL on threads of their own, and their CPU is taken off: `server_us` is the
// server's own CPU time a request, so 1e6 / server_us requests a second is what one core does,
// however busy the machine is. `p50_us` and `p99_us` are what clients see; they need an idle one.
//   build/bench/server_bench
#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "net/certificate.h"
#include "net/server.h"

namespace tangram::net {
namespace {

// About as large as the review of a pod and its answer.
constexpr std::size_t kRequestBytes = 4096;
constexpr std::size_t kAnswerBytes = 1024;
constexpr int kRequestsEach = 5000;

double CpuMicroseconds(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

// One kept connection.
class Client {
 public:
  Client(std::uint16_t port, SSL_CTX* tls) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    good_ = connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
    if (tls == nullptr) return;
    ssl_ = SSL_new(tls);
    SSL_set_fd(ssl_, fd_);
    good_ = good_ && SSL_connect(ssl_) == 1;
  }
  ~Client() {
    SSL_free(ssl_);
    close(fd_);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool Ask(const std::string& request) {
    if (!good_ || Write(request) != static_cast<int>(request.size())) return false;
    got_.clear();
    while (true) {
      std::array<char, 8192> buffer{};
      const int count = Read(buffer);
      if (count <= 0) return false;
      got_.append(buffer.data(), static_cast<std::size_t>(count));
      const auto head = got_.find("\r\n\r\n");
      if (head != std::string::npos && got_.size() >= head + 4 + kAnswerBytes) return true;
    }
  }

 private:
  int Write(const std::string& bytes) {
    const int size = static_cast<int>(bytes.size());
    if (ssl_ != nullptr) return SSL_write(ssl_, bytes.data(), size);
    return static_cast<int>(send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
  }
  int Read(std::array<char, 8192>& buffer) {
    if (ssl_ != nullptr) return SSL_read(ssl_, buffer.data(), static_cast<int>(buffer.size()));
    return static_cast<int>(recv(fd_, buffer.data(), buffer.size(), 0));
  }

  int fd_;
  SSL* ssl_ = nullptr;
  bool good_ = false;
  std::string got_;
};

struct Load {
  double client_cpu_us = 0;
  std::vector<double> latencies_us;
  bool failed = false;
};

Load RunClient(std::uint16_t port, SSL_CTX* tls) {
  Load load;
  load.latencies_us.reserve(kRequestsEach);
  Client client(port, tls);
  const std::string request =
      "POST /mutate HTTP/1.1\r\nHost: tangram\r\nContent-Length: " + std::to_string(kRequestBytes) +
      "\r\n\r\n" + std::string(kRequestBytes, 'x');
  for (int i = 0; i < kRequestsEach && !load.failed; ++i) {
    const auto began = base::MonotonicNow();
    load.failed = !client.Ask(request);
    load.latencies_us.push_back(
        std::chrono::duration<double, std::micro>(base::MonotonicNow() - began).count());
  }
  load.client_cpu_us = CpuMicroseconds(CLOCK_THREAD_CPUTIME_ID);
  return load;
}

std::optional<ServerTls> MakeTls(bool wanted) {
  if (!wanted) return std::nullopt;
  const base::Time now = base::SystemClock().Now();
  CertificateSpec spec{.common_name = "bench",
                       .names = {"127.0.0.1"},
                       .not_before = now,
                       .not_after = now + std::chrono::hours(1)};
  const auto authority = MakeAuthority(spec);
  const auto issued = IssueCertificate(authority.value_or(CertificateAndKey{}), spec);
  return ServerTls{.cert_pem = issued.value_or(CertificateAndKey{}).cert_pem,
                   .key_pem = issued.value_or(CertificateAndKey{}).key_pem};
}

// Arguments: connections; 1 over TLS, 0 plain.
void BM_Requests(benchmark::State& state) {
  const auto connections = static_cast<std::size_t>(state.range(0));
  const bool over_tls = state.range(1) == 1;
  const std::string body(kAnswerBytes, 'y');
  const auto server = HttpServer::Open({.tls = MakeTls(over_tls)}, [&](const ServerRequest&) {
    return Response{.status = 200, .headers = {}, .body = body};
  });
  if (!server) return state.SkipWithError(server.error().message.c_str());
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> tls(SSL_CTX_new(TLS_client_method()),
                                                              &SSL_CTX_free);
  double server_us = 0;
  std::vector<double> latencies;
  for (auto _ : state) {
    std::vector<Load> loads(connections);
    const double before = CpuMicroseconds(CLOCK_PROCESS_CPUTIME_ID);
    std::vector<std::thread> threads;
    for (Load& load : loads) {
      threads.emplace_back(
          [&] { load = RunClient((*server)->port(), over_tls ? tls.get() : nullptr); });
    }
    for (std::thread& thread : threads) thread.join();
    server_us += CpuMicroseconds(CLOCK_PROCESS_CPUTIME_ID) - before;
    for (const Load& load : loads) {
      if (load.failed) return state.SkipWithError("a request failed");
      server_us -= load.client_cpu_us;
      latencies.insert(latencies.end(), load.latencies_us.begin(), load.latencies_us.end());
    }
  }
  std::sort(latencies.begin(), latencies.end());
  const auto requests = static_cast<double>(latencies.size());
  state.SetItemsProcessed(static_cast<std::int64_t>(requests));
  state.counters["server_us"] = server_us / requests;
  state.counters["one_core_rps"] = requests / server_us * 1e6;
  state.counters["p50_us"] = latencies[latencies.size() / 2];
  state.counters["p99_us"] = latencies[latencies.size() * 99 / 100];
}
BENCHMARK(BM_Requests)
    ->ArgNames({"connections", "tls"})
    ->Args({1, 1})
    ->Args({8, 1})
    ->Args({8, 0})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tangram::net

BENCHMARK_MAIN();
