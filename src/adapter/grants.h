// What admission has given out and no snapshot shows yet, so that a thousand pods that come at once
// do not all count the same free slice.
//
// A grant counts until an index saw its pod, or for kGrantLife: of a pod that was refused by
// somebody else after us nothing is ever seen. Not thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "plan/classes/choice.h"
#include "plan/classes/index.h"

namespace tangram::adapter {

inline constexpr std::chrono::seconds kGrantLife{30};

class Grants {
 public:
  // Null until the first.
  const std::shared_ptr<const plan::classes::Index>& index() const { return index_; }
  void SetIndex(std::shared_ptr<const plan::classes::Index> index, base::Time now);

  // Devices given out by offer of the index.
  std::span<const std::int64_t> given(base::Time now);
  // `admission` is the id that the pod carries from now on.
  void Add(std::string_view admission, const plan::classes::Choice::Taken& taken, base::Time now);

 private:
  struct Grant {
    std::string admission;
    std::string offer;  // its key
    std::int64_t devices = 0;
    base::Time until;
    std::size_t at = 0;  // the offer of this index; kGone: it has none like it
  };
  static constexpr std::size_t kGone = static_cast<std::size_t>(-1);
  void Forget(base::Time now);

  std::shared_ptr<const plan::classes::Index> index_;
  std::deque<Grant> grants_;  // oldest first
  std::vector<std::int64_t> given_;
};

}  // namespace tangram::adapter
