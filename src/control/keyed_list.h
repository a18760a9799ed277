// A list of a snapshot, kept up to date object by object.
#pragma once

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <ranges>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cluster/list.h"

namespace tangram::control {

struct Key {
  std::string ns{};  // empty: cluster-scoped
  std::string name{};
  friend auto operator<=>(const Key&, const Key&) = default;
};

template <class T>
Key KeyOf(const T& object) {
  if constexpr (requires { object.ns; }) {
    return {object.ns, object.name};
  } else {
    return {{}, object.name};
  }
}

// Changes gather until Apply puts them into the list, which is sorted by key: in place where no
// object comes or goes, else in one pass over what lies behind the first of them. So a thousand
// changes cost one pass. Objects are replaced, never written to: whoever shares one keeps it as it
// was.
template <class T>
class KeyedList {
  using List = cluster::List<T>;
  using Item = cluster::Shared<T>;
  using Items = std::vector<Item>;

 public:
  void Set(Item value) {
    Key key = KeyOf(*value);
    pending_.insert_or_assign(std::move(key), std::move(value));
  }
  void Remove(const Key& key) { pending_.insert_or_assign(key, std::nullopt); }
  // What is not among `keys` (sorted) is gone; says whether anything is.
  bool KeepOnly(const std::vector<Key>& keys, const List& list) {
    bool some = false;
    const auto remove_unless_kept = [&](const Key& key) {
      if (std::binary_search(keys.begin(), keys.end(), key)) return;
      some = some || Latest(list, key) != nullptr;
      Remove(key);
    };
    for (const T& object : list) remove_unless_kept(KeyOf(object));
    std::vector<Key> waiting;
    for (const auto& [key, value] : pending_) waiting.push_back(key);
    for (const Key& key : waiting) remove_unless_kept(key);
    return some;
  }
  bool has_changes() const { return !pending_.empty(); }
  // The keys of what Apply will change.
  const std::map<Key, std::optional<Item>>& pending() const { return pending_; }

  // As Apply will have it. nullptr: there is none.
  const Item* Latest(const List& list, const Key& key) const {
    const auto change = pending_.find(key);
    if (change == pending_.end()) return Named(list, key);
    return change->second ? &*change->second : nullptr;
  }

  // nullptr: none of `list`, which is sorted, is called that.
  static const Item* Named(const List& list, const Key& key) {
    const auto place = Find(list.items(), key);
    return place != list.items().end() && Is(**place, key) ? &*place : nullptr;
  }

  void Apply(List& list) {
    if (!ApplyInPlace(list.items())) Merge(list.items());
    pending_.clear();
  }

 private:
  template <class From>
  static auto Find(From&& items, const Key& key) {
    return std::lower_bound(
        items.begin(), items.end(), key,
        [](const Item& item, const Key& wanted) { return WordsOf(*item) < WordsOf(wanted); });
  }
  template <class Named>
  static std::pair<std::string_view, std::string_view> WordsOf(const Named& named) {
    return {NamespaceOf(named), named.name};
  }
  static bool IsAfter(const T& object, const Key& key) { return WordsOf(key) < WordsOf(object); }
  template <class Named>
  static std::string_view NamespaceOf(const Named& object) {
    if constexpr (requires { object.ns; }) {
      return object.ns;
    } else {
      return {};
    }
  }
  static bool Is(const T& object, const Key& key) {
    return object.name == key.name && NamespaceOf(object) == key.ns;
  }

  bool ApplyInPlace(Items& items) {
    std::vector<typename Items::iterator> places;
    for (const auto& [key, value] : pending_) {
      const auto place = Find(items, key);
      const bool there = place != items.end() && Is(**place, key);
      if (!there && !value) continue;
      if (there != value.has_value()) return false;
      places.push_back(place);
    }
    auto place = places.begin();
    for (auto& [key, value] : pending_) {
      if (value) **place++ = *std::move(value);
    }
    return true;
  }

  void Merge(Items& items) {
    Items merged;
    merged.reserve(items.size() + pending_.size());
    auto from = items.begin();
    const auto move_up_to = [&](typename Items::iterator to) {
      merged.insert(merged.end(), std::move_iterator(from), std::move_iterator(to));
      from = to;
    };
    for (auto& [key, value] : pending_) {
      move_up_to(Find(std::ranges::subrange(from, items.end()), key));
      if (from != items.end() && Is(**from, key)) ++from;
      if (value) merged.push_back(*std::move(value));
    }
    move_up_to(items.end());
    items = std::move(merged);
  }

  std::map<Key, std::optional<Item>> pending_;
};

}  // namespace tangram::control
