#include "agent/kubelet_wire.h"

#include <fmt/format.h>

#include <cstdint>
#include <functional>
#include <utility>

namespace tangram::agent {
namespace {

using base::ErrorCode;
using base::Fail;

constexpr std::string_view kPluginPrefix = "nvidia.com/";
constexpr std::string_view kDriverSuffix = "nvidia.com";

// One message's fields, front to back. Any byte string: what is cut short or of an unknown wire
// type ends it, and is an error.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : left_(bytes) {}

  // The next field that holds bytes; those that hold numbers are passed over.
  bool Next() {
    while (!left_.empty() && good_) {
      const std::uint64_t key = Varint();
      number_ = key >> 3;
      switch (key & 7) {
        case 0:
          static_cast<void>(Varint());
          break;
        case 1:
          Skip(8);
          break;
        case 2:
          value_ = Take(Varint());
          return good_;
        case 5:
          Skip(4);
          break;
        default:
          good_ = false;
      }
    }
    return false;
  }

  std::uint64_t number() const { return number_; }
  std::string_view value() const { return value_; }
  std::string text() const { return std::string(value_); }
  bool good() const { return good_; }

 private:
  std::uint64_t Varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (left_.empty()) break;
      const auto byte = static_cast<unsigned char>(left_.front());
      left_.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) return value;
    }
    good_ = false;
    return 0;
  }
  std::string_view Take(std::uint64_t size) {
    if (!good_ || size > left_.size()) {
      good_ = false;
      return {};
    }
    const std::string_view taken = left_.substr(0, static_cast<std::size_t>(size));
    left_.remove_prefix(taken.size());
    return taken;
  }
  void Skip(std::uint64_t size) { static_cast<void>(Take(size)); }

  std::string_view left_;
  std::uint64_t number_ = 0;
  std::string_view value_;
  bool good_ = true;
};

// Calls `take` for each field; whether the message was whole.
bool Each(std::string_view bytes, const std::function<bool(const Fields&)>& take) {
  Fields fields(bytes);
  while (fields.Next()) {
    if (!take(fields)) return false;
  }
  return fields.good();
}

bool TakeClaimed(std::string_view bytes, const ClaimedDevice& of, PodDevices& devices) {
  ClaimedDevice device = of;
  const bool whole = Each(bytes, [&](const Fields& field) {
    if (field.number() == 2) device.driver = field.text();
    if (field.number() == 4) device.device = field.text();
    if (field.number() != 1) return true;
    return Each(field.value(), [&](const Fields& cdi) {
      if (cdi.number() == 1) device.cdi.push_back(cdi.text());
      return true;
    });
  });
  if (!whole) return false;
  const bool ours = device.driver.ends_with(kDriverSuffix);
  if (ours) devices.claimed.push_back(std::move(device));
  return true;
}

// The name of the claim may come after its devices.
bool TakeDynamic(std::string_view bytes, const PodRef& pod, PodDevices& devices) {
  ClaimedDevice claim;
  claim.pod = pod;
  const bool named = Each(bytes, [&](const Fields& field) {
    if (field.number() == 2) claim.claim = field.text();
    return true;
  });
  return named && Each(bytes, [&](const Fields& field) {
           return field.number() != 4 || TakeClaimed(field.value(), claim, devices);
         });
}

bool TakePlugin(std::string_view bytes, const PodRef& pod, PodDevices& devices) {
  PluginDevices found;
  found.pod = pod;
  const bool whole = Each(bytes, [&](const Fields& field) {
    if (field.number() == 1) found.resource = field.text();
    if (field.number() == 2) found.ids.push_back(field.text());
    return true;
  });
  if (whole && found.resource.starts_with(kPluginPrefix)) devices.plugin.push_back(found);
  return whole;
}

bool TakeContainer(std::string_view bytes, PodRef pod, PodDevices& devices) {
  const bool named = Each(bytes, [&](const Fields& field) {
    if (field.number() == 1) pod.container = field.text();
    return true;
  });
  return named && Each(bytes, [&](const Fields& field) {
           if (field.number() == 2) return TakePlugin(field.value(), pod, devices);
           if (field.number() == 5) return TakeDynamic(field.value(), pod, devices);
           return true;
         });
}

bool TakePod(std::string_view bytes, PodDevices& devices) {
  PodRef pod;
  const bool named = Each(bytes, [&](const Fields& field) {
    if (field.number() == 1) pod.pod = field.text();
    if (field.number() == 2) pod.ns = field.text();
    return true;
  });
  return named && Each(bytes, [&](const Fields& field) {
           return field.number() != 3 || TakeContainer(field.value(), pod, devices);
         });
}

}  // namespace

base::Result<PodDevices> DecodePodResources(std::string_view bytes) {
  PodDevices devices;
  const bool whole = Each(bytes, [&](const Fields& field) {
    return field.number() != 1 || TakePod(field.value(), devices);
  });
  if (!whole) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("{} bytes that are no ListPodResourcesResponse", bytes.size()));
  }
  return devices;
}

base::Result<std::vector<PluginDevices>> DecodeAllocatable(std::string_view bytes) {
  PodDevices devices;
  const bool whole = Each(bytes, [&](const Fields& field) {
    return field.number() != 1 || TakePlugin(field.value(), {}, devices);
  });
  if (!whole) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("{} bytes that are no AllocatableResourcesResponse", bytes.size()));
  }
  return std::move(devices.plugin);
}

}  // namespace tangram::agent
