// A list of a snapshot, kept up to date object by object.
#pragma once

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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
// changes cost one pass.
template <class T>
class KeyedList {
 public:
  void Set(T value) {
    Key key = KeyOf(value);
    pending_.insert_or_assign(std::move(key), std::move(value));
  }
  void Remove(const Key& key) { pending_.insert_or_assign(key, std::nullopt); }
  // What is not among `keys` (sorted) is gone.
  void KeepOnly(const std::vector<Key>& keys, const std::vector<T>& list) {
    const auto remove_unless_kept = [&](const Key& key) {
      if (!std::binary_search(keys.begin(), keys.end(), key)) Remove(key);
    };
    for (const T& object : list) remove_unless_kept(KeyOf(object));
    std::vector<Key> waiting;
    for (const auto& [key, value] : pending_) waiting.push_back(key);
    for (const Key& key : waiting) remove_unless_kept(key);
  }
  bool has_changes() const { return !pending_.empty(); }
  // The keys of what Apply will change.
  const std::map<Key, std::optional<T>>& pending() const { return pending_; }

  // As Apply will have it. nullptr: there is none.
  const T* Latest(const std::vector<T>& list, const Key& key) const {
    const auto change = pending_.find(key);
    if (change == pending_.end()) return Named(list, key);
    return change->second ? &*change->second : nullptr;
  }

  // nullptr: none of `list`, which is sorted, is called that.
  static const T* Named(const std::vector<T>& list, const Key& key) {
    const auto place = Find(list, key);
    return place != list.end() && Is(*place, key) ? &*place : nullptr;
  }

  void Apply(std::vector<T>& list) {
    if (!ApplyInPlace(list)) Merge(list);
    pending_.clear();
  }

 private:
  template <class List>
  static auto Find(List& list, const Key& key) {
    return std::lower_bound(list.begin(), list.end(), key, [](const T& object, const Key& wanted) {
      return WordsOf(object) < WordsOf(wanted);
    });
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

  bool ApplyInPlace(std::vector<T>& list) {
    std::vector<typename std::vector<T>::iterator> places;
    for (const auto& [key, value] : pending_) {
      const auto place = Find(list, key);
      const bool there = place != list.end() && Is(*place, key);
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

  // What goes is dropped from the front on, what comes is let in from the back on: without a second
  // list, which would be the largest thing in memory.
  void Merge(std::vector<T>& list) {
    Drop(list);
    std::size_t from = list.size();
    const auto comes = [](const auto& change) { return change.second.has_value(); };
    std::size_t to =
        from + static_cast<std::size_t>(std::count_if(pending_.begin(), pending_.end(), comes));
    if (to > list.capacity()) list.reserve(to + to / 8);  // doubled, it would be mostly empty
    list.resize(to);
    for (auto change = pending_.rbegin(); change != pending_.rend(); ++change) {
      if (!change->second) continue;
      while (from > 0 && IsAfter(list[from - 1], change->first)) {
        list[--to] = std::move(list[--from]);
      }
      list[--to] = *std::move(change->second);
    }
  }

  // What goes, and what is there in an older form.
  void Drop(std::vector<T>& list) {
    std::vector<typename std::vector<T>::iterator> places;
    for (const auto& [key, value] : pending_) {
      const auto place = Find(list, key);
      if (place != list.end() && Is(*place, key)) places.push_back(place);
    }
    if (places.empty()) return;
    auto kept = places.front();
    for (std::size_t i = 0; i < places.size(); ++i) {
      const auto end = i + 1 < places.size() ? places[i + 1] : list.end();
      kept = std::move(places[i] + 1, end, kept);
    }
    list.erase(kept, list.end());
  }

  std::map<Key, std::optional<T>> pending_;
};

}  // namespace tangram::control
