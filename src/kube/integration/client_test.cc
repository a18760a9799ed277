// The client against a real API server: pages, and who may not. See live.h.
#include <gmock/gmock.h>

#include "kube/integration/live.h"

namespace tangram::kube::integration {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::vector<std::string> InOrder(Client& client, const Resource& resource, int page_size) {
  ListOptions options;
  options.page_size = page_size;
  const auto all = ListAll<Seen>(client, resource, options, DecodeSeen);
  EXPECT_TRUE(all) << all.error().message;
  std::vector<std::string> names;
  for (const Seen& seen : all.value_or(std::vector<Seen>{})) {
    names.push_back(Identity(seen.meta));
  }
  return names;
}

TEST_F(LiveTest, SmallPagesGiveTheListOfOnePage) {
  // Nodes beat and pods move: compare two lists between which nothing changed.
  std::vector<std::string> before;
  std::vector<std::string> paged;
  EXPECT_TRUE(Eventually([&] {
    before = InOrder(*admin_, kPods, 0);
    paged = InOrder(*admin_, kPods, 3);
    return before == InOrder(*admin_, kPods, 0) && before == paged;
  })) << testing::PrintToString(before)
      << "\n"
      << testing::PrintToString(paged);
  EXPECT_GE(paged.size(), 10U);
}

TEST_F(LiveTest, MetadataAloneNamesTheSameObjects) {
  ListOptions options;
  options.content = Content::kMetadataOnly;
  EXPECT_TRUE(Eventually([&] {
    const auto full = InOrder(*admin_, kNodes, 500);
    const auto meta = ListAll<Seen>(*admin_, kNodes, options, DecodeSeen);
    EXPECT_TRUE(meta) << meta.error().message;
    std::vector<std::string> names;
    for (const Seen& seen : meta.value_or(std::vector<Seen>{})) {
      names.push_back(Identity(seen.meta));
    }
    return names == full;
  }));
}

// The continue token of the first page names a version that etcd no longer has at the second.
TEST_F(LiveTest, ListThatExpiresHalfWayBeginsAgain) {
  for (const char* name : {"e-1", "e-2", "e-3"}) Create(kEvents, name);
  ListOptions options = Ours();
  options.page_size = 1;
  std::vector<std::string> names;
  int restarts = 0;
  ListHandler handler;
  handler.on_item = [&](simdjson::ondemand::object& item) -> base::Result<void> {
    names.push_back(ReadMeta(item).value_or(ObjectMeta{}).name);
    if (restarts == 0) {
      Create(kEvents, "e-4");
      bed_->ForgetOldVersions();
    }
    return {};
  };
  handler.on_restart = [&] {
    ++restarts;
    names.clear();
  };
  const auto list = admin_->List(kEvents, options, handler);
  ASSERT_TRUE(list) << list.error().message;
  EXPECT_EQ(restarts, 1);
  EXPECT_EQ(list->items, 4U);
  EXPECT_EQ(names, (std::vector<std::string>{"e-1", "e-2", "e-3", "e-4"}));
}

TEST_F(LiveTest, ForbiddenKindNamesTheRule) {
  const auto client = bed_->Open("kubeconfig-restricted");
  ASSERT_NE(client, nullptr);
  const auto list = client->List(kConfigMaps, {}, {});
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().code, base::ErrorCode::kDenied);
  EXPECT_THAT(list.error().message,
              HasSubstr("{apiGroups: [\"\"], resources: [configmaps], verbs: [list]}"));
}

TEST_F(LiveTest, ExpiredTokenIsDenied) {
  const auto client = bed_->Open("kubeconfig-expired-token");
  ASSERT_NE(client, nullptr);
  const auto list = client->List(kPods, {}, {});
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().code, base::ErrorCode::kDenied);
  EXPECT_THAT(list.error().message, AllOf(HasSubstr("401"), HasSubstr("renew the token")));
}

TEST_F(LiveTest, DiscoveryTellsWhatIsServed) {
  const auto pods = admin_->Serves(kPods);
  ASSERT_TRUE(pods) << pods.error().message;
  EXPECT_TRUE(*pods);
  const auto group = admin_->Serves({"nothing.example", "v1", "things", "Thing"});
  ASSERT_TRUE(group) << group.error().message;
  EXPECT_FALSE(*group);
  const auto version = admin_->Serves({"apps", "v7", "deployments", "Deployment"});
  ASSERT_TRUE(version) << version.error().message;
  EXPECT_FALSE(*version);
}

}  // namespace
}  // namespace tangram::kube::integration
