// The small objects that limit what may be done: v1 Namespace and ResourceQuota, policy/v1
// PodDisruptionBudget, scheduling.k8s.io/v1 PriorityClass. Each fails, naming object and field,
// where a field that is read has a wrong type.
#pragma once

#include <simdjson.h>

#include <optional>

#include "base/result.h"
#include "cluster/policy_objects.h"

namespace tangram::adapter {

base::Result<cluster::Namespace> DecodeNamespace(simdjson::ondemand::object object);
base::Result<cluster::PriorityClass> DecodePriorityClass(simdjson::ondemand::object object);

// Nothing where the quota limits no GPU.
base::Result<std::optional<cluster::Quota>> DecodeQuota(simdjson::ondemand::object object);

// Nothing where the selector is null, which selects no pod in policy/v1 ({} selects every pod).
base::Result<std::optional<cluster::DisruptionBudget>> DecodeDisruptionBudget(
    simdjson::ondemand::object object);

}  // namespace tangram::adapter
