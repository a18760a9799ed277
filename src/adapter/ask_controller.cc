#include "adapter/ask_controller.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "adapter/live/our_objects.h"
#include "base/clock.h"
#include "kube/client.h"
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

base::Result<ViewAnswer> AskController(const kube::ConfigSources& cluster, ViewQuestion question,
                                       std::chrono::milliseconds patience) {
  const auto config = kube::LoadConfig(cluster);
  if (!config) return tl::unexpected(config.error());
  auto client = kube::Client::Open(*config);
  if (!client) return tl::unexpected(client.error());
  question.cluster = config->cluster;
  const auto created =
      (*client)->Send(kube::CreateCall({.resource = kViews}, RenderViewRequest(question)));
  if (!created) return tl::unexpected(created.error());
  const auto asked = ReadViewRequest(created->body);
  if (!asked) return tl::unexpected(asked.error());
  auto answer = WaitFor(**client, asked->name, patience);
  Drop(**client, *asked);
  return answer;
}

}  // namespace tangram::adapter
