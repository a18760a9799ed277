// Objects of one of our kinds, followed for the controller.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapter/json.h"
#include "adapter/live/change_sink.h"
#include "adapter/live/mailbox.h"
#include "adapter/live/our_objects.h"
#include "kube/client.h"

namespace tangram::adapter {

// Runs on the client's thread and posts each object that came, changed or went. One that cannot be
// read counts as not there, and is named to `log`.
template <class T>
class LiveObjects {
 public:
  using Log = std::function<void(const std::string& line)>;
  // What the kind is, how a text of one is read, and who is told.
  struct Kind {
    const kube::Resource& resource;
    base::Result<std::vector<T>> (*read)(std::string_view text);
    void (control::Controller::*set)(T value);
    void (control::Controller::*remove)(const std::string& name);
    void (control::Controller::*keep)(const std::set<std::string>& names);
  };
  // Borrowed: client and mailbox must outlive it.
  LiveObjects(kube::Client& client, Mailbox& mailbox, Kind kind, Log log)
      : mailbox_(mailbox),
        kind_(kind),
        log_(std::move(log)),
        sink_(Handler()),
        reflector_(client, kind.resource, HowToFollow(kind.resource, log_), sink_) {}
  LiveObjects(const LiveObjects&) = delete;
  LiveObjects& operator=(const LiveObjects&) = delete;

  void Start() { reflector_.Start(); }
  bool Synced() const { return reflector_.Synced(); }

 private:
  typename ChangeSink<T>::Handler Handler() {
    typename ChangeSink<T>::Handler handler;
    handler.decode = [this](simdjson::ondemand::object& object) -> base::Result<T> {
      const auto text = TextOf(object);
      if (!text) return tl::unexpected(text.error());
      auto read = kind_.read(*text);
      if (!read) return tl::unexpected(read.error());
      return std::move(read->front());
    };
    handler.on_set = [this](T value, const kube::ObjectMeta&) {
      mailbox_.Post([set = kind_.set, value = std::move(value)](control::Controller& to) {
        (to.*set)(value);
      });
    };
    handler.on_gone = [this](const control::Key& key) {
      mailbox_.Post([remove = kind_.remove, name = key.name](control::Controller& to) {
        (to.*remove)(name);
      });
    };
    handler.on_listed = [this](const std::vector<control::Key>& keys) {
      std::set<std::string> names;
      for (const control::Key& key : keys) names.insert(key.name);
      mailbox_.Post([keep = kind_.keep, names = std::move(names)](control::Controller& to) {
        (to.*keep)(names);
      });
    };
    handler.on_bad = [this](const std::map<control::Key, std::string>& bad) {
      for (const auto& [key, why] : bad) log_(why);
    };
    return handler;
  }

  Mailbox& mailbox_;
  const Kind kind_;
  const Log log_;
  ChangeSink<T> sink_;
  kube::Reflector reflector_;
};

}  // namespace tangram::adapter
