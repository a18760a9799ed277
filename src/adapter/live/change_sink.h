// What a Reflector sees of one kind, decoded and handed on as changes.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "control/keyed_list.h"
#include "kube/reflector.h"

namespace tangram::adapter {

// Keeps nothing but the names of objects that could not be read; those count as not there. Objects
// of a list are handed on one by one, as they are read: a list in the making would be a second copy
// of the cluster. All runs on the client's thread.
template <class T>
class ChangeSink final : public kube::ObjectSink {
 public:
  struct Handler {
    // The decoder may read the object once more from its beginning.
    std::function<base::Result<T>(simdjson::ondemand::object& object)> decode{};
    std::function<void(T value, const kube::ObjectMeta& meta)> on_set{};
    std::function<void(const control::Key& key)> on_gone{};
    // A whole list was read: what is not in it is gone.
    std::function<void(std::vector<control::Key> keys)> on_listed{};
    // The server does not have the kind; in place of an empty on_listed. May be empty: then that.
    std::function<void()> on_absent{};
    // Objects that cannot be read, with the reason; told when it changes.
    std::function<void(const std::map<control::Key, std::string>& bad)> on_bad{};
  };
  explicit ChangeSink(Handler handler) : handler_(std::move(handler)) {}

  void BeginReplace() override {
    listed_.clear();
    seen_bad_.clear();
  }

  base::Result<void> AddToReplace(simdjson::ondemand::object& item) override {
    auto meta = kube::ReadMeta(item);
    if (!meta) return tl::unexpected<base::Error>(meta.error());
    auto value = handler_.decode(item);
    const control::Key key{meta->ns, meta->name};
    Note(key, value);
    if (!value) return {};
    listed_.push_back(key);
    handler_.on_set(*std::move(value), *meta);
    return {};
  }

  void FinishReplace() override {
    const auto stale = [&](const auto& entry) { return !seen_bad_.contains(entry.first); };
    changed_ = std::erase_if(bad_, stale) > 0 || changed_;
    seen_bad_.clear();
    TellBad();
    if (is_absent_ && handler_.on_absent) return handler_.on_absent();
    handler_.on_listed(std::exchange(listed_, {}));
  }

  void BecomeAbsent() override {
    is_absent_ = true;
    kube::ObjectSink::BecomeAbsent();
    is_absent_ = false;
  }

  base::Result<void> Apply(const kube::WatchEvent& event,
                           simdjson::ondemand::object& item) override {
    const control::Key key{event.meta.ns, event.meta.name};
    if (event.type == kube::EventType::kDeleted) {
      changed_ = bad_.erase(key) > 0 || changed_;
      handler_.on_gone(key);
      TellBad();
      return {};
    }
    auto value = handler_.decode(item);
    Note(key, value);
    TellBad();
    if (value) {
      handler_.on_set(*std::move(value), event.meta);
    } else {
      handler_.on_gone(key);
    }
    return {};
  }

 private:
  void Note(const control::Key& key, const base::Result<T>& value) {
    if (value) {
      changed_ = bad_.erase(key) > 0 || changed_;
      return;
    }
    seen_bad_.insert(key);
    auto& why = bad_[key];
    changed_ = changed_ || why != value.error().message;
    why = value.error().message;
  }
  void TellBad() {
    if (std::exchange(changed_, false) && handler_.on_bad) handler_.on_bad(bad_);
  }

  Handler handler_;
  std::vector<control::Key> listed_;
  std::map<control::Key, std::string> bad_;
  std::set<control::Key> seen_bad_;  // by the list that is being read
  bool changed_ = false;
  bool is_absent_ = false;
};

}  // namespace tangram::adapter
