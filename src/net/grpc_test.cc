// Calls over a unix socket, and all that may go wrong there.
#include "net/grpc.h"

#include <gmock/gmock.h>

#include "base/clock.h"
#include "base/file_testing.h"
#include "net/testing/grpc_server.h"

namespace tangram::net {
namespace {

using base::ErrorCode;
using testing::GrpcReply;
using testing::GrpcServer;
using ::testing::HasSubstr;

class GrpcTest : public base::testing::InFolder {
 protected:
  std::string Socket() const { return Path("s.sock"); }
  GrpcClient Client(std::chrono::milliseconds timeout = std::chrono::seconds(10)) const {
    return GrpcClient({.socket = Socket(), .timeout = timeout, .max_message = 1 << 20});
  }
  // What the client says of a reply.
  base::Error Refused(const GrpcReply& reply) const {
    const GrpcServer server(Socket(), [&] { return reply; });
    const auto answer = Client().Call("/v1.X/List", "");
    EXPECT_FALSE(answer);
    return answer ? base::Error{} : answer.error();
  }
};

TEST_F(GrpcTest, AsksAgainAndAgain) {
  int number = 0;
  GrpcServer server(Socket(),
                    [&] { return GrpcReply{.message = "answer " + std::to_string(++number)}; });
  GrpcClient client = Client();
  for (int i = 1; i <= 5; ++i) {
    const auto answer = client.Call("/v1.X/List", "question");
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(*answer, "answer " + std::to_string(i));
  }
}

TEST_F(GrpcTest, AnEmptyMessageIsAnAnswer) {
  const GrpcServer server(Socket(), [] { return GrpcReply{}; });
  const auto answer = Client().Call("/v1.X/List", "");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(*answer, "");
}

TEST_F(GrpcTest, ALargeMessageComesWhole) {
  std::string large(900'000, 'x');
  large[123'456] = 'y';
  const GrpcServer server(Socket(), [&] { return GrpcReply{.message = large}; });
  const auto answer = Client().Call("/v1.X/List", "");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(*answer, large);
}

TEST_F(GrpcTest, AHugeMessageIsRefused) {
  const base::Error error = Refused({.message = std::string(3 << 20, 'x')});
  EXPECT_EQ(error.code, ErrorCode::kInvalid);
  EXPECT_THAT(error.message, HasSubstr("the answer is over 1048576 bytes"));
}

TEST_F(GrpcTest, SaysWhatTheServerRefused) {
  const base::Error error = Refused({.status = "12"});
  EXPECT_EQ(error.code, ErrorCode::kUnavailable);
  EXPECT_THAT(error.message,
              HasSubstr("/v1.X/List of " + Socket() + " answered gRPC status 12: so it is"));
}

TEST_F(GrpcTest, LiesAreRefused) {
  for (const GrpcReply& lie : {GrpcReply{.raw = std::string("\0\0\0\0\x09"
                                                            "abc",
                                                            8)},  // longer than it is
                               GrpcReply{.raw = std::string("\0\0\0\0\x01"
                                                            "abc",
                                                            8)},  // shorter
                               GrpcReply{.raw = std::string("\1\0\0\0\x03"
                                                            "abc",
                                                            8)},  // compressed
                               GrpcReply{.raw = std::string("\0\0", 2)}, GrpcReply{.status = ""},
                               GrpcReply{.status = "ok"}}) {
    EXPECT_NE(Refused(lie).message, "");
  }
}

TEST_F(GrpcTest, AServerThatHangsUpIsAskedAnew) {
  int call = 0;
  const GrpcServer server(Socket(),
                          [&] { return GrpcReply{.message = "m", .hang_up = ++call == 2}; });
  GrpcClient client = Client();
  EXPECT_TRUE(client.Call("/v1.X/List", ""));
  EXPECT_FALSE(client.Call("/v1.X/List", ""));
  EXPECT_TRUE(client.Call("/v1.X/List", ""));
}

TEST_F(GrpcTest, AServerThatIsRestartedIsFound) {
  GrpcClient client = Client();
  const auto none = client.Call("/v1.X/List", "");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(none.error().message, HasSubstr(Socket()));
  for (int i = 0; i < 3; ++i) {
    const GrpcServer server(Socket(), [&] { return GrpcReply{.message = std::to_string(i)}; });
    const auto answer = client.Call("/v1.X/List", "");
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(*answer, std::to_string(i));
  }
}

TEST_F(GrpcTest, ASlowServerIsGivenUp) {
  const GrpcServer server(Socket(), [] { return GrpcReply{.delay_ms = 5'000}; });
  const auto began = base::MonotonicNow();
  const auto answer = Client(std::chrono::milliseconds(200)).Call("/v1.X/List", "");
  EXPECT_LT(base::MonotonicNow() - began, std::chrono::seconds(4));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable);
}

TEST_F(GrpcTest, AFileThatIsNoSocket) {
  Write("s.sock", "x");
  EXPECT_FALSE(Client().Call("/v1.X/List", ""));
}

}  // namespace
}  // namespace tangram::net
