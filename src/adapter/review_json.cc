#include "adapter/review_json.h"

#include <simdjson.h>

#include "adapter/json.h"
#include "adapter/json_write.h"
#include "kube/base64.h"

namespace tangram::adapter {
namespace {

constexpr std::string_view kApiVersion = "admission.k8s.io/v1";

void ReadKind(Json kind, ReviewRequest& request) {
  kind.Fields([&](std::string_view key, Json field) {
    if (key == "kind") request.kind = field.Text();
    if (key == "group") request.group = field.Text();
  });
}

void ReadRequest(Json json, ReviewRequest& request) {
  json.Fields([&](std::string_view key, Json field) {
    if (key == "uid") request.uid = field.Text();
    if (key == "kind") ReadKind(field, request);
    if (key == "subResource") request.subresource = field.Text();
    if (key == "operation") request.operation = field.Text();
    if (key == "namespace") request.ns = field.Text();
    if (key == "dryRun") request.dry_run = field.Boolean().value_or(false);
    if (key == "object") request.object = field.ObjectText();
  });
}

base::Error Malformed(std::string_view why) {
  return {base::ErrorCode::kInvalid, "not an AdmissionReview: " + std::string(why)};
}

void AppendWarnings(std::string& json, const std::vector<std::string>& warnings) {
  if (warnings.empty()) return;
  json += ",\"warnings\":[";
  for (const std::string& warning : warnings) {
    if (json.back() != '[') json += ',';
    AppendJson(json, "tangram: " + warning);
  }
  json += ']';
}

}  // namespace

base::Result<ReviewRequest> ReadReview(const std::string& padded, std::size_t length) {
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;
  simdjson::ondemand::object root;
  const simdjson::padded_string_view view(padded.data(), length, padded.size());
  auto code = parser.iterate(view).get(document);
  if (code == simdjson::SUCCESS) code = document.get_object().get(root);
  if (code != simdjson::SUCCESS) {
    return tl::unexpected(Malformed(simdjson::error_message(code)));
  }
  Fault fault;
  ReviewRequest request;
  std::string version;
  std::string kind;
  Walk(root, fault, [&](std::string_view key, Json field) {
    if (key == "apiVersion") version = field.Text();
    if (key == "kind") kind = field.Text();
    if (key == "request") ReadRequest(field, request);
  });
  if (fault.Found()) return tl::unexpected(Malformed(fault.message()));
  if (kind != "AdmissionReview" || version != kApiVersion) {
    return tl::unexpected(Malformed("expected kind AdmissionReview of " + std::string(kApiVersion) +
                                    ", found " + Printable(kind) + " of " + Printable(version)));
  }
  if (request.uid.empty()) return tl::unexpected(Malformed("request.uid is missing"));
  return request;
}

std::string WriteReview(const ReviewAnswer& answer) {
  const bool patches = !answer.patch.empty() && answer.patch != "[]";
  std::string json;
  json.reserve(256 + answer.patch.size() * 4 / 3);
  json += R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":)";
  AppendJson(json, answer.uid);
  json += answer.refusal.empty() ? ",\"allowed\":true" : ",\"allowed\":false";
  if (!answer.refusal.empty()) {
    json += R"(,"status":{"code":422,"reason":"Invalid","message":)";
    AppendJson(json, answer.refusal);
    json += '}';
  }
  if (patches) {
    json += R"(,"patchType":"JSONPatch","patch":")";
    json += kube::EncodeBase64(answer.patch);
    json += '"';
  }
  if (!answer.choice.empty()) {
    json += R"(,"auditAnnotations":{"choice":)";
    AppendJson(json, answer.choice);
    json += '}';
  }
  AppendWarnings(json, answer.warnings);
  return json + "}}\n";
}

}  // namespace tangram::adapter
