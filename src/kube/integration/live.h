// What the integration tests share: a testbed's files, kubectl, and a reflector whose changes are
// written down. For tests alone.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "kube/client.h"
#include "kube/config.h"
#include "kube/process.h"
#include "kube/reflector.h"
#include "kube/store.h"
#include "net/http.h"

namespace tangram::kube::integration {

// How long anything may take on a busy machine before a test gives up on it.
inline constexpr std::chrono::seconds kPatience{60};

inline const Resource kPods{"", "v1", "pods", "Pod"};
inline const Resource kNodes{"", "v1", "nodes", "Node"};
inline const Resource kConfigMaps{"", "v1", "configmaps", "ConfigMap"};
// The API server keeps no cache of events: what it says of old versions is what etcd says.
inline const Resource kEvents{"", "v1", "events", "Event"};

// The folder of a testbed (testbed/README.md).
class Testbed {
 public:
  explicit Testbed(std::string dir) : dir_(std::move(dir)) {}

  Config ConfigOf(const std::string& kubeconfig) const {
    ConfigSources sources;
    sources.kubeconfig = dir_ + "/" + kubeconfig;
    auto config = LoadConfig(sources);
    EXPECT_TRUE(config) << config.error().message;
    return config.value_or(Config{});
  }
  std::unique_ptr<Client> Open(const std::string& kubeconfig) const {
    auto client = Client::Open(ConfigOf(kubeconfig));
    EXPECT_TRUE(client) << client.error().message;
    return client ? std::move(*client) : nullptr;
  }
  // What kubectl wrote, as the administrator. A failure of it is one of the test.
  std::string Kubectl(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), Env("KUBECTL"));
    Command command{.argv = std::move(arguments), .env = {{"KUBECONFIG", dir_ + "/kubeconfig"}}};
    command.max_output = std::size_t{64} << 20;
    const StopFlag never;
    const auto run = RunCommand(command, never);
    EXPECT_TRUE(run) << run.error().message;
    if (!run) return "";
    EXPECT_EQ(run->exit_code, 0) << run->err;
    return run->out;
  }
  // Makes etcd forget every version before the one of now.
  void ForgetOldVersions() const {
    std::ifstream file(dir_ + "/state.json");
    const std::string etcd = nlohmann::json::parse(file).value("etcd", "");
    const std::string any_key = R"({"key":"eA=="})";
    const auto now = nlohmann::json::parse(Post(etcd + "/v3/kv/range", any_key), nullptr, false);
    ASSERT_TRUE(now.contains("header")) << now;
    const nlohmann::json compaction = {{"revision", now["header"]["revision"]}};
    Post(etcd + "/v3/kv/compaction", compaction.dump());
  }

 private:
  static std::string Post(const std::string& url, const std::string& body) {
    net::HttpClient http({});
    net::Request request{.method = "POST", .url = url};
    request.body = body;
    const auto answer = http.Send(request);
    EXPECT_TRUE(answer) << answer.error().message;
    if (!answer) return "";
    EXPECT_EQ(answer->status, 200) << url << ": " << answer->body;
    return answer->body;
  }
  // The value of NAME= in the testbed's env.
  std::string Env(const std::string& name) const {
    std::ifstream file(dir_ + "/env");
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with(name + "=")) return line.substr(name.size() + 1);
    }
    return "";
  }

  std::string dir_;
};

// What the tests compare of an object.
struct Seen {
  ObjectMeta meta{};
  std::string color{};  // the label
};

inline base::Result<Seen> DecodeSeen(simdjson::ondemand::object& object) {
  auto meta = ReadMeta(object);
  if (!meta) return tl::unexpected<base::Error>(meta.error());
  Seen seen{std::move(*meta), {}};
  std::string_view color;
  if (object["metadata"]["labels"]["color"].get_string().get(color) == simdjson::SUCCESS) {
    seen.color = color;
  }
  return seen;
}

// "team-a/x uid version": what must be equal where two lists are.
inline std::string Identity(const ObjectMeta& meta) {
  return meta.ns + "/" + meta.name + " " + meta.uid + " " + meta.resource_version;
}
using Identities = std::set<std::string>;

inline Identities KubectlList(const Testbed& bed, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "get");
  arguments.insert(arguments.end(), {"-o", "json"});
  const auto list = nlohmann::json::parse(bed.Kubectl(std::move(arguments)), nullptr, false);
  Identities all;
  for (const auto& item : list.is_object() ? list["items"] : nlohmann::json::array()) {
    const auto& meta = item["metadata"];
    all.insert(Identity({"", meta.value("namespace", ""), meta.value("name", ""),
                         meta.value("uid", ""), meta.value("resourceVersion", "")}));
  }
  return all;
}

// A reflector with its store, and what the store told of objects that `wanted` names, in order.
class Follower {
 public:
  struct Change {
    char what = ' ';       // + added, ~ updated, - deleted as seen, ? deleted as inferred
    Seen now{};            // of a deletion: as it was last
    std::string before{};  // of an update: the color
  };

  Follower(Client& client, Resource resource, ReflectorOptions options = {})
      : store_(DecodeSeen, Handler()),
        reflector_(
            std::make_unique<Reflector>(client, std::move(resource), std::move(options), store_)) {
    reflector_->Start();
  }

  const Store<Seen>& store() const { return store_; }
  Reflector::Status Read() const { return reflector_->Read(); }
  base::Result<void> WaitSynced() const { return reflector_->WaitSynced(kPatience); }
  void Stop() { reflector_.reset(); }

  Identities All() const {
    Identities all;
    for (const auto& [key, value] : store_.All()) all.insert(Identity(value->meta));
    return all;
  }
  std::vector<Change> Changes() const {
    const base::MutexLock lock(mutex_);
    return changes_;
  }
  // Waits until `enough`, which is asked anew after each change; false when it takes too long.
  bool WaitFor(const std::function<bool(const std::vector<Change>&)>& enough) const {
    const auto until = base::MonotonicNow() + kPatience;
    const base::MutexLock lock(mutex_);
    while (!enough(changes_)) {
      if (base::MonotonicNow() >= until) return false;
      changed_.WaitUntil(mutex_, until);
    }
    return true;
  }
  // Waits for a change of the object of that name.
  bool WaitFor(char what, const std::string& name, const std::string& color) const {
    return WaitFor([&](const std::vector<Change>& changes) {
      return std::any_of(changes.begin(), changes.end(), [&](const Change& change) {
        return change.what == what && change.now.meta.name == name && change.now.color == color;
      });
    });
  }

 private:
  StoreHandler<Seen> Handler() {
    return {.on_added = [this](const ObjectKey&, const Seen& now) { Note({'+', now, {}}); },
            .on_updated = [this](const ObjectKey&, const Seen& before,
                                 const Seen& now) { Note({'~', now, before.color}); },
            .on_deleted =
                [this](const ObjectKey&, const Seen& last, Deletion how) {
                  Note({how == Deletion::kSeen ? '-' : '?', last, {}});
                }};
  }
  void Note(Change change) {
    const base::MutexLock lock(mutex_);
    changes_.push_back(std::move(change));
    changed_.NotifyAll();
  }

  mutable base::Mutex mutex_;
  mutable base::CondVar changed_;
  std::vector<Change> changes_ GUARDED_BY(mutex_);
  Store<Seen> store_;
  std::unique_ptr<Reflector> reflector_;
};

// Asks again until it is true; for what no event of ours tells, as a list of kubectl's.
inline bool Eventually(const std::function<bool()>& is) {
  constexpr std::chrono::milliseconds kPause{10};  // leaves the processor to the server
  for (const auto until = base::MonotonicNow() + kPatience; base::MonotonicNow() < until;) {
    if (is()) return true;
    std::this_thread::sleep_for(kPause);
  }
  return false;
}

class LiveTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* dir = std::getenv("TANGRAM_TESTBED");
    if (dir == nullptr) {
      GTEST_SKIP() << "TANGRAM_TESTBED is not set: testbed/e2e brings a testbed up and runs these";
    }
    bed_ = std::make_unique<Testbed>(dir);
    admin_ = bed_->Open("kubeconfig");
    ASSERT_NE(admin_, nullptr);
  }

  void TearDown() override {
    for (const Resource& resource : wrote_) {
      Call call{.asked = {.verb = "deletecollection", .resource = resource, .ns = "default"}};
      call.method = "DELETE";
      call.path = resource.Path("default");
      call.query = {{"labelSelector", "tangram-test"}};
      const auto answer = admin_->Send(call);
      EXPECT_TRUE(answer) << answer.error().message;
    }
  }

  // Requests of our own client in the namespace "default": many are needed, and kubectl takes long
  // to start. The objects carry the label "tangram-test".
  void Create(const Resource& resource, const std::string& name) {
    nlohmann::json object = {{"apiVersion", "v1"},
                             {"kind", resource.kind},
                             {"metadata", {{"name", name}, {"labels", {{"tangram-test", "yes"}}}}}};
    if (resource == kEvents) object["involvedObject"] = {{"namespace", "default"}};
    Write("POST", resource, "", object.dump());
  }
  void Paint(const Resource& resource, const std::string& name, const std::string& color) {
    const nlohmann::json patch = {{"metadata", {{"labels", {{"color", color}}}}}};
    Write("PATCH", resource, name, patch.dump());
  }
  void Delete(const Resource& resource, const std::string& name) {
    Write("DELETE", resource, name, "");
  }
  static ListOptions Ours() {
    ListOptions options;
    options.ns = "default";
    options.label_selector = "tangram-test";
    return options;
  }

  std::unique_ptr<Testbed> bed_;
  std::unique_ptr<Client> admin_;

 private:
  void Write(const std::string& method, const Resource& resource, const std::string& name,
             const std::string& body) {
    if (std::find(wrote_.begin(), wrote_.end(), resource) == wrote_.end()) {
      wrote_.push_back(resource);
    }
    Call call{.asked = {.verb = method, .resource = resource, .ns = "default", .name = name}};
    call.method = method;
    call.path = resource.Path("default", name);
    call.body = body;
    if (method == "PATCH") call.content_type = "application/merge-patch+json";
    const auto answer = admin_->Send(call);
    ASSERT_TRUE(answer) << answer.error().message;
  }

  std::vector<Resource> wrote_;
};

}  // namespace tangram::kube::integration
