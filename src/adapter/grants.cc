#include "adapter/grants.h"

#include <unordered_map>
#include <utility>

namespace tangram::adapter {

void Grants::SetIndex(std::shared_ptr<const plan::classes::Index> index, base::Time now) {
  index_ = std::move(index);
  given_.assign(index_->offers().size(), 0);
  std::unordered_map<std::string_view, std::size_t> offers;
  for (std::size_t i = 0; i < index_->offers().size(); ++i) {
    offers.emplace(index_->offers()[i].key, i);
  }
  std::erase_if(grants_, [&](const Grant& grant) {
    return grant.until <= now || index_->Saw(grant.admission);
  });
  for (Grant& grant : grants_) {
    const auto found = offers.find(grant.offer);
    grant.at = found == offers.end() ? kGone : found->second;
    if (grant.at != kGone) given_[grant.at] += grant.devices;
  }
}

std::span<const std::int64_t> Grants::given(base::Time now) {
  Forget(now);
  return given_;
}

void Grants::Add(std::string_view admission, const plan::classes::Choice::Taken& taken,
                 base::Time now) {
  const plan::classes::Offer& offer = index_->offers()[taken.offer];
  given_[taken.offer] += taken.devices;
  grants_.push_back(
      {std::string(admission), offer.key, taken.devices, now + kGrantLife, taken.offer});
}

void Grants::Forget(base::Time now) {
  while (!grants_.empty() && grants_.front().until <= now) {
    const Grant& oldest = grants_.front();
    if (oldest.at != kGone) given_[oldest.at] -= oldest.devices;
    grants_.pop_front();
  }
}

}  // namespace tangram::adapter
