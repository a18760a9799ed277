#include "adapter/live/webhook.h"

#include <fmt/format.h>

#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/mutex.h"
#include "kube/base64.h"
#include "kube/write.h"
#include "net/rotation.h"
#include "net/server.h"

namespace tangram::adapter {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using namespace nlohmann::literals;

constexpr const char* kPath = "/mutate";
constexpr const char* kWebhookName = "pods.tangram.dev";
// The API server waits for a second, and then makes the pod as it is.
constexpr std::chrono::milliseconds kTemplatePatience{500};
// Somebody may delete a template: it is not believed to be there for longer.
constexpr std::chrono::seconds kRemembered{10};
constexpr std::size_t kMostRemembered = 10'000;
constexpr int kTries = 5;  // at a Secret that replicas write at the same time

const kube::Resource kSecrets{"", "v1", "secrets", "Secret"};
const kube::Resource kConfigurations{"admissionregistration.k8s.io", "v1",
                                     "mutatingwebhookconfigurations",
                                     "MutatingWebhookConfiguration"};
const kube::Resource kTemplates{"resource.k8s.io", "v1", "resourceclaimtemplates",
                                "ResourceClaimTemplate"};

// ---- certificates as a Secret's data ----

std::string Entry(const json& data, const char* key) {
  const auto entry = data.find(key);
  if (entry == data.end() || !entry->is_string()) return {};
  return kube::DecodeBase64(entry->get<std::string>()).value_or("");
}

net::ServingCertificates CertificatesIn(const json& secret) {
  const json data = secret.value("data", json::object());
  net::ServingCertificates stored;
  if (!data.is_object()) return stored;
  stored.authority = {Entry(data, "authority.crt"), Entry(data, "authority.key")};
  stored.serving = {Entry(data, "tls.crt"), Entry(data, "tls.key")};
  stored.trusted_pem = Entry(data, "ca.crt");
  const net::CertificateAndKey next{Entry(data, "next-authority.crt"),
                                    Entry(data, "next-authority.key")};
  if (!next.cert_pem.empty()) stored.next_authority = next;
  return stored;
}

bool IsOfCertManager(const json& secret) {
  return secret.contains("/metadata/annotations/cert-manager.io~1certificate-name"_json_pointer);
}

json DataOf(const net::ServingCertificates& certificates) {
  const net::CertificateAndKey next =
      certificates.next_authority.value_or(net::CertificateAndKey{});
  return {{"authority.crt", certificates.authority.cert_pem},
          {"authority.key", certificates.authority.key_pem},
          {"next-authority.crt", next.cert_pem},
          {"next-authority.key", next.key_pem},
          {"tls.crt", certificates.serving.cert_pem},
          {"tls.key", certificates.serving.key_pem},
          {"ca.crt", certificates.trusted_pem}};
}

json Configuration(const WebhookOptions& options, std::uint16_t port, const std::string& ca) {
  std::set<std::string> excluded(options.excluded_namespaces.begin(),
                                 options.excluded_namespaces.end());
  excluded.insert("kube-system");
  return {
      {"apiVersion", "admissionregistration.k8s.io/v1"},
      {"kind", "MutatingWebhookConfiguration"},
      {"metadata", {{"name", options.configuration}}},
      {"webhooks",
       {{{"name", kWebhookName},
         {"admissionReviewVersions", {"v1"}},
         {"sideEffects", "NoneOnDryRun"},
         {"failurePolicy", "Ignore"},
         {"timeoutSeconds", 1},
         {"clientConfig",
          {{"url", fmt::format("{}:{}{}", options.url, port, kPath)}, {"caBundle", ca}}},
         {"rules",
          {{{"apiGroups", {""}},
            {"apiVersions", {"v1"}},
            {"operations", {"CREATE"}},
            {"resources", {"pods"}},
            {"scope", "Namespaced"}}}},
         {"objectSelector",
          {{"matchExpressions", {{{"key", plan::classes::kClassLabel}, {"operator", "Exists"}}}}}},
         {"namespaceSelector",
          {{"matchExpressions",
            {{{"key", "kubernetes.io/metadata.name"},
              {"operator", "NotIn"},
              {"values", excluded}}}}}}}}}};
}

}  // namespace

class Webhook::Impl {
 public:
  Impl(const Deps& deps, WebhookOptions options)
      : deps_(deps),
        options_(std::move(options)),
        admission_({.excluded_namespaces = options_.excluded_namespaces}, steady_,
                   [this](const std::string& ns, const plan::classes::ClaimAsk& claim) {
                     return MakeTemplate(ns, claim);
                   }) {
    rotation_.names = NamesOf(options_);
  }
  ~Impl() {
    if (server_) server_->Stop(2s);
    if (!options_.url.empty() && registered_) {
      const kube::ObjectRef ref{.resource = kConfigurations, .name = options_.configuration};
      (void)deps_.client.Send(kube::DeleteCall(ref, {}));
    }
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  base::Result<void> Open() {
    const auto certificates = UpToDate();
    if (!certificates) return tl::unexpected(certificates.error());
    net::ServerOptions options;
    options.address = options_.address;
    options.port = options_.port;
    options.threads = options_.threads;
    options.limits.max_body = kMostReviewBytes;
    options.tls = net::ServerTls{.cert_pem = certificates->serving.cert_pem,
                                 .key_pem = certificates->serving.key_pem};
    auto server = net::HttpServer::Open(std::move(options),
                                        [this](const auto& request) { return Answer(request); });
    if (!server) return base::Wrap(server.error(), "--webhook-address");
    server_ = *std::move(server);
    in_use_ = *certificates;
    return Register();
  }

  base::Result<void> Renew() {
    const auto certificates = UpToDate();
    if (!certificates) return tl::unexpected(certificates.error());
    if (*certificates == in_use_) return {};
    const auto set = server_->SetTls(
        {.cert_pem = certificates->serving.cert_pem, .key_pem = certificates->serving.key_pem});
    if (!set) return set;
    in_use_ = *certificates;
    return Register();
  }

  std::uint16_t port() const { return server_->port(); }
  void SetIndex(std::shared_ptr<const plan::classes::Index> index) {
    admission_.SetIndex(std::move(index));
  }

 private:
  static std::vector<std::string> NamesOf(const WebhookOptions& options) {
    std::vector<std::string> names;
    if (options.in_cluster) {
      const std::string name = options.in_cluster->service + "." + options.in_cluster->ns;
      names = {name + ".svc", name + ".svc.cluster.local"};
    }
    if (const std::size_t host = options.url.find("://"); host != std::string::npos) {
      names.push_back(options.url.substr(host + 3));
    }
    return names;
  }

  // What should be in use: of the Secret, renewed there where that is due.
  base::Result<net::ServingCertificates> UpToDate() {
    if (!options_.in_cluster) return net::Rotate(in_use_, rotation_, deps_.clock.Now());
    const auto& [ns, service, secret] = *options_.in_cluster;
    for (int i = 0; i < kTries; ++i) {
      const auto text = deps_.client.Get(kSecrets, ns, secret);
      if (!text) return base::Wrap(text.error(), "the webhook's certificates");
      json object = json::parse(*text, nullptr, false);
      if (!object.is_object()) continue;
      const net::ServingCertificates stored = CertificatesIn(object);
      if (IsOfCertManager(object)) {
        kept_by_others_ = true;
        return stored;
      }
      auto wanted = net::Rotate(stored, rotation_, deps_.clock.Now());
      if (!wanted || *wanted == stored) return wanted;
      object.erase("data");
      object["stringData"] = DataOf(*wanted);
      const kube::ObjectRef ref{.resource = kSecrets, .ns = ns, .name = secret};
      const auto written = deps_.client.Send(kube::UpdateCall(ref, object.dump()));
      if (written) return wanted;
      if (written.error().code != base::ErrorCode::kConflict) {
        return base::Wrap(written.error(), "the webhook's certificates");
      }
    }
    return base::Fail(base::ErrorCode::kUnavailable,
                      fmt::format("Secret {}/{} is written by others all the time", ns, secret));
  }

  base::Result<void> Register() {
    if (kept_by_others_) return {};  // who also writes caBundle
    const std::string ca = kube::EncodeBase64(in_use_.trusted_pem);
    const kube::ObjectRef ref{.resource = kConfigurations, .name = options_.configuration};
    kube::Call call;
    if (options_.url.empty()) {
      const json patch = {
          {"webhooks", {{{"name", kWebhookName}, {"clientConfig", {{"caBundle", ca}}}}}}};
      call = kube::PatchCall(ref, kube::PatchType::kStrategicMerge, patch.dump());
    } else {
      call =
          kube::ApplyCall(ref, Configuration(options_, port(), ca).dump(), kube::Ownership::kForce);
    }
    const auto written = deps_.client.Send(call);
    if (!written) return base::Wrap(written.error(), "registering the webhook");
    registered_ = true;
    return {};
  }

  net::Response Answer(const net::ServerRequest& request) {
    if (request.Path() != kPath || request.method != "POST") {
      return {.status = 404, .headers = {}, .body = "POST /mutate\n"};
    }
    const auto began = base::MonotonicNow();
    Reviewed reviewed = admission_.Review(request.body);
    Measure(reviewed.outcome, base::MonotonicNow() - began);
    const char* type = reviewed.outcome == Outcome::kMalformed ? "text/plain" : "application/json";
    return {.status = reviewed.status,
            .headers = {{"content-type", type}},
            .body = std::move(reviewed.body)};
  }

  void Measure(Outcome outcome, std::chrono::steady_clock::duration span) {
    deps_.metrics
        .CounterOf({"tangram_admission_reviews_total", "Admission reviews by outcome."},
                   {{"outcome", std::string(NameOf(outcome))}})
        .Increment();
    deps_.metrics
        .HistogramOf({"tangram_admission_review_seconds", "Time to answer an admission review."},
                     {}, metrics::FastSeconds())
        .Observe(std::chrono::duration<double>(span).count());
  }

  // A template's name says what is in it: one that is there already is the same.
  base::Result<void> MakeTemplate(const std::string& ns, const plan::classes::ClaimAsk& claim) {
    const std::string key = ns + "/" + claim.template_name;
    if (WasMade(key)) return {};
    const kube::ObjectRef ref{.resource = kTemplates, .ns = ns};
    kube::Call call =
        kube::CreateCall(ref, ClaimTemplateJson(ns, claim),
                         {.priority = kube::Priority::kCritical, .timeout = kTemplatePatience});
    call.repeat = kube::Repeat::kNever;
    const auto made = deps_.client.Send(call);
    if (!made && made.error().code != base::ErrorCode::kConflict) {
      deps_.metrics
          .CounterOf({"tangram_admission_templates_failed_total",
                      "ResourceClaimTemplates that could not be made."})
          .Increment();
      return tl::unexpected(made.error());
    }
    const base::MutexLock lock(mutex_);
    if (made_.size() >= kMostRemembered) made_.clear();
    made_[key] = steady_.Now();
    return {};
  }

  bool WasMade(const std::string& key) {
    const base::MutexLock lock(mutex_);
    const auto known = made_.find(key);
    return known != made_.end() && steady_.Now() < known->second + kRemembered;
  }

  const Deps deps_;
  const base::SteadyClock steady_;  // for spans; certificates go by the wall clock
  const WebhookOptions options_;
  net::RotationPolicy rotation_;
  net::ServingCertificates in_use_;
  bool registered_ = false;
  bool kept_by_others_ = false;
  Admission admission_;
  base::Mutex mutex_;
  std::map<std::string, base::Time> made_ GUARDED_BY(mutex_);  // NS/NAME of templates, and when
  std::unique_ptr<net::HttpServer> server_;
};

base::Result<std::unique_ptr<Webhook>> Webhook::Open(const Deps& deps, WebhookOptions options) {
  auto impl = std::make_unique<Impl>(deps, std::move(options));
  if (const auto opened = impl->Open(); !opened) return tl::unexpected(opened.error());
  return std::unique_ptr<Webhook>(new Webhook(std::move(impl)));
}
Webhook::Webhook(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Webhook::~Webhook() = default;
std::uint16_t Webhook::port() const { return impl_->port(); }
void Webhook::SetIndex(std::shared_ptr<const plan::classes::Index> index) {
  impl_->SetIndex(std::move(index));
}
base::Result<void> Webhook::Renew() { return impl_->Renew(); }

}  // namespace tangram::adapter
