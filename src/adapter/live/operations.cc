#include "adapter/live/operations.h"

#include <set>
#include <utility>

#include "adapter/live/change_sink.h"
#include "adapter/live/our_objects.h"
#include "objects/read_operations.h"

namespace tangram::adapter {

class LiveOperations::Impl {
 public:
  Impl(kube::Client& client, Mailbox& mailbox, Log log)
      : mailbox_(mailbox),
        log_(std::move(log)),
        sink_(Handler()),
        reflector_(client, kOperations, HowToFollow(kOperations, log_), sink_) {}

  void Start() { reflector_.Start(); }
  bool Synced() const { return reflector_.Synced(); }

 private:
  ChangeSink<plan::NodeOperation>::Handler Handler() {
    ChangeSink<plan::NodeOperation>::Handler handler;
    handler.decode = [](simdjson::ondemand::object& object) -> base::Result<plan::NodeOperation> {
      const auto text = TextOf(object);
      if (!text) return tl::unexpected(text.error());
      auto read = objects::ReadOperations(*text);
      if (!read) return tl::unexpected(read.error());
      return std::move(read->front());
    };
    handler.on_set = [this](plan::NodeOperation operation, const kube::ObjectMeta&) {
      mailbox_.Post([operation = std::move(operation)](control::Controller& to) {
        to.SetOperation(operation);
      });
    };
    handler.on_gone = [this](const control::Key& key) {
      mailbox_.Post([name = key.name](control::Controller& to) { to.RemoveOperation(name); });
    };
    handler.on_listed = [this](const std::vector<control::Key>& keys) {
      std::set<std::string> names;
      for (const control::Key& key : keys) names.insert(key.name);
      mailbox_.Post(
          [names = std::move(names)](control::Controller& to) { to.KeepOperations(names); });
    };
    handler.on_bad = [this](const std::map<control::Key, std::string>& bad) {
      for (const auto& [key, why] : bad) log_(why);
    };
    return handler;
  }

  Mailbox& mailbox_;
  const Log log_;
  ChangeSink<plan::NodeOperation> sink_;
  kube::Reflector reflector_;
};

LiveOperations::LiveOperations(kube::Client& client, Mailbox& mailbox, Log log)
    : impl_(std::make_unique<Impl>(client, mailbox, std::move(log))) {}
LiveOperations::~LiveOperations() = default;
void LiveOperations::Start() { impl_->Start(); }
bool LiveOperations::Synced() const { return impl_->Synced(); }

}  // namespace tangram::adapter
