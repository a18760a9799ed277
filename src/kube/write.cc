#include "kube/write.h"

#include <simdjson.h>

#include <nlohmann/json.hpp>
#include <utility>

namespace tangram::kube {
namespace {

using Json = nlohmann::ordered_json;

Call BaseCall(const ObjectRef& ref, std::string verb, std::string method,
              const WriteOptions& options) {
  Call call{.asked = {.verb = std::move(verb),
                      .resource = ref.resource,
                      .ns = ref.ns,
                      .name = ref.name,
                      .subresource = ref.subresource}};
  call.method = std::move(method);
  call.path = ref.resource.Path(ref.ns, ref.name);
  if (!ref.subresource.empty()) call.path += "/" + net::UrlEncode(ref.subresource);
  call.timeout = options.timeout;
  call.priority = options.priority;
  return call;
}

std::string_view Name(WriteOptions::FieldValidation validation) {
  switch (validation) {
    case WriteOptions::FieldValidation::kIgnore:
      return "Ignore";
    case WriteOptions::FieldValidation::kWarn:
      return "Warn";
    case WriteOptions::FieldValidation::kStrict:
      return "Strict";
  }
  return "Strict";
}

// What every call takes whose body is the object or a patch of it.
Call FieldsCall(const ObjectRef& ref, std::string verb, std::string method,
                const WriteOptions& options) {
  Call call = BaseCall(ref, std::move(verb), std::move(method), options);
  call.query = {{"fieldManager", options.field_manager},
                {"fieldValidation", std::string(Name(options.field_validation))}};
  if (options.dry_run == WriteOptions::DryRun::kAll) call.query.emplace_back("dryRun", "All");
  return call;
}

bool HasResourceVersion(const std::string& object) {
  const auto json = nlohmann::json::parse(object, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return false;
  const auto meta = json.find("metadata");
  if (meta == json.end() || !meta->is_object()) return false;
  const auto version = meta->find("resourceVersion");
  return version != meta->end() && version->is_string() &&
         !version->get_ref<const std::string&>().empty();
}

std::string_view ContentTypeOf(PatchType type) {
  switch (type) {
    case PatchType::kStrategicMerge:
      return "application/strategic-merge-patch+json";
    case PatchType::kMerge:
      return "application/merge-patch+json";
    case PatchType::kJson:
      return "application/json-patch+json";
  }
  return "";
}

std::string_view Name(Propagation propagation) {
  switch (propagation) {
    case Propagation::kBackground:
      return "Background";
    case Propagation::kForeground:
      return "Foreground";
    case Propagation::kOrphan:
      return "Orphan";
  }
  return "Background";
}

// metav1.DeleteOptions without its kind.
Json DeleteOptionsJson(const Preconditions& must, const std::optional<std::chrono::seconds>& grace,
                       WriteOptions::DryRun dry_run) {
  Json options = Json::object();
  if (!must.uid.empty()) options["preconditions"]["uid"] = must.uid;
  if (!must.resource_version.empty()) {
    options["preconditions"]["resourceVersion"] = must.resource_version;
  }
  if (grace) options["gracePeriodSeconds"] = grace->count();
  if (dry_run == WriteOptions::DryRun::kAll) options["dryRun"] = {"All"};
  return options;
}

Repeat RepeatOf(const Preconditions& must) {
  return must.uid.empty() ? Repeat::kIfSafe : Repeat::kAlways;
}

// Text that is not UTF-8 is written with replacement characters: the server then refuses the name.
std::string Dump(const Json& json) {
  return json.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

}  // namespace

Call CreateCall(const ObjectRef& ref, std::string object, const WriteOptions& options) {
  Call call = FieldsCall(ref, "create", "POST", options);
  call.body = std::move(object);
  return call;
}

Call UpdateCall(const ObjectRef& ref, std::string object, const WriteOptions& options) {
  Call call = FieldsCall(ref, "update", "PUT", options);
  if (HasResourceVersion(object)) call.repeat = Repeat::kAlways;
  call.body = std::move(object);
  return call;
}

Call PatchCall(const ObjectRef& ref, PatchType type, std::string patch,
               const WriteOptions& options) {
  Call call = FieldsCall(ref, "patch", "PATCH", options);
  call.content_type = ContentTypeOf(type);
  call.body = std::move(patch);
  if (type != PatchType::kJson) call.repeat = Repeat::kAlways;
  return call;
}

Call ApplyCall(const ObjectRef& ref, std::string object, Ownership ownership,
               const WriteOptions& options) {
  Call call = FieldsCall(ref, "patch", "PATCH", options);
  call.content_type = "application/apply-patch+yaml";  // of which JSON is a part
  if (ownership == Ownership::kForce) call.query.emplace_back("force", "true");
  call.body = std::move(object);
  call.repeat = Repeat::kAlways;
  return call;
}

Call ScaleCall(const ObjectRef& ref, std::int64_t replicas, const WriteOptions& options) {
  ObjectRef scale = ref;
  scale.subresource = "scale";
  return PatchCall(scale, PatchType::kMerge, Dump({{"spec", {{"replicas", replicas}}}}), options);
}

Call EvictCall(const Eviction& eviction, const WriteOptions& options) {
  const ObjectRef ref{.resource = {.version = "v1", .plural = "pods", .kind = "Pod"},
                      .ns = eviction.ns,
                      .name = eviction.pod,
                      .subresource = "eviction"};
  Call call = BaseCall(ref, "create", "POST", options);
  Json body = {
      {"apiVersion", "policy/v1"},
      {"kind", "Eviction"},
      {"metadata", {{"name", eviction.pod}, {"namespace", eviction.ns}}},
      {"deleteOptions", DeleteOptionsJson(eviction.must, eviction.grace, options.dry_run)}};
  for (const auto& [key, value] : eviction.annotations) {
    body["metadata"]["annotations"][key] = value;
  }
  call.body = Dump(body);
  call.repeat = RepeatOf(eviction.must);
  return call;
}

Call DeleteCall(const ObjectRef& ref, const DeleteOptions& how, const WriteOptions& options) {
  Call call = BaseCall(ref, "delete", "DELETE", options);
  Json body = {{"apiVersion", "v1"}, {"kind", "DeleteOptions"}};
  body.update(DeleteOptionsJson(how.must, how.grace, options.dry_run));
  body["propagationPolicy"] = Name(how.propagation);
  call.body = Dump(body);
  call.repeat = RepeatOf(how.must);
  return call;
}

base::Result<ObjectMeta> MetaOf(const net::Response& answer) {
  simdjson::ondemand::parser parser;
  const simdjson::padded_string padded(answer.body);
  simdjson::ondemand::document document;
  simdjson::ondemand::object object;
  if (parser.iterate(padded).get(document) || document.get_object().get(object)) {
    return base::Fail(base::ErrorCode::kUnavailable, "the answer is not an object");
  }
  auto meta = ReadMeta(object);
  if (meta && meta->name.empty()) {
    return base::Fail(base::ErrorCode::kUnavailable, "the object in the answer has no name");
  }
  return meta;
}

}  // namespace tangram::kube
