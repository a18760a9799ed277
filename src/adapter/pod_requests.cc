#include "adapter/pod_requests.h"

namespace tangram::adapter {

Amounts TotalOf(const PodRequests& requests, Fault& fault) {
  Amounts running;
  for (const ContainerRequest& container : requests.containers) {
    running = Sum(running, container.amounts, fault);
  }
  Amounts sidecars;
  Amounts starting;
  for (const ContainerRequest& init : requests.init) {
    const Amounts together = Sum(sidecars, init.amounts, fault);
    if (init.restarts) {
      sidecars = together;
      running = Sum(running, init.amounts, fault);
    }
    starting = Larger(starting, together);
  }
  Amounts total = Larger(running, starting);
  if (requests.pod_level.milli_cpu) total.milli_cpu = requests.pod_level.milli_cpu;
  if (requests.pod_level.bytes) total.bytes = requests.pod_level.bytes;
  return Sum(total, requests.overhead, fault);
}

Amounts ReadResources(Json resources) {
  Amounts asked;
  Amounts limits;
  resources.Fields([&](std::string_view key, Json field) {
    if (key == "requests") asked = ReadAmounts(field);
    if (key == "limits") limits = ReadAmounts(field);
  });
  return Or(asked, limits);
}

std::vector<ContainerRequest> ReadContainers(Json list) {
  std::vector<ContainerRequest> containers;
  list.Items([&](Json item) {
    ContainerRequest container;
    item.Fields([&](std::string_view key, Json field) {
      if (key == "resources") container.amounts = ReadResources(field);
      if (key == "restartPolicy") container.restarts = field.Text() == "Always";
    });
    containers.push_back(std::move(container));
  });
  return containers;
}

}  // namespace tangram::adapter
