#include "net/rotation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "net/http.h"
#include "net/server.h"
#include "net/testing/test_tls.h"

namespace tangram::net {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr auto kDay = 24h;
const base::Time kNow = base::Time(24h * 365 * 55);

RotationPolicy Policy() {
  RotationPolicy policy;
  policy.names = {"tangram.tangram.svc", "10.0.0.1"};
  return policy;
}

ServingCertificates RotateWell(const ServingCertificates& stored, const RotationPolicy& policy,
                               base::Time now) {
  auto rotated = Rotate(stored, policy, now);
  EXPECT_TRUE(rotated) << rotated.error().message;
  return rotated.value_or(ServingCertificates{});
}

TEST(Certificate, SaysWhatItWasMadeOf) {
  const CertificateSpec spec{.common_name = "ca", .not_before = kNow, .not_after = kNow + kDay};
  const auto authority = MakeAuthority(spec);
  ASSERT_TRUE(authority) << authority.error().message;
  CertificateSpec served = spec;
  served.common_name = "tangram";
  served.names = {"b.example", "*.a.example", "0:0:0:0:0:0:0:1", "127.0.0.1", "b.example"};
  const auto issued = IssueCertificate(*authority, served);
  ASSERT_TRUE(issued) << issued.error().message;
  const auto info = ReadCertificate(issued->cert_pem);
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(info->common_name, "tangram");
  EXPECT_THAT(info->names, ElementsAre("*.a.example", "127.0.0.1", "::1", "b.example"));
  EXPECT_EQ(info->not_before, kNow);
  EXPECT_EQ(info->not_after, kNow + kDay);
  EXPECT_FALSE(info->is_authority);
  EXPECT_TRUE(ReadCertificate(authority->cert_pem)->is_authority);
  EXPECT_TRUE(IsSignedBy(issued->cert_pem, authority->cert_pem));
  EXPECT_FALSE(IsSignedBy(authority->cert_pem, issued->cert_pem));
  EXPECT_TRUE(BelongTogether(*issued));
  EXPECT_FALSE(BelongTogether({issued->cert_pem, authority->key_pem}));
  EXPECT_EQ(SplitCertificates(authority->cert_pem + "x\n" + issued->cert_pem).size(), 2U);
}

struct BadSpec {
  std::string name;
  CertificateSpec spec;
  std::string says;
};
std::ostream& operator<<(std::ostream& out, const BadSpec& row) { return out << row.name; }
const BadSpec kBadSpecs[] = {
    {"NoCommonName", {"", {"a"}, kNow, kNow + kDay}, "must have 1 to 64 bytes"},
    {"LongCommonName", {std::string(65, 'x'), {"a"}, kNow, kNow + kDay}, "must have 1 to 64"},
    {"EndsBeforeItBegins", {"x", {"a"}, kNow, kNow}, "would end before it begins"},
    {"NameWithAComma", {"x", {"a,IP:1.2.3.4"}, kNow, kNow + kDay}, "\"a,IP:1.2.3.4\" is neither"},
    {"EmptyName", {"x", {""}, kNow, kNow + kDay}, "\"\" is neither"},
    {"NameWithALineEnd", {"x", {"a\nb"}, kNow, kNow + kDay}, "is neither"},
};
class CertificateBadSpec : public ::testing::TestWithParam<BadSpec> {};
TEST_P(CertificateBadSpec, IsRefused) {
  const auto authority = testing::MakeAuthority("ca");
  const auto issued = IssueCertificate(authority, GetParam().spec);
  ASSERT_FALSE(issued);
  EXPECT_EQ(issued.error().code, base::ErrorCode::kInvalid);
  EXPECT_THAT(issued.error().message, HasSubstr(GetParam().says));
}
INSTANTIATE_TEST_SUITE_P(Table, CertificateBadSpec, ::testing::ValuesIn(kBadSpecs),
                         [](const auto& row) { return row.param.name; });

TEST(Certificate, WhatIsNoneIsRefused) {
  const auto one = testing::MakeAuthority("one");
  const auto other = testing::MakeAuthority("other");
  for (const std::string& pem : {std::string(), std::string("x"), one.key_pem,
                                 one.cert_pem.substr(0, one.cert_pem.size() / 2)}) {
    EXPECT_FALSE(ReadCertificate(pem));
    EXPECT_TRUE(SplitCertificates(pem).empty());
    EXPECT_FALSE(BelongTogether({pem, one.key_pem}));
  }
  const CertificateSpec spec{"x", {"a"}, kNow, kNow + kDay};
  EXPECT_FALSE(IssueCertificate({one.cert_pem, other.key_pem}, spec));
  EXPECT_FALSE(IssueCertificate({}, spec));
}

TEST(Rotate, MakesAllFromNothingAndThenKeepsIt) {
  const ServingCertificates made = RotateWell({}, Policy(), kNow);
  EXPECT_TRUE(IsSignedBy(made.serving.cert_pem, made.authority.cert_pem));
  EXPECT_EQ(made.trusted_pem, made.authority.cert_pem);
  EXPECT_FALSE(made.next_authority);
  const auto info = ReadCertificate(made.serving.cert_pem);
  EXPECT_THAT(info->names, ElementsAre("10.0.0.1", "tangram.tangram.svc"));
  EXPECT_EQ(info->not_after, kNow + 90 * kDay);
  EXPECT_EQ(RotateWell(made, Policy(), kNow), made);
  EXPECT_EQ(RotateWell(made, Policy(), kNow + 59 * kDay), made);
}

TEST(Rotate, RenewsTheServingCertificateInTime) {
  const ServingCertificates made = RotateWell({}, Policy(), kNow);
  const ServingCertificates later = RotateWell(made, Policy(), kNow + 61 * kDay);
  EXPECT_EQ(later.authority, made.authority);
  EXPECT_EQ(later.trusted_pem, made.trusted_pem);
  EXPECT_NE(later.serving, made.serving);
  EXPECT_EQ(ReadCertificate(later.serving.cert_pem)->not_after, kNow + 151 * kDay);
}

TEST(Rotate, OtherNamesAreAnotherCertificate) {
  const ServingCertificates made = RotateWell({}, Policy(), kNow);
  RotationPolicy policy = Policy();
  policy.names.push_back("new.name");
  const ServingCertificates renamed = RotateWell(made, policy, kNow);
  EXPECT_EQ(renamed.authority, made.authority);
  EXPECT_EQ(ReadCertificate(renamed.serving.cert_pem)->names.size(), 3U);
}

TEST(Rotate, NewAuthorityIsTrustedBeforeItSigns) {
  RotationPolicy policy = Policy();
  policy.authority_life = 300 * kDay;
  const ServingCertificates made = RotateWell({}, policy, kNow);
  const base::Time due = kNow + 205 * kDay;
  const ServingCertificates announced = RotateWell(made, policy, due);
  EXPECT_EQ(announced.authority, made.authority);
  ASSERT_TRUE(announced.next_authority);
  EXPECT_EQ(announced.trusted_pem, made.authority.cert_pem + announced.next_authority->cert_pem);
  EXPECT_TRUE(IsSignedBy(announced.serving.cert_pem, made.authority.cert_pem));
  EXPECT_EQ(RotateWell(announced, policy, due + 23h), announced);

  const ServingCertificates signing = RotateWell(announced, policy, due + 24h);
  EXPECT_EQ(signing.authority, *announced.next_authority);
  EXPECT_FALSE(signing.next_authority);
  EXPECT_TRUE(IsSignedBy(signing.serving.cert_pem, signing.authority.cert_pem));
  // Others may still serve with a certificate of the old one.
  EXPECT_EQ(signing.trusted_pem, signing.authority.cert_pem + made.authority.cert_pem);
  EXPECT_EQ(RotateWell(signing, policy, kNow + 301 * kDay).trusted_pem, signing.authority.cert_pem);
}

TEST(Rotate, WhatCannotBeUsedIsMadeAnew) {
  const ServingCertificates good = RotateWell({}, Policy(), kNow);
  const ServingCertificates other = RotateWell({}, Policy(), kNow);
  std::vector<ServingCertificates> bad(6, good);
  bad[0].authority.cert_pem = "x";
  bad[1].authority.key_pem = other.authority.key_pem;
  bad[2].serving = other.serving;
  bad[3].serving.key_pem = "";
  bad[4].authority = good.serving;  // is no authority
  bad[5].next_authority = CertificateAndKey{"x", "y"};
  for (std::size_t i = 0; i < bad.size(); ++i) {
    const ServingCertificates made = RotateWell(bad[i], Policy(), kNow);
    EXPECT_TRUE(IsSignedBy(made.serving.cert_pem, made.authority.cert_pem)) << i;
    EXPECT_TRUE(BelongTogether(made.authority)) << i;
    EXPECT_TRUE(BelongTogether(made.serving)) << i;
    EXPECT_THAT(made.trusted_pem, HasSubstr(made.authority.cert_pem)) << i;
    EXPECT_FALSE(made.next_authority) << i;
    EXPECT_EQ(RotateWell(made, Policy(), kNow), made) << i;
  }
  // All has run out; and a clock that was wrong when it was made.
  EXPECT_NE(RotateWell(good, Policy(), kNow + 6 * 365 * kDay).authority, good.authority);
  EXPECT_NE(RotateWell(good, Policy(), kNow - 2 * kDay).authority, good.authority);
}

TEST(Rotate, PolicyIsChecked) {
  EXPECT_FALSE(Rotate({}, {}, kNow));
  RotationPolicy policy = Policy();
  policy.renew_at_percent_left = 100;
  EXPECT_FALSE(Rotate({}, policy, kNow));
  policy = Policy();
  policy.names = {"not a name"};
  EXPECT_FALSE(Rotate({}, policy, kNow));
}

// A client that trusts the bundle is served through the whole change of authorities.
TEST(Rotate, ClientsAreServedThroughout) {
  RotationPolicy policy = Policy();
  policy.names = {"127.0.0.1"};
  const base::Time now = base::SystemClock().Now();
  const ServingCertificates before = RotateWell({}, policy, now);
  ServingCertificates rotated = before;
  rotated.next_authority = RotateWell({}, policy, now).authority;
  rotated.trusted_pem += rotated.next_authority->cert_pem;
  rotated.authority = *rotated.next_authority;
  rotated.next_authority.reset();
  const ServingCertificates after = RotateWell(rotated, policy, now);
  for (const auto& serving : {before.serving, after.serving}) {
    const auto server = HttpServer::Open(
        {.tls = ServerTls{.cert_pem = serving.cert_pem, .key_pem = serving.key_pem}},
        [](const ServerRequest&) { return Response{.status = 200}; });
    ASSERT_TRUE(server) << server.error().message;
    HttpClient client({.tls = {.ca_pem = after.trusted_pem}});
    Request request;
    request.url = "https://127.0.0.1:" + std::to_string((*server)->port()) + "/";
    const auto answer = client.Send(request);
    EXPECT_TRUE(answer) << answer.error().message;
  }
}

}  // namespace
}  // namespace tangram::net
