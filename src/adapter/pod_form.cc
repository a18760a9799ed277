#include "adapter/pod_form.h"

#include <algorithm>
#include <array>
#include <utility>

#include "adapter/json.h"

namespace tangram::adapter {
namespace {

constexpr std::array<std::string_view, 9> kGpuResources = {
    "nvidia.com/",          "amd.com/gpu",           "gpu.intel.com/",
    "habana.ai/",           "aws.amazon.com/neuron", "google.com/tpu",
    "alibabacloud.com/gpu", "aliyun.com/gpu",        "deviceclass.resource.kubernetes.io/"};

void NoteGpu(Json amounts, ContainerForm& form) {
  amounts.Fields([&](std::string_view resource, Json) {
    if (form.gpu_resource.empty() && IsGpuResource(resource)) form.gpu_resource = resource;
  });
}

void ReadResources(Json resources, ContainerForm& form) {
  form.has_resources = true;
  resources.Fields([&](std::string_view key, Json field) {
    if (key == "limits") {
      form.has_limits = true;
      NoteGpu(field, form);
    } else if (key == "requests") {
      form.has_requests = true;
      NoteGpu(field, form);
    } else if (key == "claims") {
      form.has_claims = true;
    }
  });
}

std::string NameIn(Json item) {
  std::string name;
  item.Fields([&](std::string_view key, Json field) {
    if (key == "name") name = field.Text();
  });
  return name;
}

ContainerForm ReadContainer(Json item) {
  ContainerForm form;
  item.Fields([&](std::string_view key, Json field) {
    if (key == "name") form.name = field.Text();
    if (key == "restartPolicy") form.restarts = field.Text() == "Always";
    if (key == "resources") ReadResources(field, form);
    if (key != "env") return;
    form.has_env = true;
    field.Items([&](Json variable) { form.env.push_back(NameIn(variable)); });
  });
  return form;
}

std::vector<ContainerForm> ReadContainerForms(Json list) {
  std::vector<ContainerForm> forms;
  list.Items([&](Json item) {
    const std::size_t index = item.index();
    forms.push_back(ReadContainer(item));
    forms.back().index = index;
  });
  return forms;
}

TermForm ReadTerm(Json item) {
  TermForm term;
  item.Fields([&](std::string_view key, Json field) {
    if (key != "matchExpressions" && key != "matchFields") return;
    if (key == "matchExpressions") term.has_expressions = true;
    field.Items([&](Json) { term.holds_never = false; });
  });
  return term;
}

void ReadRequired(Json required, PodForm& form) {
  form.has_required = true;
  required.Fields([&](std::string_view key, Json field) {
    if (key != "nodeSelectorTerms") return;
    form.has_terms = true;
    form.terms.clear();
    field.Items([&](Json item) {
      const std::size_t index = item.index();
      form.terms.resize(index + 1);
      form.terms[index] = ReadTerm(item);
    });
  });
}

void ReadAffinityForm(Json affinity, PodForm& form) {
  form.has_affinity = true;
  affinity.Fields([&](std::string_view key, Json field) {
    if (key != "nodeAffinity") return;
    form.has_node_affinity = true;
    field.Fields([&](std::string_view inner, Json value) {
      if (inner == "requiredDuringSchedulingIgnoredDuringExecution") ReadRequired(value, form);
    });
  });
}

void ReadSpec(Json spec, PodForm& form, std::vector<ContainerForm>& init) {
  spec.Fields([&](std::string_view key, Json field) {
    if (key == "containers") form.containers = ReadContainerForms(field);
    if (key == "initContainers") init = ReadContainerForms(field);
    if (key == "affinity") ReadAffinityForm(field, form);
    if (key == "tolerations") form.has_tolerations = true;
    if (key == "schedulingGates") form.has_gates = true;
    if (key == "priority") form.has_priority = true;
    if (key == "preemptionPolicy") form.has_preemption_policy = true;
    if (key != "resourceClaims") return;
    form.has_claims = true;
    field.Items([&](Json item) { form.claim_names.push_back(NameIn(item)); });
  });
}

}  // namespace

bool IsGpuResource(std::string_view resource) {
  return std::any_of(kGpuResources.begin(), kGpuResources.end(),
                     [&](std::string_view known) { return resource.starts_with(known); });
}

base::Result<PodForm> ReadPodForm(simdjson::ondemand::object pod) {
  Fault fault;
  PodForm form;
  std::vector<ContainerForm> init;
  Walk(pod, fault, [&](std::string_view key, Json field) {
    if (key == "spec") ReadSpec(field, form, init);
    if (key != "metadata") return;
    field.Fields([&](std::string_view inner, Json) {
      if (inner == "labels") form.has_labels = true;
      if (inner == "annotations") form.has_annotations = true;
    });
  });
  if (fault.Found()) return tl::unexpected(ErrorOf(fault, "Pod", "", ""));
  for (ContainerForm& container : init) {
    container.init = true;
    form.containers.push_back(std::move(container));
  }
  return form;
}

}  // namespace tangram::adapter
