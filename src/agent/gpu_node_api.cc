#include "agent/gpu_node_api.h"

#include <utility>

#include "agent/gpu_node.h"
#include "base/mutex.h"
#include "kube/reflector.h"

namespace tangram::agent {
namespace {

// The newest text of the one object that is followed.
class NewestText final : public kube::ObjectSink {
 public:
  explicit NewestText(std::string name) : name_(std::move(name)) {}

  void BeginReplace() override { found_ = false; }
  base::Result<void> AddToReplace(simdjson::ondemand::object& item) override {
    const auto meta = kube::ReadMeta(item);
    if (!meta) return tl::unexpected(meta.error());
    if (meta->name != name_) return {};
    found_ = true;
    return Put(item);
  }
  void FinishReplace() override {
    if (!found_) Absent();
  }
  base::Result<void> Apply(const kube::WatchEvent& event,
                           simdjson::ondemand::object& item) override {
    if (event.meta.name != name_) return {};
    if (event.type != kube::EventType::kDeleted) return Put(item);
    Absent();
    return {};
  }

  std::optional<std::string> Take() {
    const base::MutexLock lock(mutex_);
    return std::exchange(text_, std::nullopt);
  }

 private:
  void Absent() {
    const base::MutexLock lock(mutex_);
    text_ = "";
  }
  base::Result<void> Put(simdjson::ondemand::object& item) {
    std::string_view text;
    if (item.raw_json().get(text) != simdjson::SUCCESS) {
      return base::Fail(base::ErrorCode::kUnavailable, "the GpuNode cannot be read");
    }
    const base::MutexLock lock(mutex_);
    text_ = std::string(text);
    return {};
  }

  const std::string name_;
  bool found_ = false;  // the client's thread alone
  base::Mutex mutex_;
  std::optional<std::string> text_ GUARDED_BY(mutex_);
};

kube::ReflectorOptions Only(const std::string& name) {
  kube::ReflectorOptions options;
  options.list.field_selector = "metadata.name=" + name;
  return options;
}

class ClientApi final : public GpuNodeApi {
 public:
  ClientApi(std::unique_ptr<kube::Client> client, const std::string& node, Follow follow)
      : node_(node),
        client_(std::move(client)),
        newest_(node),
        reflector_(*client_, GpuNodes(), Only(node), newest_),
        scope_(client_->http()) {
    if (follow == Follow::kYes) reflector_.Start();
  }

  void Start(kube::Call call) override {
    client_->Start(
        std::move(call),
        [this](base::Result<net::Response> answer) {
          const base::MutexLock lock(mutex_);
          if (answer) {
            answer_ = std::move(answer->body);
          } else {
            answer_ = tl::unexpected(answer.error());
          }
        },
        scope_.id());
  }
  std::optional<base::Result<std::string>> Take() override {
    const base::MutexLock lock(mutex_);
    return std::exchange(answer_, std::nullopt);
  }
  std::optional<std::string> Changed() override { return newest_.Take(); }
  base::Result<std::string> ReadNode() override {
    kube::Call call = GetNodeCall(node_);
    call.timeout = std::chrono::seconds(5);
    call.repeat = kube::Repeat::kNever;
    auto answer = client_->Send(call);
    if (!answer) return tl::unexpected(answer.error());
    return std::move(answer->body);
  }
  std::string Trouble() override {
    const auto status = reflector_.Read();
    return status.error ? status.error->message : "";
  }

 private:
  const std::string node_;
  std::unique_ptr<kube::Client> client_;
  NewestText newest_;
  kube::Reflector reflector_;
  base::Mutex mutex_;
  std::optional<base::Result<std::string>> answer_ GUARDED_BY(mutex_);
  net::Scope scope_;  // last: no callback runs after it
};

}  // namespace

std::unique_ptr<GpuNodeApi> OverClient(std::unique_ptr<kube::Client> client, std::string node,
                                       Follow follow) {
  return std::make_unique<ClientApi>(std::move(client), node, follow);
}

}  // namespace tangram::agent
