#include "claims/constraints.h"

#include <algorithm>

namespace tangram::claims {
namespace {

bool IsSame(const cluster::DeviceAttribute& a, const cluster::DeviceAttribute& b) {
  return a.type == b.type && a.value == b.value;
}

}  // namespace

bool ConstraintState::Concerns(std::string_view name, std::string_view full_name) const {
  const std::vector<std::string>& names = constraint_->requests;
  return names.empty() || std::find(names.begin(), names.end(), name) != names.end() ||
         std::find(names.begin(), names.end(), full_name) != names.end();
}

// A list is never the same as, and never another than, a value that is there.
bool ConstraintState::Allows(const cluster::DeviceAttribute& attribute) const {
  if (devices_ == 0) return true;
  if (attribute.type == cluster::AttributeType::kList) return false;
  if (!constraint_->match_attribute.empty()) return IsSame(attribute, *first_);
  return std::none_of(by_request_.begin(), by_request_.end(),
                      [&](const auto& other) { return IsSame(*other.second, attribute); });
}

bool ConstraintState::Add(std::string_view name, std::string_view full_name,
                          std::string_view driver, const cluster::Device& device) {
  if (!Concerns(name, full_name)) return true;
  const std::string& wanted = constraint_->match_attribute.empty() ? constraint_->distinct_attribute
                                                                   : constraint_->match_attribute;
  const cluster::DeviceAttribute* attribute = cluster::FindAttribute(device, driver, wanted);
  if (attribute == nullptr || !Allows(*attribute)) return false;
  if (devices_++ == 0) first_ = attribute;
  by_request_.insert_or_assign(std::string(name), attribute);
  return true;
}

void ConstraintState::Remove(std::string_view name, std::string_view full_name) {
  if (!Concerns(name, full_name)) return;
  --devices_;
  if (const auto last = by_request_.find(name); last != by_request_.end()) by_request_.erase(last);
}

}  // namespace tangram::claims
