// Values and lists of values that their copies share.
//
// A copy of a cluster of 100,000 pods is 100,000 pointers: the model, what decisions know of it and
// what is answered to people hold the same pods. To whoever uses them they are plain values: what
// is written to one copy is not seen in another.
#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <compare>
#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <type_traits>
#include <utility>
#include <vector>

namespace tangram::cluster {

// Never empty, but after it was moved from. Different threads may use copies of one, as if they
// shared nothing.
template <class T>
class Shared {
 public:
  Shared() : box_(new Box()) {}
  Shared(T value) : box_(new Box(std::move(value))) {}  // NOLINT(google-explicit-constructor)

  const T& operator*() const { return box_->value; }
  const T* operator->() const { return &box_->value; }
  // To write to: a value that others share is copied first.
  T& Own() {
    if (box_->use_count() != 1) box_ = new Box(box_->value);
    return box_->value;
  }

  friend bool operator==(const Shared& a, const Shared& b) { return a.box_ == b.box_ || *a == *b; }

 private:
  struct Box : boost::intrusive_ref_counter<Box, boost::thread_safe_counter> {
    Box() = default;
    explicit Box(T of) : value(std::move(of)) {}
    T value{};
  };
  boost::intrusive_ptr<Box> box_;
};

// As a vector of T, of which a copy costs a pointer an element. Elements that are reached through a
// list that may be written to are made its own first: read through a const list.
template <class T>
class List {
  using Items = std::vector<Shared<T>>;

  template <class Item, class Reference>
  class Iterator {
   public:
    using iterator_category = std::random_access_iterator_tag;
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using reference = Reference&;
    using pointer = Reference*;

    Iterator() = default;
    explicit Iterator(Item* at) : at_(at) {}
    template <class Other, class To>
      requires std::is_const_v<Item>
    Iterator(const Iterator<Other, To>& other)  // NOLINT(google-explicit-constructor)
        : at_(other.item()) {}

    reference operator*() const {
      if constexpr (std::is_const_v<Item>) {
        return **at_;
      } else {
        return at_->Own();
      }
    }
    pointer operator->() const { return &**this; }
    reference operator[](difference_type by) const { return *(*this + by); }
    Item* item() const { return at_; }

    Iterator& operator++() { return *this += 1; }
    Iterator& operator--() { return *this -= 1; }
    Iterator operator++(int) { return Iterator(at_++); }
    Iterator operator--(int) { return Iterator(at_--); }
    Iterator& operator+=(difference_type by) {
      at_ += by;
      return *this;
    }
    Iterator& operator-=(difference_type by) { return *this += -by; }
    friend Iterator operator+(Iterator at, difference_type by) { return at += by; }
    friend Iterator operator+(difference_type by, Iterator at) { return at += by; }
    friend Iterator operator-(Iterator at, difference_type by) { return at -= by; }
    friend difference_type operator-(Iterator a, Iterator b) { return a.at_ - b.at_; }
    friend auto operator<=>(Iterator a, Iterator b) = default;

   private:
    Item* at_ = nullptr;
  };

 public:
  using value_type = T;
  using size_type = std::size_t;
  using difference_type = std::ptrdiff_t;
  using reference = T&;
  using const_reference = const T&;
  using iterator = Iterator<Shared<T>, T>;
  using const_iterator = Iterator<const Shared<T>, const T>;

  List() = default;
  List(std::initializer_list<T> values) : items_(values.begin(), values.end()) {}
  List(std::vector<T> values)  // NOLINT(google-explicit-constructor)
      : items_(std::make_move_iterator(values.begin()), std::make_move_iterator(values.end())) {}
  template <std::input_iterator From>
  List(From begin, From end) : items_(begin, end) {}

  bool empty() const { return items_.empty(); }
  std::size_t size() const { return items_.size(); }
  void reserve(std::size_t size) { items_.reserve(size); }
  void resize(std::size_t size) { items_.resize(size); }
  void clear() { items_.clear(); }
  void shrink_to_fit() { items_.shrink_to_fit(); }

  iterator begin() { return iterator(items_.data()); }
  iterator end() { return iterator(items_.data() + items_.size()); }
  const_iterator begin() const { return const_iterator(items_.data()); }
  const_iterator end() const { return const_iterator(items_.data() + items_.size()); }
  const_iterator cbegin() const { return begin(); }
  const_iterator cend() const { return end(); }

  const T& operator[](std::size_t at) const { return *items_[at]; }
  T& operator[](std::size_t at) { return items_[at].Own(); }
  const T& at(std::size_t at) const { return *items_.at(at); }
  T& at(std::size_t at) { return items_.at(at).Own(); }
  const T& front() const { return *items_.front(); }
  T& front() { return items_.front().Own(); }
  const T& back() const { return *items_.back(); }
  T& back() { return items_.back().Own(); }

  void push_back(T value) { items_.push_back(std::move(value)); }
  template <class... Args>
  T& emplace_back(Args&&... args) {
    items_.push_back(Shared<T>(T(std::forward<Args>(args)...)));
    return items_.back().Own();
  }
  void pop_back() { items_.pop_back(); }
  iterator insert(const_iterator at, T value) {
    return To(items_.insert(At(at), std::move(value)));
  }
  template <std::input_iterator From>
  iterator insert(const_iterator at, From begin, From end) {
    return To(items_.insert(At(at), begin, end));
  }
  iterator erase(const_iterator at) { return To(items_.erase(At(at))); }
  iterator erase(const_iterator begin, const_iterator end) {
    return To(items_.erase(At(begin), At(end)));
  }

  // The elements with what shares them: to sort, to move and to hand on without a copy.
  const Items& items() const { return items_; }
  Items& items() { return items_; }

  friend bool operator==(const List&, const List&) = default;

 private:
  typename Items::const_iterator At(const_iterator at) const {
    return items_.begin() + (at - begin());
  }
  iterator To(typename Items::iterator at) { return begin() + (at - items_.begin()); }

  Items items_;
};

template <class T, class Matches>
std::size_t erase_if(List<T>& list, const Matches& matches) {
  return std::erase_if(list.items(), [&](const Shared<T>& item) { return matches(*item); });
}

}  // namespace tangram::cluster
