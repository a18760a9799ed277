// Writes of the control plane, sent to the API server.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "adapter/live/hardware_writes.h"
#include "adapter/live/mailbox.h"
#include "adapter/live/our_objects.h"
#include "control/actuator.h"
#include "kube/client.h"
#include "kube/events.h"
#include "kube/leader.h"
#include "kube/write.h"

namespace tangram::adapter {

// Every write carries the proof that we lead, is sent only while we do, and is over before another
// can (docs/high-availability.md): a leader that was paused writes nothing. Start is called on the
// control thread; outcomes go to the mailbox.
class KubeActuator final : public control::Actuator {
 public:
  // Who leads; without an election (one replica on a laptop) it says yes with an empty fence.
  using Leads = std::function<std::optional<kube::Fence>()>;
  // Borrowed: all must outlive it.
  KubeActuator(kube::Client& client, Mailbox& mailbox, kube::EventRecorder& events,
               const base::Clock& clock, Leads leads, MigLayoutsIn layouts,
               SharingConfigsIn sharing);

  void Start(Id id, control::Write write) override;

 private:
  using Then = std::function<void()>;  // after it succeeded; on the client's thread
  void Send(Id id, const kube::Fence& fence, kube::Call call, Then then = {});
  void Tell(const kube::Resource& kind, const control::ObjectRef& object,
            const std::vector<cluster::Condition>& news);
  void Delete(Id id, const kube::Fence& fence, const Deleted& what);
  using Got = std::function<void(const base::Result<std::string>& object)>;
  void Read(const kube::ObjectRef& ref, Got then);
  // Reads the object, and writes the patch that is made of it, if any.
  using MakePatch =
      std::function<base::Result<std::optional<std::string>>(const std::string& object)>;
  void ReadThenPatch(Id id, const kube::Fence& fence, kube::ObjectRef ref, MakePatch make);
  // Of a Reshare: first it is seen which configuration it needs.
  void CreateReshare(Id id, const kube::Fence& fence, control::CreateOperation create);
  void ChangeHardware(Id id, const kube::Fence& fence, const control::Write& write);
  void Report(Id id, base::Result<void> outcome);
  void Say(const control::SayWaiting& say);

  kube::Client& client_;
  Mailbox& mailbox_;
  kube::EventRecorder& events_;
  const base::Clock& clock_;
  Leads leads_;
  const MigLayoutsIn layouts_;
  const SharingConfigsIn sharing_;
  net::Scope scope_;  // last: ends the callbacks
};

}  // namespace tangram::adapter
