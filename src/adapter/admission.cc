#include "adapter/admission.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "adapter/decode_pod.h"
#include "adapter/json_write.h"
#include "adapter/pod_form.h"
#include "adapter/pod_patch.h"
#include "adapter/printable.h"
#include "adapter/review_json.h"
#include "base/nearest.h"
#include "cluster/gate.h"

namespace tangram::adapter {

// A pod as it comes to us, read twice: what it means, and what is there to be patched.
struct ReadPod {
  cluster::Pod pod;
  PodForm form;
};

namespace {

using plan::classes::Choice;
using plan::classes::ClaimAsk;
using plan::classes::Decision;
using plan::classes::Refusal;

constexpr std::string_view kContainerAnnotation = "tangram.dev/container";

Reviewed Malformed(int status, std::string why) {
  return {status, why + "\n", Outcome::kMalformed, why};
}

Reviewed Untouched(const ReviewRequest& request) {
  return {.body = WriteReview({.uid = request.uid})};
}

// Allowed as it is; its owner is told why.
Reviewed LeftAlone(const ReviewRequest& request, std::string why,
                   Outcome outcome = Outcome::kUntouched) {
  std::string body = WriteReview({.uid = request.uid, .warnings = {why}});
  return {.body = std::move(body), .outcome = outcome, .what = std::move(why)};
}

Reviewed Refused(const ReviewRequest& request, std::string why) {
  std::string body = WriteReview({.uid = request.uid, .refusal = why});
  return {.body = std::move(body), .outcome = Outcome::kRefused, .what = std::move(why)};
}

template <class Read>
auto ReadObject(std::string_view text, Read read) -> decltype(read(simdjson::ondemand::object())) {
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;
  simdjson::ondemand::object object;
  // It lies within a larger text that ends in padding.
  const simdjson::padded_string_view view(text.data(), text.size(),
                                          text.size() + simdjson::SIMDJSON_PADDING);
  auto code = parser.iterate(view).get(document);
  if (code == simdjson::SUCCESS) code = document.get_object().get(object);
  if (code != simdjson::SUCCESS) {
    return base::Fail(base::ErrorCode::kInvalid, simdjson::error_message(code));
  }
  return read(object);
}

// A pod that is made from a template has no name yet, and no namespace: both are set.
base::Result<ReadPod> ReadPodOf(const ReviewRequest& request) {
  auto pod = ReadObject(request.object,
                        [](simdjson::ondemand::object object) { return DecodeNewPod(object); });
  if (!pod) return tl::unexpected(pod.error());
  auto form = ReadObject(request.object,
                         [](simdjson::ondemand::object object) { return ReadPodForm(object); });
  if (!form) return tl::unexpected(form.error());
  pod->ns = request.ns;
  return ReadPod{std::move(*pod), std::move(*form)};
}

// What the pod says itself about GPUs; empty: nothing.
std::string ExplicitAsk(const PodForm& form) {
  for (const ContainerForm& container : form.containers) {
    if (container.gpu_resource.empty()) continue;
    return fmt::format("container \"{}\" asks for {} itself", Printable(container.name),
                       Printable(container.gpu_resource));
  }
  if (form.claim_names.empty()) return "";
  return fmt::format("it has the resource claim \"{}\" itself",
                     Printable(form.claim_names.front()));
}

// That gets the device: the first, or the one that the annotation names; nullptr: none of the name.
const ContainerForm* ContainerOf(const ReadPod& read) {
  const std::string_view name = cluster::Find(read.pod.annotations, kContainerAnnotation);
  const auto& containers = read.form.containers;
  const auto found =
      std::find_if(containers.begin(), containers.end(), [&](const ContainerForm& container) {
        if (name.empty()) return !container.init;
        return container.name == name && (!container.init || container.restarts);
      });
  return found == containers.end() ? nullptr : &*found;
}

std::string NoContainer(const ReadPod& read) {
  std::vector<std::string> names;
  for (const ContainerForm& container : read.form.containers) {
    if (!container.init || container.restarts) names.push_back(Printable(container.name));
  }
  if (names.empty()) return "it has no container";
  const std::string_view name = cluster::Find(read.pod.annotations, kContainerAnnotation);
  return fmt::format("the annotation {} names \"{}\"; its containers that keep running are {}",
                     kContainerAnnotation, Printable(name), base::OneOf(names));
}

bool WasChosenFor(const cluster::Pod& pod) {
  return !cluster::Find(pod.annotations, plan::classes::kChoiceAnnotation).empty();
}

bool IsNewPod(const ReviewRequest& request) {
  return request.operation == "CREATE" && request.kind == "Pod" && request.group.empty() &&
         request.subresource.empty() && !request.object.empty();
}

}  // namespace

std::string_view NameOf(Outcome outcome) {
  switch (outcome) {
    case Outcome::kUntouched:
      return "untouched";
    case Outcome::kPatched:
      return "patched";
    case Outcome::kRefused:
      return "refused";
    case Outcome::kNotReady:
      return "not-ready";
    case Outcome::kMalformed:
      return "malformed";
  }
  return "unknown";
}

Admission::Admission(Settings settings, const base::Clock& clock, NeedTemplate need_template)
    : settings_(std::move(settings)), clock_(clock), need_template_(std::move(need_template)) {}

void Admission::SetIndex(std::shared_ptr<const plan::classes::Index> index) {
  const base::MutexLock lock(mu_);
  grants_.SetIndex(std::move(index), clock_.Now());
}

bool Admission::IsExcluded(std::string_view ns) const {
  const auto& excluded = settings_.excluded_namespaces;
  return ns == "kube-system" || std::find(excluded.begin(), excluded.end(), ns) != excluded.end();
}

// Deciding and giving out are one: two pods never get the same free device.
std::optional<Decision> Admission::Decide(const cluster::Pod& pod, std::string_view admission,
                                          Run run) {
  const std::string_view name = cluster::Find(pod.labels, plan::classes::kClassLabel);
  const base::MutexLock lock(mu_);
  const auto& index = grants_.index();
  if (index == nullptr) return std::nullopt;
  const base::Time now = clock_.Now();
  Decision decision = plan::classes::Decide(*index, {name, pod}, grants_.given(now));
  const auto* choice = std::get_if<Choice>(&decision);
  if (choice != nullptr && choice->taken && run == Run::kReal) {
    grants_.Add(admission, *choice->taken, now);
  }
  return decision;
}

Reviewed Admission::Review(std::string_view body) {
  if (body.size() > kMostReviewBytes) {
    return Malformed(413, fmt::format("a review has at most {} MiB", kMostReviewBytes >> 20));
  }
  std::string padded;
  padded.reserve(body.size() + simdjson::SIMDJSON_PADDING);
  padded = body;
  padded.resize(body.size() + simdjson::SIMDJSON_PADDING, '\0');
  const auto request = ReadReview(padded, body.size());
  if (!request) return Malformed(400, request.error().message);
  if (!IsNewPod(*request) || IsExcluded(request->ns)) return Untouched(*request);

  const auto read = ReadPodOf(*request);
  if (!read) return LeftAlone(*request, "not read: " + read.error().message);
  if (cluster::Find(read->pod.labels, plan::classes::kClassLabel).empty()) {
    return Untouched(*request);
  }
  if (!read->pod.node.empty()) {
    return LeftAlone(*request, "the pod names its node; it is left as it is");
  }
  if (const std::string ask = ExplicitAsk(read->form); !ask.empty()) {
    // Made again from a pod that had our choice: that stands, and it is placed like a new one.
    if (WasChosenFor(read->pod)) return Regate(*request, *read);
    return LeftAlone(*request, fmt::format("the pod is left as it is: {}", ask));
  }
  return Admit(*request, *read);
}

Reviewed Admission::Regate(const ReviewRequest& request, const ReadPod& read) const {
  if (!settings_.gate || cluster::IsBehindGate(read.pod)) return Untouched(request);
  const std::string patch = GatePatch(read.form);
  return {.body = WriteReview({.uid = request.uid, .patch = patch}),
          .outcome = Outcome::kPatched,
          .what = "gated again; what was chosen before stands"};
}

Reviewed Admission::Admit(const ReviewRequest& request, const ReadPod& read) {
  const ContainerForm* container = ContainerOf(read);
  if (container == nullptr) return Refused(request, NoContainer(read));
  const auto decision = Decide(read.pod, request.uid, request.dry_run ? Run::kDry : Run::kReal);
  if (!decision) {
    return LeftAlone(request, "not ready yet: the pod is left as it is, without a GPU",
                     Outcome::kNotReady);
  }
  if (const auto* refusal = std::get_if<Refusal>(&*decision)) {
    return Refused(request, refusal->message);
  }
  const auto& choice = std::get<Choice>(*decision);
  const auto* claim = std::get_if<ClaimAsk>(&choice.ask);
  if (claim != nullptr && need_template_ && !request.dry_run) {
    if (const auto made = need_template_(request.ns, *claim); !made) {
      return LeftAlone(request, "the pod is left as it is, without a GPU: " + made.error().message,
                       Outcome::kNotReady);
    }
  }
  const std::string patch =
      PatchFor(choice, request.uid, {read.form, read.pod, *container, settings_.gate});
  return {
      .body = WriteReview(
          {.uid = request.uid, .patch = patch, .warnings = choice.warnings, .choice = choice.why}),
      .outcome = Outcome::kPatched,
      .what = choice.why};
}

}  // namespace tangram::adapter
