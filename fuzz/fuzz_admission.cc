// Bytes as what the API server sends to the webhook. The first byte picks: the whole review, or a
// pod within one (so that mutations stay where the logic is).
//
// The law (docs/admission.md): never a crash; an answer is JSON and names its review; a patch
// applies, changes nothing beyond the contract, and is made once: the patched pod is left alone.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "adapter/admission.h"
#include "adapter/admission_checker_testing.h"
#include "adapter/admission_testing.h"

namespace {

using namespace tangram;
using adapter::testing::CardNode;
using adapter::testing::Class;
using adapter::testing::ReviewOf;
using nlohmann::json;

std::shared_ptr<const plan::classes::Index> MakeIndex() {
  auto snapshot = std::make_shared<cluster::Snapshot>();
  snapshot->nodes = {CardNode("a", 4), CardNode("b", 4, 4)};
  snapshot->priority_classes = {{"gpu", 10}};
  cluster::GpuClass card = Class("card", 20);
  card.priority_class = "gpu";
  cluster::GpuClass share;
  share.name = "share";
  share.isolation = cluster::GpuClass::Isolation::kShared;
  return plan::classes::Index::Build(*snapshot, {.classes = {card, share}});
}

void Require(bool holds) {
  if (!holds) std::abort();
}

json Respond(adapter::Admission& admission, const std::string& review) {
  const adapter::Reviewed reviewed = admission.Review(review);
  if (reviewed.outcome == adapter::Outcome::kMalformed) {
    Require(reviewed.status == 400);
    return {};
  }
  const json answer = adapter::testing::ParseOrNull(reviewed.body);
  Require(answer.is_object() && answer["response"]["allowed"].is_boolean());
  return answer["response"];
}

// As the API server writes it: each key once, text in UTF-8.
void RunPod(adapter::Admission& admission, std::string_view text) {
  const json pod = adapter::testing::ParseOrNull(text);
  if (!pod.is_object()) return;
  const json response =
      Respond(admission, ReviewOf(pod).dump(-1, ' ', false, json::error_handler_t::replace));
  if (!response.is_object() || !response.contains("patch")) return;
  Require(response["allowed"] == true);
  const json after = adapter::testing::PatchedPod(pod, response);
  Require(after.is_object());
  const json again = Respond(admission, ReviewOf(after).dump());
  Require(again.is_object() && !again.contains("patch"));
  const bool regated = pod["metadata"].contains("annotations") &&
                       pod["metadata"]["annotations"].is_object() &&
                       pod["metadata"]["annotations"].contains("tangram.dev/choice");
  if (!regated) Require(adapter::testing::AdmissionChecker().Check(pod, after).empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  base::ManualClock clock;
  adapter::Admission admission({}, clock);
  static const std::shared_ptr<const plan::classes::Index> kIndex = MakeIndex();
  admission.SetIndex(kIndex);
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 == 0) {
    Respond(admission, std::string(text));
  } else {
    RunPod(admission, text);
  }
  return 0;
}
