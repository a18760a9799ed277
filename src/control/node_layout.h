// What a node really has, against the layouts that it is to have.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cluster/node.h"
#include "plan/operation.h"

namespace tangram::control {

enum class Side { kBefore, kAfter };

// What differs, for a person; empty: nothing does. Both what feature discovery (or whoever sees the
// cards) says of the instances and what the kubelet offers to pods have to agree, so that neither a
// label that is out of date nor a device plugin that did not look again is taken for success.
// Where the cards were not seen one by one, the node's counts are compared.
std::string DifferenceOf(const cluster::Node& node, const std::vector<plan::CardLayouts>& cards,
                         Side side);
// Whether only the latter differs: the device plugin has not looked again.
bool OnlyOfferDiffers(const cluster::Node& node, const std::vector<plan::CardLayouts>& cards,
                      Side side);
inline constexpr std::string_view kDevicePlugin = "nvidia.com/gpu.deploy.device-plugin";

// mig-manager's labels.
inline constexpr std::string_view kMigConfig = "nvidia.com/mig.config";
std::string_view MigStateOf(const cluster::Node& node);  // "success"; empty: none
// Whether it is at work, as far as it says.
bool MigIsUnderWay(const cluster::Node& node);
// Labels by which it keeps NVIDIA's daemons off the node while it works, and left so.
std::vector<std::string> PausedOn(const cluster::Node& node);
inline constexpr std::string_view kPaused = "paused-for-mig-change";

}  // namespace tangram::control
