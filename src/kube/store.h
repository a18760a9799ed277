// The copy of a collection that a Reflector keeps, as typed values.
#pragma once

#include <simdjson.h>

#include <compare>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "kube/reflector.h"
#include "kube/watch.h"

namespace tangram::kube {

struct ObjectKey {
  std::string ns{};  // empty for what is cluster-scoped
  std::string name{};
  auto operator<=>(const ObjectKey&) const = default;
};

// How a deletion came to be known.
enum class Deletion {
  kSeen,      // the watch said so
  kInferred,  // it was missing in a new list; how it ended is not known
};

// All run on the client's thread, in the order of the changes, with no lock held; each may be
// empty. They must not block. An object that was replaced by another of the same name (a new uid)
// is a deletion and an addition.
template <class T>
struct StoreHandler {
  std::function<void(const ObjectKey&, const T& now)> on_added{};
  std::function<void(const ObjectKey&, const T& before, const T& now)> on_updated{};
  // `last`: as it was in the store.
  std::function<void(const ObjectKey&, const T& last, Deletion how)> on_deleted{};
  // After every whole list, its changes having been told.
  std::function<void()> on_listed{};
};

// Written by its Reflector on the client's thread, read from any. What it hands out never changes.
template <class T>
class Store final : public ObjectSink {
 public:
  // Makes a T of an object. A refusal is an error of the Reflector, which lists again: a decoder
  // that wants to go on without an object returns a T that says so. Each string of the object may
  // be read once (see ItemDecoder).
  using Decoder = std::function<base::Result<T>(simdjson::ondemand::object& object)>;
  using Value = std::shared_ptr<const T>;

  explicit Store(Decoder decoder, StoreHandler<T> handler = {})
      : decoder_(std::move(decoder)), handler_(std::move(handler)) {}

  // Empty if there is none.
  Value Find(const ObjectKey& key) const {
    const base::MutexLock lock(mutex_);
    const auto found = objects_.find(key);
    return found == objects_.end() ? nullptr : found->second.value;
  }
  // All of one moment, by key.
  std::vector<std::pair<ObjectKey, Value>> All() const {
    const base::MutexLock lock(mutex_);
    std::vector<std::pair<ObjectKey, Value>> all;
    all.reserve(objects_.size());
    for (const auto& [key, entry] : objects_) all.emplace_back(key, entry.value);
    return all;
  }
  std::size_t size() const {
    const base::MutexLock lock(mutex_);
    return objects_.size();
  }

  void BeginReplace() override { incoming_.clear(); }
  base::Result<void> AddToReplace(simdjson::ondemand::object& item) override {
    auto meta = ReadMeta(item);
    if (!meta) return tl::unexpected<base::Error>(meta.error());
    auto entry = Decode(*meta, item);
    if (!entry) return tl::unexpected<base::Error>(entry.error());
    incoming_.insert_or_assign({std::move(meta->ns), std::move(meta->name)}, std::move(*entry));
    return {};
  }
  void FinishReplace() override {
    for (const ObjectKey& key : MissingKeys()) Remove(key, Deletion::kInferred);
    for (auto& [key, entry] : incoming_) Put(key, std::move(entry));
    incoming_.clear();
    if (handler_.on_listed) handler_.on_listed();
  }
  base::Result<void> Apply(const WatchEvent& event, simdjson::ondemand::object& item) override {
    const ObjectKey key{event.meta.ns, event.meta.name};
    if (event.type == EventType::kDeleted) {
      if (UidOf(key) == event.meta.uid) Remove(key, Deletion::kSeen);
      return {};
    }
    auto entry = Decode(event.meta, item);
    if (!entry) return tl::unexpected<base::Error>(entry.error());
    Put(key, std::move(*entry));
    return {};
  }

 private:
  struct Entry {
    std::string uid;
    std::string resource_version;
    Value value;
  };
  using Map = std::map<ObjectKey, Entry>;

  base::Result<Entry> Decode(const ObjectMeta& meta, simdjson::ondemand::object& item) const {
    if (meta.name.empty()) {
      return base::Fail(base::ErrorCode::kUnavailable, "an object without metadata.name");
    }
    auto value = decoder_(item);
    if (!value) {
      return base::Wrap(value.error(), meta.ns.empty() ? meta.name : meta.ns + "/" + meta.name);
    }
    return Entry{meta.uid, meta.resource_version, std::make_shared<const T>(std::move(*value))};
  }

  // Only the client's thread writes, so what it read stays true until it writes itself.
  std::vector<ObjectKey> MissingKeys() const {
    const base::MutexLock lock(mutex_);
    std::vector<ObjectKey> missing;
    for (const auto& [key, entry] : objects_) {
      if (!incoming_.contains(key)) missing.push_back(key);
    }
    return missing;
  }
  std::string UidOf(const ObjectKey& key) const {
    const base::MutexLock lock(mutex_);
    const auto found = objects_.find(key);
    return found == objects_.end() ? std::string() : found->second.uid;
  }
  void Remove(const ObjectKey& key, Deletion how) {
    Value last;
    {
      const base::MutexLock lock(mutex_);
      auto removed = objects_.extract(key);
      if (removed.empty()) return;
      last = std::move(removed.mapped().value);
    }
    if (handler_.on_deleted) handler_.on_deleted(key, *last, how);
  }
  void Put(const ObjectKey& key, Entry entry) {
    const Value now = entry.value;
    const std::string uid = UidOf(key);
    if (!uid.empty() && uid != entry.uid) Remove(key, Deletion::kInferred);
    Value before;
    {
      const base::MutexLock lock(mutex_);
      const auto [place, added] = objects_.try_emplace(key, entry);
      if (!added) {
        if (place->second.resource_version == entry.resource_version) return;
        before = std::move(place->second.value);
        place->second = std::move(entry);
      }
    }
    if (!before && handler_.on_added) handler_.on_added(key, *now);
    if (before && handler_.on_updated) handler_.on_updated(key, *before, *now);
  }

  const Decoder decoder_;
  const StoreHandler<T> handler_;
  Map incoming_;  // the client's thread alone
  mutable base::Mutex mutex_;
  Map objects_ GUARDED_BY(mutex_);
};

}  // namespace tangram::kube
