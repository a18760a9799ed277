// Writes as calls. Pure: each function makes a Call, which Client::Send or Client::Start sends.
//
//   client.Send(PatchCall(pod, PatchType::kStrategicMerge, json));
//
// What is repeated after a failure is part of the call (Call::repeat): 429 with Retry-After, and
// connection errors and 5xx where the same write twice is the same as once. A repeated write may
// find that its first try did get through: then the answer is kConflict (or kNotFound after a
// delete), and the caller reads again, as it must for these codes anyway.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "kube/call.h"
#include "kube/resource.h"
#include "kube/watch.h"
#include "net/http.h"

namespace tangram::kube {

// One object, or with no name the collection that it will be in.
struct ObjectRef {
  Resource resource{};
  std::string ns{};  // empty for what is cluster-scoped
  std::string name{};
  std::string subresource{};  // "status", "scale"; empty: the object itself
};

struct WriteOptions {
  std::string field_manager = "tangram";
  enum class DryRun { kNo, kAll } dry_run = DryRun::kNo;
  // Unknown or repeated fields: our own objects are strict, so that a typing error is found.
  enum class FieldValidation {
    kIgnore,
    kWarn,
    kStrict
  } field_validation = FieldValidation::kStrict;
  Priority priority = Priority::kNormal;
  std::chrono::milliseconds timeout{30'000};
};

// `ref` without a name; the name stands in `object`. Not repeated: kConflict here means that an
// object of that name exists.
Call CreateCall(const ObjectRef& ref, std::string object, const WriteOptions& options = {});

// Replaces the object. Where `object` has metadata.resourceVersion the write is conditional
// (kConflict when someone wrote first) and is repeated.
Call UpdateCall(const ObjectRef& ref, std::string object, const WriteOptions& options = {});

// Strategic merge and merge patches may hold metadata.resourceVersion and metadata.uid as
// conditions; a wrong uid is kInvalid. They are repeated, a JSON patch is not: it may add to a
// list.
enum class PatchType { kStrategicMerge, kMerge, kJson };
Call PatchCall(const ObjectRef& ref, PatchType type, std::string patch,
               const WriteOptions& options = {});

// Server-side apply: creates the object or sets the fields that `object` names. kConflict: another
// manager owns one of them, unless forced. Note that it cannot remove what it did not create
// (scheduling gates!).
enum class Ownership { kRespect, kForce };
Call ApplyCall(const ObjectRef& ref, std::string object, Ownership ownership,
               const WriteOptions& options = {});

// Sets spec.replicas through the scale subresource.
Call ScaleCall(const ObjectRef& ref, std::int64_t replicas, const WriteOptions& options = {});

// What the object must still be; empty: anything.
struct Preconditions {
  std::string uid{};
  std::string resource_version{};
};

// Asks for a pod's eviction (policy/v1), which respects PodDisruptionBudgets. kLater: a budget does
// not allow it now. It is repeated where `must` names the uid.
struct Eviction {
  std::string ns{};
  std::string pod{};
  Preconditions must{};
  std::optional<std::chrono::seconds> grace{};  // nothing: the pod's own
  // Of the Eviction itself, for admission policies to see.
  std::vector<std::pair<std::string, std::string>> annotations{};
};
Call EvictCall(const Eviction& eviction, const WriteOptions& options = {});

enum class Propagation { kBackground, kForeground, kOrphan };
struct DeleteOptions {
  Preconditions must{};
  Propagation propagation = Propagation::kBackground;
  std::optional<std::chrono::seconds> grace{};  // nothing: the object's own
};
// It is repeated where `must` names the uid: else a second try could hit a new object of that name.
Call DeleteCall(const ObjectRef& ref, const DeleteOptions& how, const WriteOptions& options = {});

// Kind, namespace, name, uid and resourceVersion of the object in an answer. kUnavailable: it holds
// none.
base::Result<ObjectMeta> MetaOf(const net::Response& answer);

}  // namespace tangram::kube
