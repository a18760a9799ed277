// The admission webhook as it is served: HTTPS, certificates, and its registration.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapter/admission.h"
#include "kube/client.h"
#include "metrics/metrics.h"

namespace tangram::adapter {

struct WebhookOptions {
  std::string address = "127.0.0.1";  // numeric
  std::uint16_t port = 0;             // 0: any that is free
  int threads = 1;
  // The MutatingWebhookConfiguration, whose caBundle is kept right. It is there already (the chart
  // made it), unless there is a `url`.
  std::string configuration = "tangram";
  // Where the API server reaches us, out of the cluster: "https://10.0.0.5". The configuration is
  // then made by us, and deleted at the end; port and path are added.
  std::string url{};
  // The namespace, the Service that leads to us, and the Secret in which replicas share their
  // certificates (it is there already). Without: certificates of our own, for one replica.
  struct InCluster {
    std::string ns;
    std::string service;
    std::string secret;
  };
  std::optional<InCluster> in_cluster{};
  std::vector<std::string> excluded_namespaces{};
};

// Open and Renew block, and belong to one thread; the rest is thread-safe.
class Webhook {
 public:
  // Borrowed: all must outlive it.
  struct Deps {
    kube::Client& client;
    metrics::Registry& metrics;
    const base::Clock& clock;  // the wall clock, for certificates
  };
  // Listens and is registered. Before the first index pods are admitted as they are.
  static base::Result<std::unique_ptr<Webhook>> Open(const Deps& deps, WebhookOptions options);
  // Lets reviews end; deletes the configuration if it is ours.
  ~Webhook();
  Webhook(const Webhook&) = delete;
  Webhook& operator=(const Webhook&) = delete;

  std::uint16_t port() const;
  void SetIndex(std::shared_ptr<const plan::classes::Index> index);
  // Looks whether certificates are due, or were renewed by another replica; call it every some
  // minutes. What went wrong is worth a line in the log: the ones in use go on.
  base::Result<void> Renew();

 private:
  class Impl;
  explicit Webhook(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tangram::adapter
