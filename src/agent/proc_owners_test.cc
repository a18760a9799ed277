#include "agent/proc_owners.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/file_testing.h"

namespace tangram::agent {
namespace {

namespace fs = std::filesystem;

class ProcOwnersTest : public base::testing::InFolder {
 protected:
  void Cgroup(int pid, const std::string& text) {
    fs::create_directories(Path("proc/" + std::to_string(pid)));
    Write("proc/" + std::to_string(pid) + "/cgroup", text);
  }
  void Link(const std::string& name, const std::string& target) {
    fs::create_directories(Path("links"));
    fs::create_symlink(target, Path("links/" + name));
  }
  ProcOwners Owners() { return ProcOwners({Path("proc"), Path("links")}); }

  const std::string uid_ = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0";
  const std::string id_ = std::string(64, 'a');
};

TEST_F(ProcOwnersTest, NamesThePodAndItsContainer) {
  Cgroup(7, "0::/kubepods/pod" + uid_ + "/" + id_);
  Link("train-0_team-a_main-" + id_ + ".log",
       "/var/log/pods/team-a_train-0_" + uid_ + "/main/0.log");
  EXPECT_EQ(Owners().Of(7), (Owner{OwnerKind::kPod, {"team-a", "train-0", "main"}}));
}

TEST_F(ProcOwnersTest, WhereTheLinksNameWasCutTheTargetTellsThePod) {
  Cgroup(7, "0::/kubepods/pod" + uid_ + "/" + id_);
  Link(std::string(200, 'n') + "_team-a_main-aaaa.log",
       "/var/log/pods/team-a_train-0_" + uid_ + "/main/0.log");
  EXPECT_EQ(Owners().Of(7), (Owner{OwnerKind::kPod, {"team-a", "train-0", ""}}));
}

TEST_F(ProcOwnersTest, SaysWhatItDoesNotKnow) {
  Cgroup(1, "0::/init.scope");
  Cgroup(7, "0::/kubepods/pod" + uid_ + "/" + id_);
  ProcOwners owners = Owners();  // with no links at all
  EXPECT_EQ(owners.Of(1).kind, OwnerKind::kHost);
  EXPECT_EQ(owners.Of(7).kind, OwnerKind::kUnknownPod);
  EXPECT_EQ(owners.Of(8).kind, OwnerKind::kGone);
}

TEST_F(ProcOwnersTest, PodsThatComeAreFoundAfterARefresh) {
  Cgroup(7, "0::/kubepods/pod" + uid_ + "/" + id_);
  ProcOwners owners = Owners();
  EXPECT_EQ(owners.Of(7).kind, OwnerKind::kUnknownPod);
  Link("a_b_c-" + id_ + ".log", "/var/log/pods/b_a_" + uid_ + "/c/0.log");
  EXPECT_EQ(owners.Of(7).kind, OwnerKind::kUnknownPod);
  owners.Refresh();
  EXPECT_EQ(owners.Of(7).kind, OwnerKind::kPod);
}

TEST_F(ProcOwnersTest, APodAndThoseBeforeItUnderItsNameHaveUids) {
  const std::string before = "00000000-4b5a-6978-8796-a5b4c3d2e1f0";
  ProcOwners owners = Owners();
  EXPECT_TRUE(owners.UidsOf({"b", "a", ""}).empty());
  Link("a_b_c-" + id_ + ".log", "/var/log/pods/b_a_" + uid_ + "/c/0.log");
  Link("a_b_c-" + std::string(64, 'b') + ".log", "/var/log/pods/b_a_" + before + "/c/0.log");
  owners.Refresh();
  EXPECT_EQ(owners.UidsOf({"b", "a", "c"}), (std::vector<std::string>{before, uid_}));
}

TEST_F(ProcOwnersTest, HostileNamesNameNobody) {
  Cgroup(7, "0::/kubepods/pod" + uid_ + "/" + id_);
  Link("a_b_c_d-" + id_ + ".log", "/nowhere");
  Link("_b_c-" + id_ + ".log", "/");
  Link("a_b_c" + id_ + ".log", "x_y");
  Link("-" + id_ + ".log", "a/b_c_" + uid_ + "_e/f/0.log");
  Link(".log", "0.log");
  EXPECT_EQ(Owners().Of(7).kind, OwnerKind::kUnknownPod);
}

}  // namespace
}  // namespace tangram::agent
