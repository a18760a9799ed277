#include "kube/reflector.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "base/clock.h"
#include "kube/json_text.h"
#include "kube/store.h"
#include "net/testing/test_server.h"

namespace tangram::kube {
namespace {

using namespace std::chrono_literals;
using net::testing::Answer;
using net::testing::Chunk;
using net::testing::ChunkedHead;
using net::testing::LastChunk;
using net::testing::Reply;
using net::testing::SeenRequest;
using net::testing::TestServer;
using net::testing::WaitForGate;

const Resource kPods{.group = "", .version = "v1", .plural = "pods", .kind = "Pod"};

struct Thing {
  std::string color;
};

base::Result<Thing> DecodeThing(simdjson::ondemand::object& object) {
  simdjson::ondemand::value color;
  if (object["color"].get(color)) return base::Fail(base::ErrorCode::kInvalid, "no color");
  return Thing{StringOf(color).value_or("?")};
}

std::string Object(const std::string& name, int version, const std::string& color,
                   const std::string& uid = "") {
  return R"({"kind":"Pod","metadata":{"namespace":"n","name":")" + name + R"(","uid":")" +
         (uid.empty() ? "u-" + name : uid) + R"(","resourceVersion":")" + std::to_string(version) +
         R"("},"color":")" + color + "\"}";
}

std::string Event(const std::string& type, const std::string& object) {
  return R"({"type":")" + type + R"(","object":)" + object + "}\n";
}

std::string ListOf(int version, const std::vector<std::string>& objects) {
  std::string items;
  for (const std::string& object : objects) items += (items.empty() ? "" : ",") + object;
  return R"({"kind":"PodList","metadata":{"resourceVersion":")" + std::to_string(version) +
         "\"},\"items\":[" + items + "]}";
}

const std::string kGone =
    Event("ERROR", R"({"kind":"Status","code":410,"reason":"Expired","message":"too old"})");

// Lists and watches are answered from two scripts; the last of each goes on for ever.
struct Script {
  std::vector<Answer> lists;
  std::vector<Answer> watches;
  std::string discovery = R"({"resources":[{"name":"pods"}]})";
};

// A watch that says `events` and then nothing more.
Answer Quiet(const std::string& events = {}) {
  Answer answer = {ChunkedHead(200)};
  if (!events.empty()) answer.emplace_back(Chunk(events));
  answer.emplace_back(WaitForGate{"never"});
  return answer;
}
// A watch that ends as the server ends it.
Answer Ended(const std::string& events) { return {ChunkedHead(200), Chunk(events), LastChunk()}; }
// A watch whose connection is lost.
Answer Cut(const std::string& events) {
  return {ChunkedHead(200), Chunk(events), net::testing::Close{}};
}

class ReflectorTest : public testing::Test {
 protected:
  void Run(Script script, ReflectorOptions options = {}) {
    server_ = std::make_unique<TestServer>(
        [script = std::move(script), lists = std::size_t{0},
         watches = std::size_t{0}](const SeenRequest& request) mutable {
          if (request.target == "/api/v1") return Reply(200, script.discovery);
          const bool watch = request.target.find("watch=1") != std::string::npos;
          const auto& answers = watch ? script.watches : script.lists;
          std::size_t& next = watch ? watches : lists;
          return answers[std::min(next++, answers.size() - 1)];
        });
    Config config{.server = server_->Url(), .source = "the test"};
    ClientOptions client_options;
    client_options.backoff = {.first = 1ms, .cap = 2ms};
    client_options.max_attempts = 1;
    client_ = std::move(*Client::Open(config, client_options));
    store_ = std::make_unique<Store<Thing>>(DecodeThing, Handler());
    options.backoff = {.first = 1ms, .cap = 5ms};
    options.absent_recheck = 10ms;
    reflector_ = std::make_unique<Reflector>(*client_, kPods, options, *store_);
    reflector_->Start();
  }
  void TearDown() override { reflector_.reset(); }

  StoreHandler<Thing> Handler() {
    return {.on_added = [this](const ObjectKey& key,
                               const Thing& now) { Say("+" + key.name + "=" + now.color); },
            .on_updated =
                [this](const ObjectKey& key, const Thing& before, const Thing& now) {
                  Say("~" + key.name + "=" + before.color + ">" + now.color);
                },
            .on_deleted =
                [this](const ObjectKey& key, const Thing& last, Deletion how) {
                  Say("-" + key.name + "=" + last.color + (how == Deletion::kInferred ? "?" : ""));
                },
            .on_listed = [this] { Say("listed"); }};
  }
  void Say(std::string what) {
    const base::MutexLock lock(mutex_);
    said_.push_back(std::move(what));
    changed_.NotifyAll();
  }
  // What the store told, once `last` was told.
  std::vector<std::string> SaidUntil(const std::string& last) {
    const auto until = base::MonotonicNow() + 20s;
    const base::MutexLock lock(mutex_);
    while ((said_.empty() || said_.back() != last) && base::MonotonicNow() < until) {
      changed_.WaitUntil(mutex_, until);
    }
    return said_;
  }
  // The values of one query parameter over all watches, in order.
  std::vector<std::string> Watched(const std::string& parameter) const {
    std::vector<std::string> values;
    for (const SeenRequest& request : server_->Requests()) {
      const auto at = request.target.find("&" + parameter + "=");
      if (at == std::string::npos) continue;
      const auto begin = at + parameter.size() + 2;
      values.push_back(request.target.substr(begin, request.target.find('&', begin) - begin));
    }
    return values;
  }

  base::Mutex mutex_;
  base::CondVar changed_;
  std::vector<std::string> said_ GUARDED_BY(mutex_);
  std::unique_ptr<TestServer> server_;
  std::unique_ptr<Client> client_;
  std::unique_ptr<Store<Thing>> store_;
  std::unique_ptr<Reflector> reflector_;
};

using Said = std::vector<std::string>;

TEST_F(ReflectorTest, ListsThenFollowsTheWatch) {
  Run({.lists = {Reply(200, ListOf(10, {Object("a", 3, "red"), Object("b", 4, "red")}))},
       .watches = {Quiet(Event("ADDED", Object("c", 11, "red")) +
                         Event("MODIFIED", Object("a", 12, "blue")) +
                         Event("DELETED", Object("b", 13, "red")) +
                         Event("MODIFIED", Object("c", 14, "green")))}});
  EXPECT_EQ(SaidUntil("~c=red>green"), (Said{"+a=red", "+b=red", "listed", "+c=red", "~a=red>blue",
                                             "-b=red", "~c=red>green"}));
  ASSERT_TRUE(reflector_->WaitSynced(1s));
  EXPECT_FALSE(reflector_->Read().error);
  EXPECT_EQ(store_->size(), 2U);
  EXPECT_EQ(store_->Find({"n", "a"})->color, "blue");
  EXPECT_EQ(store_->Find({"n", "b"}), nullptr);
  EXPECT_EQ(store_->All().at(1).first.name, "c");
  const std::string target = server_->Requests().at(1).target;
  EXPECT_TRUE(
      target.starts_with("/api/v1/pods?watch=1&allowWatchBookmarks=true&resourceVersion=10&"))
      << target;
  const int seconds = std::stoi(Watched("timeoutSeconds").at(0));
  EXPECT_GE(seconds, 300);
  EXPECT_LE(seconds, 600);
}

TEST_F(ReflectorTest, ResumesWhereTheLastWatchEnded) {
  Run({.lists = {Reply(200, ListOf(10, {Object("a", 3, "red")}))},
       .watches = {Ended(Event("MODIFIED", Object("a", 12, "blue"))),
                   Cut(Event("BOOKMARK", R"({"kind":"Pod","metadata":{"resourceVersion":"40"}})") +
                       R"({"type":"MODIFIED","object":{"kind":"Po)"),
                   Reply(503, "", {{"Retry-After", "0"}}), Reply(401, ""),
                   Quiet(Event("MODIFIED", Object("a", 41, "green")))}});
  EXPECT_EQ(SaidUntil("~a=blue>green"), (Said{"+a=red", "listed", "~a=red>blue", "~a=blue>green"}));
  EXPECT_EQ(Watched("resourceVersion"), (Said{"10", "12", "40", "40", "40"}));
  EXPECT_EQ(reflector_->Read().lists, 1U);
}

TEST_F(ReflectorTest, SilentConnectionIsGivenUpAndResumed) {
  Run({.lists = {Reply(200, ListOf(10, {Object("a", 3, "red")}))},
       .watches = {Quiet(), Quiet(), Quiet(Event("MODIFIED", Object("a", 41, "green")))}},
      {.idle_timeout = 50ms});
  EXPECT_EQ(SaidUntil("~a=red>green").size(), 3U);
  EXPECT_EQ(reflector_->Read().lists, 1U);
}

// As from a server that was restored from a backup: it waits for versions which we have seen.
TEST_F(ReflectorTest, ServerThatSaysNothingForTooLongIsListedAgain) {
  Run({.lists = {Reply(200, ListOf(900, {Object("a", 800, "red")})),
                 Reply(200, ListOf(10, {Object("a", 3, "blue")}))},
       .watches = {Quiet(), Quiet(), Quiet(), Quiet(Event("ADDED", Object("b", 11, "red")))}},
      {.idle_timeout = 50ms});
  EXPECT_EQ(SaidUntil("+b=red"), (Said{"+a=red", "listed", "~a=red>blue", "listed", "+b=red"}));
  EXPECT_EQ(Watched("resourceVersion").at(2), "900");
  EXPECT_EQ(Watched("resourceVersion").at(3), "10");
}

struct RelistCase {
  std::string name;
  Answer watch;
};
std::ostream& operator<<(std::ostream& out, const RelistCase& row) { return out << row.name; }

const RelistCase kRelists[] = {
    {"GoneAsStatus", Reply(410, R"({"message":"too old"})")},
    {"GoneAsEvent", Ended(kGone)},
    {"GoneAsEventMidStream", Quiet(Event("BOOKMARK", Object("x", 11, "x")) + kGone)},
    {"NotFound", Reply(404, "")},
    {"BadRequest", Reply(400, "")},
    {"Garbage", Quiet("}{\n")},
    {"WrongKind",
     Quiet(
         R"({"type":"ADDED","object":{"kind":"Node","metadata":{"name":"x","resourceVersion":"1"}}})"
         "\n")},
    {"UnknownEvent", Quiet(Event("SYNC", Object("a", 11, "red")))},
    {"ObjectTheDecoderRefuses",
     Quiet(
         R"({"type":"ADDED","object":{"kind":"Pod","metadata":{"name":"x","resourceVersion":"1"}}})"
         "\n")},
    {"EventTooLong", Quiet(Event("ADDED", Object("x", 11, std::string(9000, 'x'))))},
    {"EndlessEvent", Quiet(std::string(9000, 'x'))},
};

class ReflectorRelist : public ReflectorTest, public testing::WithParamInterface<RelistCase> {};
TEST_P(ReflectorRelist, TellsTheDifference) {
  Run({.lists = {Reply(200, ListOf(10, {Object("a", 3, "red"), Object("b", 4, "red"),
                                        Object("d", 5, "red", "old")})),
                 Reply(200, ListOf(20, {Object("a", 15, "blue"), Object("c", 16, "red"),
                                        Object("d", 17, "red", "new")}))},
       .watches = {GetParam().watch, Quiet(Event("DELETED", Object("c", 21, "red")))}},
      {.max_event = 8000});
  EXPECT_EQ(SaidUntil("-c=red"),
            (Said{"+a=red", "+b=red", "+d=red", "listed", "-b=red?", "~a=red>blue", "+c=red",
                  "-d=red?", "+d=red", "listed", "-c=red"}));
  EXPECT_EQ(reflector_->Read().lists, 2U);
}
INSTANTIATE_TEST_SUITE_P(Table, ReflectorRelist, testing::ValuesIn(kRelists),
                         [](const auto& row) { return row.param.name; });

TEST_F(ReflectorTest, AbsentResourceIsEmptyAndLookedForAgain) {
  ReflectorOptions options;
  options.on_served = [this](ReflectorOptions::Served served) {
    Say(served == ReflectorOptions::Served::kYes ? "served" : "not served");
  };
  Run({.lists = {Reply(404, "404 page not found"), Reply(404, ""),
                 Reply(200, ListOf(10, {Object("a", 3, "red")}))},
       .watches = {Quiet()}},
      options);
  ASSERT_TRUE(reflector_->WaitSynced(20s));
  const auto until = base::MonotonicNow() + 20s;
  while (store_->size() == 0 && base::MonotonicNow() < until) std::this_thread::yield();
  EXPECT_EQ(store_->size(), 1U);
  std::vector<std::string> said = SaidUntil("listed");
  EXPECT_EQ(said.at(1), "listed") << "nothing is there, which is known";
  std::erase(said, "listed");
  EXPECT_EQ(said, (Said{"not served", "served", "+a=red"}));
}

TEST_F(ReflectorTest, DeniedIsToldAtOnceAndTriedAgain) {
  Run({.lists = {Reply(403, R"({"message":"pods is forbidden"})"), Reply(403, "")},
       .watches = {Quiet()}});
  const auto synced = reflector_->WaitSynced(20s);
  ASSERT_FALSE(synced);
  EXPECT_EQ(synced.error().code, base::ErrorCode::kDenied);
  EXPECT_TRUE(server_->WaitForRequests(4));
  EXPECT_FALSE(reflector_->Synced());
}

TEST_F(ReflectorTest, DeniedWhatTheServerDoesNotHaveIsAbsent) {
  Run({.lists = {Reply(403, "")}, .watches = {Quiet()}, .discovery = R"({"resources":[]})"});
  ASSERT_TRUE(reflector_->WaitSynced(20s));
  EXPECT_TRUE(reflector_->Read().absent);
}

TEST_F(ReflectorTest, NotSyncedInTimeSaysWhy) {
  Run({.lists = {Reply(503, "down for repair")}, .watches = {Quiet()}});
  ASSERT_TRUE(server_->WaitForRequests(3));
  const auto synced = reflector_->WaitSynced(50ms);
  ASSERT_FALSE(synced);
  EXPECT_NE(synced.error().message.find("down for repair"), std::string::npos)
      << synced.error().message;
}

TEST_F(ReflectorTest, ListWithoutVersionIsNoList) {
  Run({.lists = {Reply(200, R"({"kind":"PodList","items":[]})"), Reply(200, ListOf(1, {}))},
       .watches = {Quiet()}});
  ASSERT_TRUE(reflector_->WaitSynced(20s));
  EXPECT_EQ(reflector_->Read().lists, 2U);
}

// The law: however the stream is cut into chunks, and wherever connections are lost, the store ends
// with the same objects.
TEST_F(ReflectorTest, ChunksAndLostConnectionsDoNotMatter) {
  for (int seed = 0; seed < 12; ++seed) {
    std::mt19937 random(static_cast<unsigned>(seed));
    std::map<std::string, std::string> world;
    std::vector<std::string> events;
    for (int version = 100; version < 220; ++version) {
      const std::string name = "o" + std::to_string(random() % 12);
      const std::string color = "c" + std::to_string(version);
      if (world.contains(name) && random() % 4 == 0) {
        events.push_back(Event("DELETED", Object(name, version, world[name])));
        world.erase(name);
        continue;
      }
      events.push_back(
          Event(world.contains(name) ? "MODIFIED" : "ADDED", Object(name, version, color)));
      world[name] = color;
    }
    events.push_back(Event("ADDED", Object("zz-last", 220, "end")));
    world["zz-last"] = "end";
    const auto answer = [events, random](const SeenRequest& request) mutable -> Answer {
      const auto at = request.target.find("&resourceVersion=");
      if (at == std::string::npos) return Reply(200, ListOf(99, {}));
      const auto from = static_cast<std::size_t>(std::stoi(request.target.substr(at + 17))) - 99;
      std::string stream;
      for (std::size_t i = from; i < events.size(); ++i) stream += events[i];
      const bool cut = random() % 3 != 0;
      if (cut) stream.resize(stream.size() - random() % std::min<std::size_t>(stream.size(), 9000));
      Answer steps = {ChunkedHead(200)};
      for (std::size_t i = 0; i < stream.size();) {
        const std::size_t piece = std::min<std::size_t>(1 + random() % 700, stream.size() - i);
        steps.emplace_back(Chunk(std::string_view(stream).substr(i, piece)));
        i += piece;
      }
      if (cut) {
        steps.emplace_back(net::testing::Close{});
      } else {
        steps.emplace_back(WaitForGate{"never"});
      }
      return steps;
    };
    TestServer server(answer);
    ClientOptions client_options;
    client_options.backoff = {.first = 1ms, .cap = 1ms};
    const auto client = std::move(*Client::Open({.server = server.Url()}, client_options));
    base::Mutex mutex;
    base::CondVar changed;
    bool ended = false;
    Store<Thing> store(DecodeThing, {.on_added = [&](const ObjectKey& key, const Thing&) {
                         const base::MutexLock lock(mutex);
                         ended = ended || key.name == "zz-last";
                         changed.NotifyAll();
                       }});
    Reflector reflector(*client, kPods, {.backoff = {.first = 1ms, .cap = 1ms}}, store);
    reflector.Start();
    {
      const auto until = base::MonotonicNow() + 20s;
      const base::MutexLock lock(mutex);
      while (!ended && base::MonotonicNow() < until) changed.WaitUntil(mutex, until);
    }
    std::map<std::string, std::string> got;
    for (const auto& [key, value] : store.All()) got[key.name] = value->color;
    EXPECT_EQ(got, world) << "seed " << seed;
    EXPECT_EQ(reflector.Read().lists, 1U);
  }
}

TEST_F(ReflectorTest, ManyShareOneThreadAndEndCleanly) {
  TestServer server([](const SeenRequest& request) -> Answer {
    if (request.target.find("watch=1") == std::string::npos) {
      return Reply(200, ListOf(1, {Object("a", 1, "red")}));
    }
    return Quiet(Event("ADDED", Object("b", 2, "red")));
  });
  for (int round = 0; round < 5; ++round) {
    const auto client = std::move(*Client::Open({.server = server.Url()}));
    base::Mutex mutex;
    std::set<std::thread::id> threads;
    std::vector<std::unique_ptr<Store<Thing>>> stores;
    std::vector<std::unique_ptr<Reflector>> reflectors;
    for (int i = 0; i < 20; ++i) {
      stores.push_back(std::make_unique<Store<Thing>>(
          DecodeThing, StoreHandler<Thing>{.on_added = [&](const ObjectKey&, const Thing&) {
            const base::MutexLock lock(mutex);
            threads.insert(std::this_thread::get_id());
          }}));
      reflectors.push_back(
          std::make_unique<Reflector>(*client, kPods, ReflectorOptions{}, *stores.back()));
      reflectors.back()->Start();
    }
    for (int i = 0; i < 20; i += 2) {
      EXPECT_TRUE(reflectors[static_cast<std::size_t>(i)]->WaitSynced(20s));
    }
    reflectors.clear();
    stores.clear();
    const base::MutexLock lock(mutex);
    EXPECT_EQ(threads.size(), 1U);
  }
}

TEST(Backoff, GrowsToItsCapWithFullJitter) {
  Backoff most({.first = 500ms, .cap = 30s}, [] { return std::uint64_t{0}; });
  EXPECT_EQ(most.Next(), 0ms);
  std::mt19937_64 engine(4);
  Backoff backoff({.first = 500ms, .cap = 30s}, [&] { return engine(); });
  auto bound = 500ms;
  for (int i = 0; i < 30; ++i) {
    const auto wait = backoff.Next();
    EXPECT_GE(wait, 0ms);
    EXPECT_LE(wait, bound);
    bound = std::min<std::chrono::milliseconds>(bound * 2, 30s);
  }
  backoff.Reset();
  EXPECT_LE(backoff.Next(), 500ms);
}

}  // namespace
}  // namespace tangram::kube
