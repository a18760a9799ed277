// Keeps a copy of a collection: LIST, then WATCH from there, for ever.
#pragma once

#include <simdjson.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/mutex.h"
#include "base/result.h"
#include "kube/backoff.h"
#include "kube/client.h"
#include "kube/list.h"
#include "kube/resource.h"
#include "kube/watch.h"

namespace tangram::kube {

// Where a Reflector puts what it sees. All calls come on the client's thread, one after the other.
class ObjectSink {
 public:
  virtual ~ObjectSink() = default;
  // A new list begins; what an unfinished one gathered is forgotten.
  virtual void BeginReplace() = 0;
  virtual base::Result<void> AddToReplace(simdjson::ondemand::object& item) = 0;
  // The list is whole: what was not in it is gone.
  virtual void FinishReplace() = 0;
  // The server does not have the resource (any more): an empty list.
  virtual void BecomeAbsent() {
    BeginReplace();
    FinishReplace();
  }
  // One change; never a bookmark.
  virtual base::Result<void> Apply(const WatchEvent& event, simdjson::ondemand::object& item) = 0;
};

struct ReflectorOptions {
  ListOptions list{};
  Backoff::Limits backoff{};  // between failures, with full jitter
  // The server ends a watch after a random time from here to twice this, so that the watches of a
  // fleet do not come back together.
  std::chrono::seconds watch_time{300};
  // A watch with no byte for this long is given up and resumed; bookmarks come about every minute.
  std::chrono::milliseconds idle_timeout{150'000};
  // After so many watches in a row without an event or a bookmark: list again. A server whose store
  // went back in time (etcd restored from a backup) sends nothing to who has seen a later version.
  // Kubernetes 1.36.1: observed.
  int max_silent_watches = 3;
  std::size_t max_event = std::size_t{32} << 20;  // bytes; a longer one means list again
  // How often to look for a resource that the server does not have (yet).
  std::chrono::milliseconds absent_recheck{60'000};
  // Told on the client's thread whether the server has it: once that is known, and when it changes.
  enum class Served { kYes, kNo };
  std::function<void(Served)> on_served{};
};

// Runs on the client's thread; its own methods are safe from any thread. A resource that the server
// does not have counts as empty and synced. Whatever the server sends, the sink sees a list and
// then changes in order, or a new list; broken or oversized input is an error in Status and a new
// list.
class Reflector {
 public:
  struct Status {
    bool synced = false;  // the sink has had one whole list; stays true
    bool absent = false;  // the server does not have the resource
    // What went wrong last; nothing while the watch goes well.
    std::optional<base::Error> error{};
    std::size_t lists = 0;    // begun
    std::size_t watches = 0;  // begun
  };

  // Borrowed: client and sink must outlive it. Nothing runs before Start.
  Reflector(Client& client, Resource resource, ReflectorOptions options, ObjectSink& sink);
  // No call to the sink after it. Not on the client's own thread.
  ~Reflector() = default;
  Reflector(const Reflector&) = delete;
  Reflector& operator=(const Reflector&) = delete;

  void Start();
  Status Read() const;
  bool Synced() const { return Read().synced; }
  // Blocks until synced. The error of the last try if that one needs a person (kDenied, kInvalid)
  // or the time is over.
  base::Result<void> WaitSynced(std::chrono::milliseconds limit) const;
  const Resource& resource() const { return resource_; }

 private:
  // The watch that is open.
  struct Stream {
    Stream(std::size_t max_event) : framer(max_event) {}
    LineFramer framer;
    int status = 0;
    std::string refusal;  // the body of an answer that is no stream
    std::chrono::milliseconds retry_after{0};
    std::chrono::steady_clock::time_point began;
    bool progress = false;
    std::optional<base::Error> error;  // why we ended it
  };

  void List();
  void NextPage();
  void TakePage(base::Result<net::Response> answer);
  void FinishList();
  void ListAgain(const base::Error& error);
  void BecomeAbsent();
  void TellServed(ReflectorOptions::Served served);
  void AskWhetherServed(const base::Error& denied);
  void Watch();
  Call WatchCall() const;
  void TakeHead(const net::Response& head);
  bool TakeData(std::string_view chunk);
  bool TakeLine(simdjson::padded_string_view line);
  void TakeEnd(const base::Result<int>& status);
  bool SilentTooOften(std::chrono::nanoseconds lasted);
  base::Error WhyEnded(const base::Result<int>& status) const;
  void After(std::chrono::milliseconds delay, void (Reflector::*step)());
  void Note(const std::function<void(Status&)>& change);

  Client& client_;
  const Resource resource_;
  const ReflectorOptions options_;
  ObjectSink& sink_;

  // The client's thread alone.
  Backoff backoff_;
  std::unique_ptr<ListCursor> cursor_;
  std::unique_ptr<Stream> stream_;
  std::string resource_version_;
  int silent_watches_ = 0;  // since the last list, event or bookmark
  std::optional<ReflectorOptions::Served> served_;
  simdjson::ondemand::parser parser_;

  mutable base::Mutex mutex_;
  mutable base::CondVar changed_;
  Status status_ GUARDED_BY(mutex_);

  net::Scope scope_;  // last: it ends the callbacks before anything above goes
};

}  // namespace tangram::kube
