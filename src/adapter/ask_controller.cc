#include "adapter/ask_controller.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "adapter/live/our_objects.h"
#include "base/clock.h"
#include "kube/write.h"

namespace tangram::adapter {
namespace {

using namespace std::chrono_literals;

// An answer takes some milliseconds where the cluster is small, and a second where it is large.
constexpr std::chrono::milliseconds kFirstLook = 20ms;
constexpr std::chrono::milliseconds kLastLook = 200ms;

// The controller deletes what we leave behind.
void Drop(kube::Client& client, const ViewRequest& request) {
  kube::Call call = DropCall(request);
  call.repeat = kube::Repeat::kNever;
  call.timeout = 1s;
  static_cast<void>(client.Send(call));
}

base::Result<ViewAnswer> WaitFor(kube::Client& client, const std::string& name,
                                 std::chrono::milliseconds patience) {
  const auto until = base::MonotonicNow() + patience;
  for (auto wait = kFirstLook;; wait = std::min(2 * wait, kLastLook)) {
    std::this_thread::sleep_for(wait);
    const auto text = client.Get(kViews, "", name);
    if (!text) return tl::unexpected(text.error());
    auto request = ReadViewRequest(*text);
    if (!request) return tl::unexpected(request.error());
    if (request->answer) return *std::move(request->answer);
    if (base::MonotonicNow() >= until) {
      return base::Fail(base::ErrorCode::kLater, "no controller answers; is one running?");
    }
  }
}

}  // namespace

ControllerLink::ControllerLink(std::unique_ptr<kube::Client> client, std::string cluster)
    : client_(std::move(client)), cluster_(std::move(cluster)) {}

base::Result<ControllerLink> ControllerLink::Open(const kube::ConfigSources& cluster) {
  const auto config = kube::LoadConfig(cluster);
  if (!config) return tl::unexpected(config.error());
  auto client = kube::Client::Open(*config);
  if (!client) return tl::unexpected(client.error());
  return ControllerLink(*std::move(client), config->cluster);
}

base::Result<ViewAnswer> ControllerLink::Ask(ViewQuestion question,
                                             std::chrono::milliseconds patience) {
  question.cluster = cluster_;
  const auto created =
      client_->Send(kube::CreateCall({.resource = kViews}, RenderViewRequest(question)));
  if (!created) return tl::unexpected(created.error());
  const auto asked = ReadViewRequest(created->body);
  if (!asked) return tl::unexpected(asked.error());
  auto answer = WaitFor(*client_, asked->name, patience);
  Drop(*client_, *asked);
  return answer;
}

}  // namespace tangram::adapter
