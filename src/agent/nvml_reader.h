// The real thing behind the port: libnvidia-ml.so.1, or what plays it in tests.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "agent/nvml.h"
#include "agent/nvml_follower.h"
#include "agent/nvml_session.h"

namespace tangram::agent {

// What the loader finds where the driver, or the container toolkit, put it.
inline constexpr const char* kNvmlLibrary = "libnvidia-ml.so.1";

// What may be changed.
struct NvmlRights {
  bool cut = false;           // cards
  bool limit_memory = false;  // of pods
};

// Loads the library at the first read, and again once the driver was reloaded: what was being read
// then is read again. Not thread-safe; a call may never return (NvmlGuard is for that).
class NvmlReader final : public Nvml {
 public:
  // Borrows `watch`.
  NvmlReader(std::string library, CallWatch& watch, NvmlRights may = {});

  base::Result<Driver> ReadDriver() override;
  base::Result<Card> ReadCard(int index) override;
  base::Result<Links> ReadLinks(const std::vector<Card>& cards) override;
  base::Result<Reading> ReadAgain(const Card& known) override;
  base::Result<ProcessSamples> ReadProcessSamples(int index) override;
  base::Result<Events> AwaitEvents(const std::vector<int>& cards, base::Milliseconds most) override;
  base::Result<CutResult<void>> Do(const MigStep& step) override;
  base::Result<CgroupMemory> ReadMemoryLimit(const CgroupOnCard& at) override;
  base::Result<void> SetMemoryLimit(const CgroupOnCard& at, base::MiB most) override;

 private:
  // Runs `read` in a session; twice where the driver goes away under the first.
  template <class T>
  base::Result<T> InSession(const std::function<base::Result<T>(NvmlSession&)>& read);
  void EndSession();

  std::string library_;
  CallWatch& watch_;
  NvmlRights may_;
  std::unique_ptr<NvmlSession> session_;
  std::unique_ptr<NvmlFollower> follower_;  // of the session, and gone before it
  bool lost_a_card_ = false;                // a card that came back shows in a new session alone
};

}  // namespace tangram::agent
