#include "adapter/live/policies.h"

#include <map>
#include <utility>

#include "adapter/json.h"
#include "adapter/live/change_sink.h"
#include "adapter/live/our_objects.h"
#include "objects/object.h"
#include "objects/read_gpu_classes.h"
#include "objects/read_pools.h"

namespace tangram::adapter {

class LivePolicies::Impl {
 public:
  Impl(kube::Client& client, Options options)
      : options_(std::move(options)),
        pool_sink_(HandlerFor<plan::Pool>(pools_,
                                          [defaults = options_.defaults](std::string_view text) {
                                            return objects::ReadPools(text, defaults);
                                          })),
        class_sink_(HandlerFor<cluster::GpuClass>(classes_, objects::ReadGpuClasses)),
        pool_reflector_(client, kPools, HowToFollow(kPools, options_.log), pool_sink_),
        class_reflector_(client, kClasses, HowToFollow(kClasses, options_.log), class_sink_) {}

  void Start() {
    pool_reflector_.Start();
    class_reflector_.Start();
  }
  bool Synced() const { return pool_reflector_.Synced() && class_reflector_.Synced(); }

 private:
  // An object, and the conditions in its status.
  template <class T>
  using Found = std::pair<T, std::vector<cluster::Condition>>;

  template <class T, class Read>
  typename ChangeSink<Found<T>>::Handler HandlerFor(std::map<std::string, Found<T>>& kept,
                                                    Read read) {
    typename ChangeSink<Found<T>>::Handler handler;
    handler.decode = [read](simdjson::ondemand::object& object) -> base::Result<Found<T>> {
      const auto text = TextOf(object);
      if (!text) return tl::unexpected(text.error());
      auto one = read(*text);
      if (!one) return tl::unexpected(one.error());
      return Found<T>{std::move(one->front()), objects::ReadConditions(*text)};
    };
    handler.on_set = [this, &kept](Found<T> found, const kube::ObjectMeta& meta) {
      kept.insert_or_assign(meta.name, std::move(found));
      Tell();
    };
    handler.on_gone = [this, &kept](const control::Key& key) {
      if (kept.erase(key.name) > 0) Tell();
    };
    handler.on_listed = [this, &kept](const std::vector<control::Key>& keys) {
      std::erase_if(kept, [&](const auto& entry) {
        return std::find(keys.begin(), keys.end(), control::Key{{}, entry.first}) == keys.end();
      });
      Tell();
    };
    handler.on_bad = [this](const std::map<control::Key, std::string>& bad) {
      for (const auto& [key, why] : bad) options_.log(why);
    };
    return handler;
  }

  void Tell() {
    Policies all;
    for (const auto& [name, found] : pools_) {
      all.pools.push_back(found.first);
      all.pool_conditions[name] = found.second;
    }
    for (const auto& [name, found] : classes_) {
      all.classes.push_back(found.first);
      all.class_conditions[name] = found.second;
    }
    options_.on_change(std::move(all));
  }

  const Options options_;
  std::map<std::string, Found<plan::Pool>> pools_;
  std::map<std::string, Found<cluster::GpuClass>> classes_;
  ChangeSink<Found<plan::Pool>> pool_sink_;
  ChangeSink<Found<cluster::GpuClass>> class_sink_;
  kube::Reflector pool_reflector_;
  kube::Reflector class_reflector_;
};

LivePolicies::LivePolicies(kube::Client& client, Options options)
    : impl_(std::make_unique<Impl>(client, std::move(options))) {}
LivePolicies::~LivePolicies() = default;
void LivePolicies::Start() { impl_->Start(); }
bool LivePolicies::Synced() const { return impl_->Synced(); }

}  // namespace tangram::adapter
