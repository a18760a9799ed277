// Questions to the controller and their answers, as ViewRequest objects (docs/views.md).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace tangram::adapter {

enum class ViewCommand { kExplain, kPlan, kTop };

struct ViewQuestion {
  ViewCommand command = ViewCommand::kPlan;
  std::vector<std::string> arguments{};  // as on a command line, the command itself left out
  std::string cluster{};                 // what who asks calls it
  bool terminal = false;                 // in colours
  bool operator==(const ViewQuestion&) const = default;
};

struct ViewAnswer {
  bool refused = false;  // not worked out; `messages` say why
  int exit_code = 0;
  std::string output{};
  std::string messages{};
  base::Time taken_at{};  // of the cluster that it is about
  bool operator==(const ViewAnswer&) const = default;
};

// A ViewRequest as the API server has it.
struct ViewRequest {
  std::string name{};
  std::string uid{};
  ViewQuestion question{};
  std::optional<ViewAnswer> answer{};  // absent: none yet
};
base::Result<ViewRequest> ReadViewRequest(std::string_view json);

// The object to create; the API server makes its name.
std::string RenderViewRequest(const ViewQuestion& question);

// The status; what is long is compressed. Where it is too long for an object, a refusal that says
// so. `fence`: kFenceAnnotation; empty: none.
std::string RenderViewStatus(const ViewAnswer& answer, const std::string& fence);

}  // namespace tangram::adapter
