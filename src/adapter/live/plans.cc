#include "adapter/live/plans.h"

#include <set>
#include <utility>

#include "adapter/live/change_sink.h"
#include "adapter/live/our_objects.h"
#include "objects/read_plans.h"

namespace tangram::adapter {

class LivePlans::Impl {
 public:
  Impl(kube::Client& client, Mailbox& mailbox, Log log)
      : mailbox_(mailbox),
        log_(std::move(log)),
        sink_(Handler()),
        reflector_(client, kPlans, HowToFollow(kPlans, log_), sink_) {}

  void Start() { reflector_.Start(); }
  bool Synced() const { return reflector_.Synced(); }

 private:
  ChangeSink<plan::Proposal>::Handler Handler() {
    ChangeSink<plan::Proposal>::Handler handler;
    handler.decode = [](simdjson::ondemand::object& object) -> base::Result<plan::Proposal> {
      const auto text = TextOf(object);
      if (!text) return tl::unexpected(text.error());
      auto plans = objects::ReadPlans(*text);
      if (!plans) return tl::unexpected(plans.error());
      return std::move(plans->front());
    };
    handler.on_set = [this](plan::Proposal plan, const kube::ObjectMeta&) {
      mailbox_.Post([plan = std::move(plan)](control::Controller& to) { to.SetPlan(plan); });
    };
    handler.on_gone = [this](const control::Key& key) {
      mailbox_.Post([name = key.name](control::Controller& to) { to.RemovePlan(name); });
    };
    handler.on_listed = [this](const std::vector<control::Key>& keys) {
      std::set<std::string> names;
      for (const control::Key& key : keys) names.insert(key.name);
      mailbox_.Post([names = std::move(names)](control::Controller& to) { to.KeepPlans(names); });
    };
    handler.on_bad = [this](const std::map<control::Key, std::string>& bad) {
      for (const auto& [key, why] : bad) log_(why);
    };
    return handler;
  }

  Mailbox& mailbox_;
  const Log log_;
  ChangeSink<plan::Proposal> sink_;
  kube::Reflector reflector_;
};

LivePlans::LivePlans(kube::Client& client, Mailbox& mailbox, Log log)
    : impl_(std::make_unique<Impl>(client, mailbox, std::move(log))) {}
LivePlans::~LivePlans() = default;
void LivePlans::Start() { impl_->Start(); }
bool LivePlans::Synced() const { return impl_->Synced(); }

}  // namespace tangram::adapter
