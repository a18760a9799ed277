// The objects that say how many pods start together: Job, JobSet, and the PodGroups of Kubernetes,
// Volcano, KAI and the coscheduling plugin. Each fails, naming object and field, where a field that
// is read has a wrong type, or a number is no count of pods.
#pragma once

#include <simdjson.h>

#include <optional>

#include "base/result.h"
#include "cluster/policy_objects.h"

namespace tangram::adapter {

// What a Job (batch/v1) or a JobSet (v1alpha2) says of the gangs that its pod templates name by the
// label tangram.dev/gang: parallelism, but no more than completions; of a JobSet summed over its
// jobs. Nothing where they name none, where it is over, and for a Job that is part of a JobSet.
//
// Jobs of a JobSet that come only after others of it (startupPolicy InOrder, dependsOn) do not
// count where pods of the same gang come before them: those would wait for ever.
base::Result<std::optional<cluster::GangOwner>> DecodeJob(simdjson::ondemand::object object);
base::Result<std::optional<cluster::GangOwner>> DecodeJobSet(simdjson::ondemand::object object);

// minCount of scheduling.k8s.io (one for the policy `basic`), minMember of the others; one where it
// says nothing.
base::Result<std::optional<cluster::GangOwner>> DecodePodGroup(simdjson::ondemand::object object);
base::Result<std::optional<cluster::GangOwner>> DecodeVolcanoPodGroup(
    simdjson::ondemand::object object);
base::Result<std::optional<cluster::GangOwner>> DecodeKaiPodGroup(
    simdjson::ondemand::object object);
base::Result<std::optional<cluster::GangOwner>> DecodeCoschedulingPodGroup(
    simdjson::ondemand::object object);

}  // namespace tangram::adapter
