// What tangram controller refuses before it reaches for a cluster.
#include <gmock/gmock.h>

#include "cli/run_testing.h"

namespace tangram::cli {
namespace {

struct RefusedCase {
  const char* name;
  std::vector<std::string> args;
  const char* message;
};

const RefusedCase kRefused[] = {
    {"PortThatIsNone", {"--health-address", "localhost"}, "--health-address: found \"localhost\""},
    {"PortTooLarge", {"--metrics-address", ":70000"}, "--metrics-address: found \":70000\""},
    {"PortWithMore", {"--metrics-address", ":80x"}, "write HOST:PORT or :PORT"},
    {"ElectionNowhere", {"--leader-elect"}, "--leader-elect needs --namespace"},
    {"LeaseOfNoSpan",
     {"--leader-elect", "--namespace", "x", "--leader-elect-retry-period", "often"},
     "--leader-elect-retry-period"},
    {"WritesThatOutliveTheLease",
     {"--leader-elect", "--namespace", "x", "--leader-elect-renew-deadline", "14800ms"},
     "by 500ms or more, the time that a write may take"},
    {"NoSuchFaultPoint", {"--die-at", "patch pods"}, "--die-at: \"patch pods\" is no fault point"},
    {"WebhookNobodyReaches", {"--webhook-address", ":0"}, "needs --webhook-secret"},
    {"WebhookBothWays",
     {"--webhook-address", ":0", "--webhook-secret", "s", "--webhook-url", "https://x"},
     "and not both"},
    {"LimitThatIsNoSpan", {"--gate-limit", "soon"}, "--gate-limit"},
    {"QpsOfNothing", {"--qps", "0"}, "--qps"},
    {"UnknownLogFormat", {"--log-format", "xml"}, "--log-format"},
    {"NoSuchKubeconfig", {"--kubeconfig", "/no/such/file"}, "/no/such/file"},
};

class ControllerRefusedTest : public ::testing::TestWithParam<RefusedCase> {};
TEST_P(ControllerRefusedTest, NamesWhatIsWrong) {
  std::vector<std::string> args = {"controller"};
  args.insert(args.end(), GetParam().args.begin(), GetParam().args.end());
  const auto ran = testing::Tangram(args);
  EXPECT_EQ(ran.code, kBadInput);
  EXPECT_THAT(ran.err, ::testing::HasSubstr(GetParam().message));
}
INSTANTIATE_TEST_SUITE_P(Table, ControllerRefusedTest, ::testing::ValuesIn(kRefused),
                         [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace tangram::cli
