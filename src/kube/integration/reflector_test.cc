// Reflectors against a real API server. See live.h.
#include "kube/reflector.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "base/text.h"
#include "kube/integration/live.h"
#include "net/testing/test_server.h"

namespace tangram::kube::integration {
namespace {

using namespace std::chrono_literals;
using net::testing::Reply;
using net::testing::SeenRequest;
using net::testing::TestServer;
using testing::AllOf;
using testing::HasSubstr;
using Change = Follower::Change;

std::int64_t Number(const std::string& resource_version) {
  return base::ParseInteger(resource_version).value_or(-1);
}

// "+r-1" or "~r-1=blue": what happened to whom.
std::string Told(const Change& change) {
  std::string text = change.what + change.now.meta.name;
  if (change.what == '~') text += "=" + change.now.color;
  return text;
}
std::vector<std::string> ToldOf(const std::vector<Change>& changes, const std::string& prefix) {
  std::vector<std::string> told;
  for (const Change& change : changes) {
    if (change.now.meta.name.starts_with(prefix)) told.push_back(Told(change));
  }
  return told;
}

class LiveReflectorTest : public LiveTest {
 protected:
  // Watches that the server ends after one or two seconds.
  static ReflectorOptions OursInShortWatches() {
    ReflectorOptions options;
    options.list = Ours();
    options.watch_time = 1s;
    options.backoff = {.first = 10ms, .cap = 500ms};
    return options;
  }
};

TEST_F(LiveReflectorTest, StoresAreWhatKubectlLists) {
  Follower pods(*admin_, kPods);
  Follower nodes(*admin_, kNodes);
  ASSERT_TRUE(pods.WaitSynced());
  ASSERT_TRUE(nodes.WaitSynced());
  EXPECT_TRUE(Eventually([&] { return pods.All() == KubectlList(*bed_, {"pods", "-A"}); }));
  EXPECT_TRUE(Eventually([&] { return nodes.All() == KubectlList(*bed_, {"nodes"}); }));
  EXPECT_EQ(nodes.store().size(), 7U);
  EXPECT_GE(pods.store().size(), 10U);
  EXPECT_FALSE(pods.Read().error);
}

// With a gate nobody but us changes the pod, and it goes at once.
TEST_F(LiveReflectorTest, KubectlsChangesArriveInOrder) {
  Follower pods(*admin_, kPods);
  ASSERT_TRUE(pods.WaitSynced());
  const std::string file = testing::TempDir() + "/gated-" + std::to_string(::getpid()) + ".json";
  std::ofstream(file) << R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"gated"},"spec":{
    "schedulingGates":[{"name":"tangram.dev/test"}],"containers":[{"name":"a","image":"a"}]}})";
  bed_->Kubectl({"create", "-n", "default", "-f", file});
  std::remove(file.c_str());
  ASSERT_TRUE(pods.WaitFor('+', "gated", ""));
  bed_->Kubectl({"label", "-n", "default", "pod", "gated", "color=blue"});
  ASSERT_TRUE(pods.WaitFor('~', "gated", "blue"));
  bed_->Kubectl({"delete", "-n", "default", "pod", "gated"});
  ASSERT_TRUE(pods.WaitFor('-', "gated", "blue"));

  std::vector<Change> ours = pods.Changes();
  std::erase_if(ours, [](const Change& change) { return change.now.meta.name != "gated"; });
  EXPECT_EQ(ours.front().what, '+');
  EXPECT_EQ(ours.back().what, '-');
  ours.pop_back();  // it shows the object as it was last
  for (std::size_t i = 1; i < ours.size(); ++i) {
    EXPECT_EQ(ours[i].what, '~');
    EXPECT_GT(Number(ours[i].now.meta.resource_version),
              Number(ours[i - 1].now.meta.resource_version));
    EXPECT_EQ(ours[i].before, ours[i - 1].now.color);
    EXPECT_EQ(ours[i].now.meta.uid, ours[0].now.meta.uid);
  }
  EXPECT_EQ(pods.store().Find({"default", "gated"}), nullptr);
  EXPECT_EQ(pods.Read().lists, 1U);
}

// We go on writing while one watch after the other ends.
TEST_F(LiveReflectorTest, ResumesWithoutALossOrARepeat) {
  Follower maps(*admin_, kConfigMaps, OursInShortWatches());
  ASSERT_TRUE(maps.WaitSynced());
  std::vector<std::string> did;
  const auto until = base::MonotonicNow() + kPatience;
  for (int i = 0; maps.Read().watches < 5 && base::MonotonicNow() < until; ++i) {
    const std::string name = "r-" + std::to_string(i);
    Create(kConfigMaps, name);
    Paint(kConfigMaps, name, "red");
    Paint(kConfigMaps, name, "blue");
    did.insert(did.end(), {"+" + name, "~" + name + "=red", "~" + name + "=blue"});
    if (i % 2 == 1) {
      Delete(kConfigMaps, name);
      did.push_back("-" + name);
    }
  }
  EXPECT_TRUE(maps.WaitFor([&](const auto& changes) { return changes.size() >= did.size(); }));
  const std::vector<Change> changes = maps.Changes();
  EXPECT_EQ(ToldOf(changes, ""), did);
  EXPECT_TRUE(std::is_sorted(changes.begin(), changes.end(), [](const auto& a, const auto& b) {
    return b.what != '-' && a.what != '-' &&
           Number(a.now.meta.resource_version) < Number(b.now.meta.resource_version);
  }));
  EXPECT_GE(maps.Read().watches, 5U);
  EXPECT_EQ(maps.Read().lists, 1U);
  EXPECT_FALSE(maps.Read().error) << maps.Read().error->message;
}

// Events are not cached and bring no bookmarks: after a quiet watch our version is an old one.
TEST_F(LiveReflectorTest, VersionThatIsTooOldMeansANewList) {
  Follower events(*admin_, kEvents, OursInShortWatches());
  ASSERT_TRUE(events.WaitSynced());
  Create(kConfigMaps, "a-later-version");
  bed_->ForgetOldVersions();
  EXPECT_TRUE(Eventually([&] { return events.Read().lists >= 2; }));
  Create(kEvents, "after-expiry");
  EXPECT_TRUE(events.WaitFor('+', "after-expiry", ""));
  Paint(kEvents, "after-expiry", "blue");
  EXPECT_TRUE(events.WaitFor('~', "after-expiry", "blue"));
  EXPECT_EQ(ToldOf(events.Changes(), ""),
            (std::vector<std::string>{"+after-expiry", "~after-expiry=blue"}));
}

// Stands before the real server, which it asks all questions; of the first list it changes the
// resourceVersion into one that the server has not reached.
class FromTheFuture {
 public:
  explicit FromTheFuture(const Config& config)
      : real_({.tls = config.tls}),
        base_(config.server),
        server_([this](const SeenRequest& request) { return Forward(request.target); }) {}

  std::unique_ptr<Client> Open() const {
    Config config{.server = server_.Url(), .source = "the test"};
    return std::move(*Client::Open(config));
  }

 private:
  net::testing::Answer Forward(const std::string& target) {
    net::Request request;
    request.url = base_ + target;
    request.headers.emplace_back("Accept", "application/json");
    auto answer = real_.Send(request);
    if (!answer) return Reply(502, answer.error().message);
    const std::string field = "\"resourceVersion\":\"";
    const auto at = answer->body.find(field);
    if (target.find("watch=1") == std::string::npos && !changed_ && at != std::string::npos) {
      changed_ = true;
      answer->body.insert(at + field.size(), "99999");
    }
    return Reply(answer->status, answer->body);
  }

  net::HttpClient real_;
  std::string base_;
  bool changed_ = false;  // the server's thread
  TestServer server_;
};

TEST_F(LiveReflectorTest, VersionThatTheServerHasNotReachedMeansANewListInTheEnd) {
  const FromTheFuture front(bed_->ConfigOf("kubeconfig"));
  const auto client = front.Open();
  Follower maps(*client, kConfigMaps, OursInShortWatches());
  ASSERT_TRUE(maps.WaitSynced());
  Create(kConfigMaps, "not-told-by-a-watch");
  EXPECT_TRUE(maps.WaitFor('+', "not-told-by-a-watch", ""));
  EXPECT_EQ(maps.Read().lists, 2U);
  EXPECT_GE(maps.Read().watches, 3U);
}

TEST_F(LiveReflectorTest, ForbiddenKindNamesTheRule) {
  const auto client = bed_->Open("kubeconfig-restricted");
  ASSERT_NE(client, nullptr);
  Follower maps(*client, kConfigMaps);
  const auto synced = maps.WaitSynced();
  ASSERT_FALSE(synced);
  EXPECT_EQ(synced.error().code, base::ErrorCode::kDenied);
  EXPECT_THAT(synced.error().message,
              HasSubstr("{apiGroups: [\"\"], resources: [configmaps], verbs: [list]}"));
}

// This user may list pods, and no more.
TEST_F(LiveReflectorTest, ForbiddenWatchNamesTheRuleAndKeepsTheList) {
  const auto client = bed_->Open("kubeconfig-restricted");
  ASSERT_NE(client, nullptr);
  Follower pods(*client, kPods);
  ASSERT_TRUE(pods.WaitSynced());
  ASSERT_TRUE(Eventually([&] { return pods.Read().error.has_value(); }));
  EXPECT_EQ(pods.Read().error->code, base::ErrorCode::kDenied);
  EXPECT_THAT(pods.Read().error->message,
              HasSubstr("{apiGroups: [\"\"], resources: [pods], verbs: [watch]}"));
  EXPECT_GE(pods.store().size(), 10U);
}

TEST_F(LiveReflectorTest, UnservedKindIsAbsentEvenWhereListingIsForbidden) {
  for (const char* kubeconfig : {"kubeconfig", "kubeconfig-restricted"}) {
    const auto client = bed_->Open(kubeconfig);
    ASSERT_NE(client, nullptr);
    Follower things(*client, {"nothing.example", "v1", "things", "Thing"});
    const auto synced = things.WaitSynced();
    ASSERT_TRUE(synced) << kubeconfig << ": " << synced.error().message;
    EXPECT_TRUE(things.Read().absent) << kubeconfig;
    EXPECT_EQ(things.store().size(), 0U);
  }
}

TEST_F(LiveReflectorTest, ExpiredTokenIsSaidAtOnce) {
  const auto client = bed_->Open("kubeconfig-expired-token");
  ASSERT_NE(client, nullptr);
  Follower pods(*client, kPods);
  const auto synced = pods.WaitSynced();
  ASSERT_FALSE(synced);
  EXPECT_EQ(synced.error().code, base::ErrorCode::kDenied);
  EXPECT_THAT(synced.error().message, AllOf(HasSubstr("401"), HasSubstr("renew the token")));
}

TEST_F(LiveReflectorTest, CredentialPluginServesListAndWatch) {
  const auto client = bed_->Open("kubeconfig-exec");
  ASSERT_NE(client, nullptr);
  Follower namespaces(*client, {"", "v1", "namespaces", "Namespace"});
  ASSERT_TRUE(namespaces.WaitSynced());
  bed_->Kubectl({"create", "namespace", "made-while-watching"});
  EXPECT_TRUE(namespaces.WaitFor('+', "made-while-watching", ""));
  bed_->Kubectl({"delete", "namespace", "made-while-watching", "--wait=false"});
  EXPECT_TRUE(namespaces.WaitFor('-', "made-while-watching", ""));
}

TEST_F(LiveReflectorTest, OpenWatchesEndWithoutWaiting) {
  auto client = bed_->Open("kubeconfig");
  ASSERT_NE(client, nullptr);
  auto pods = std::make_unique<Follower>(*client, kPods);
  ReflectorOptions options;
  options.list = Ours();
  auto maps = std::make_unique<Follower>(*client, kConfigMaps, options);
  ASSERT_TRUE(pods->WaitSynced());
  ASSERT_TRUE(maps->WaitSynced());
  Create(kConfigMaps, "shows-that-the-watch-is-open");
  ASSERT_TRUE(maps->WaitFor('+', "shows-that-the-watch-is-open", ""));
  const auto began = base::MonotonicNow();
  pods.reset();
  maps.reset();
  client.reset();
  EXPECT_LT(base::MonotonicNow() - began, 1s);
}

}  // namespace
}  // namespace tangram::kube::integration
