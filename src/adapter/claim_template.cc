// ResourceClaimTemplate (resource.k8s.io/v1), as our claims are made from.
#include <fmt/format.h>

#include "adapter/admission.h"
#include "adapter/json_write.h"

namespace tangram::adapter {
namespace {

using plan::classes::Alternative;
using plan::classes::ClaimAsk;

constexpr std::string_view kRequest = "gpu";

std::string Text(std::string_view text) {
  std::string json;
  AppendJson(json, text);
  return json;
}

// The fields that a request and an alternative have in common.
std::string Fields(const Alternative& of) {
  std::string selectors;
  for (const std::string& selector : of.selectors) {
    selectors += fmt::format("{}{{\"cel\":{{\"expression\":{}}}}}", selectors.empty() ? "" : ",",
                             Text(selector));
  }
  std::string amounts;
  for (const auto& [name, quantity] : of.capacity) {
    amounts += fmt::format("{}{}:{}", amounts.empty() ? "" : ",", Text(name), Text(quantity));
  }
  return fmt::format(
      R"("deviceClassName":{},"allocationMode":"ExactCount","count":{},"selectors":[{}]{})",
      Text(of.device_class), of.count, selectors,
      amounts.empty() ? "" : fmt::format(R"(,"capacity":{{"requests":{{{}}}}})", amounts));
}

std::string RequestJson(const ClaimAsk& claim) {
  if (claim.alternatives.size() == 1) {
    return fmt::format(R"({{"name":"{}","exactly":{{{}}}}})", kRequest,
                       Fields(claim.alternatives.front()));
  }
  std::string list;
  for (const Alternative& each : claim.alternatives) {
    list +=
        fmt::format("{}{{\"name\":{},{}}}", list.empty() ? "" : ",", Text(each.name), Fields(each));
  }
  return fmt::format(R"({{"name":"{}","firstAvailable":[{}]}})", kRequest, list);
}

}  // namespace

std::string ClaimTemplateJson(const std::string& ns, const ClaimAsk& claim) {
  return fmt::format(
      R"({{"apiVersion":"resource.k8s.io/v1","kind":"ResourceClaimTemplate","metadata":{{"name":{},"namespace":{},"labels":{{"app.kubernetes.io/managed-by":"tangram"}}}},"spec":{{"spec":{{"devices":{{"requests":[{}]}}}}}}}})",
      Text(claim.template_name), Text(ns), RequestJson(claim));
}

}  // namespace tangram::adapter
