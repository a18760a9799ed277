#include "net/certificate.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

namespace tangram::net {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Cert = std::unique_ptr<X509, decltype(&X509_free)>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free_all)>;

// The longest CommonName that X.509 allows (RFC 5280, ub-common-name).
constexpr std::size_t kMostCommonName = 64;
constexpr std::size_t kMostName = 253;

tl::unexpected<base::Error> Invalid(const std::string& message) {
  ERR_clear_error();
  return base::Fail(base::ErrorCode::kInvalid, message);
}

Bio Over(std::string_view pem) {
  return {BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free_all};
}

template <class Write>
std::string PemOf(const Write& write) {
  const Bio bio(BIO_new(BIO_s_mem()), &BIO_free_all);
  write(bio.get());
  char* data = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(length)};
}

std::string ToPem(X509* cert) {
  return PemOf([&](BIO* bio) { PEM_write_bio_X509(bio, cert); });
}

std::string ToPem(EVP_PKEY* key) {
  return PemOf(
      [&](BIO* bio) { PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr); });
}

// Nobody is there to be asked for a passphrase.
char* NoPassphrase() {
  static char empty[] = "";
  return empty;
}

Cert ReadCert(BIO* bio) {
  return {PEM_read_bio_X509(bio, nullptr, nullptr, NoPassphrase()), &X509_free};
}

Cert ReadCert(std::string_view pem) { return ReadCert(Over(pem).get()); }

Key ReadKey(std::string_view pem) {
  const Bio bio = Over(pem);
  return {PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, NoPassphrase()), &EVP_PKEY_free};
}

bool AddExtension(X509* cert, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, cert, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  if (extension == nullptr) return false;
  const bool added = X509_add_ext(cert, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

// Empty: `name` is no IP address.
std::string ShortestIp(const std::string& name) {
  for (const int family : {AF_INET, AF_INET6}) {
    std::array<unsigned char, sizeof(in6_addr)> bytes{};
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (inet_pton(family, name.c_str(), bytes.data()) != 1) continue;
    return inet_ntop(family, bytes.data(), text.data(), text.size());
  }
  return {};
}

bool IsDnsName(const std::string& name) {
  return !name.empty() && name.size() <= kMostName &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '-' || c == '_' || c == '*';
         });
}

// As OpenSSL's configuration writes them: "DNS:a,IP:10.0.0.1".
base::Result<std::string> AlternativeNames(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    const bool ip = !ShortestIp(name).empty();
    if (!ip && !IsDnsName(name)) {
      return Invalid(fmt::format("certificate: \"{}\" is neither a DNS name nor an IP address",
                                 name.substr(0, kMostName)));
    }
    text += fmt::format("{}{}:{}", text.empty() ? "" : ",", ip ? "IP" : "DNS", name);
  }
  return text;
}

bool SetRandomSerial(X509* cert) {
  constexpr int kBits = 127;
  const std::unique_ptr<BIGNUM, decltype(&BN_free)> number(BN_new(), &BN_free);
  return BN_rand(number.get(), kBits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(cert)) != nullptr;
}

std::int64_t UnixSeconds(base::Time time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

// Subject, times, serial and key; not yet signed.
base::Result<Cert> Draft(const CertificateSpec& spec, EVP_PKEY* key) {
  if (spec.common_name.empty() || spec.common_name.size() > kMostCommonName) {
    return Invalid(fmt::format("certificate: the common name \"{}\" must have 1 to {} bytes",
                               spec.common_name.substr(0, kMostName), kMostCommonName));
  }
  if (spec.not_after <= spec.not_before) {
    return Invalid("certificate: it would end before it begins");
  }
  Cert cert(X509_new(), &X509_free);
  X509_NAME* subject = X509_get_subject_name(cert.get());
  const bool good =
      X509_set_version(cert.get(), X509_VERSION_3) == 1 && SetRandomSerial(cert.get()) &&
      ASN1_TIME_set(X509_getm_notBefore(cert.get()), UnixSeconds(spec.not_before)) != nullptr &&
      ASN1_TIME_set(X509_getm_notAfter(cert.get()), UnixSeconds(spec.not_after)) != nullptr &&
      X509_set_pubkey(cert.get(), key) == 1 &&
      X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                 reinterpret_cast<const unsigned char*>(spec.common_name.c_str()),
                                 -1, -1, 0) == 1;
  if (!good) return Invalid("certificate: OpenSSL refuses its subject or its times");
  return cert;
}

base::Result<CertificateAndKey> Sign(Cert cert, const Key& key, EVP_PKEY* signer) {
  if (X509_sign(cert.get(), signer, EVP_sha256()) == 0) {
    return Invalid("certificate: the authority's key cannot sign");
  }
  return CertificateAndKey{ToPem(cert.get()), ToPem(key.get())};
}

base::Result<base::Time> TimeOf(const ASN1_TIME* time) {
  tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return Invalid("certificate: a time cannot be read");
  const std::chrono::year_month_day day(std::chrono::year(parts.tm_year + 1900),
                                        std::chrono::month(static_cast<unsigned>(parts.tm_mon + 1)),
                                        std::chrono::day(static_cast<unsigned>(parts.tm_mday)));
  return base::Time(std::chrono::sys_days(day)) + std::chrono::hours(parts.tm_hour) +
         std::chrono::minutes(parts.tm_min) + std::chrono::seconds(parts.tm_sec);
}

std::string NameOf(const GENERAL_NAME& name) {
  int type = 0;
  const auto* value = static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(&name, &type));
  if (type != GEN_DNS && type != GEN_IPADD) return {};
  const unsigned char* data = ASN1_STRING_get0_data(value);
  const int length = ASN1_STRING_length(value);
  if (type == GEN_DNS) {
    return {reinterpret_cast<const char*>(data), static_cast<std::size_t>(length)};
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = length == 4 ? AF_INET : AF_INET6;
  if (length != 4 && length != 16) return {};
  inet_ntop(family, data, text.data(), text.size());
  return text.data();
}

std::vector<std::string> NamesOf(const X509* cert) {
  using Names = std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)>;
  const Names all(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(cert, NID_subject_alt_name, nullptr, nullptr)),
      &GENERAL_NAMES_free);
  std::vector<std::string> names;
  for (int i = 0; all && i < sk_GENERAL_NAME_num(all.get()); ++i) {
    std::string name = NameOf(*sk_GENERAL_NAME_value(all.get(), i));
    if (!name.empty()) names.push_back(std::move(name));
  }
  return CanonicalNames(std::move(names));
}

base::Result<CertificateInfo> InfoOf(X509* cert) {
  CertificateInfo info;
  std::array<char, 4 * kMostCommonName + 1> name{};
  if (X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, name.data(),
                                static_cast<int>(name.size())) > 0) {
    info.common_name = name.data();
  }
  info.names = NamesOf(cert);
  const auto not_before = TimeOf(X509_get0_notBefore(cert));
  const auto not_after = TimeOf(X509_get0_notAfter(cert));
  if (!not_before) return tl::unexpected<base::Error>(not_before.error());
  if (!not_after) return tl::unexpected<base::Error>(not_after.error());
  info.not_before = *not_before;
  info.not_after = *not_after;
  info.is_authority = X509_check_ca(cert) == 1;
  return info;
}

}  // namespace

base::Result<CertificateAndKey> MakeAuthority(const CertificateSpec& spec) {
  const Key key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  auto cert = Draft(spec, key.get());
  if (!cert) return tl::unexpected<base::Error>(cert.error());
  X509* const self = cert->get();
  const bool good = X509_set_issuer_name(self, X509_get_subject_name(self)) == 1 &&
                    AddExtension(self, self, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                    AddExtension(self, self, NID_key_usage, "critical,keyCertSign,cRLSign") &&
                    AddExtension(self, self, NID_subject_key_identifier, "hash");
  if (!good) return Invalid("certificate: OpenSSL refuses the authority's extensions");
  return Sign(std::move(*cert), key, key.get());
}

base::Result<CertificateAndKey> IssueCertificate(const CertificateAndKey& authority,
                                                 const CertificateSpec& spec) {
  const Cert issuer = ReadCert(authority.cert_pem);
  const Key issuer_key = ReadKey(authority.key_pem);
  if (!issuer || !issuer_key || X509_check_private_key(issuer.get(), issuer_key.get()) != 1) {
    return Invalid("certificate: the authority's certificate and key cannot be used");
  }
  const auto names = AlternativeNames(CanonicalNames(spec.names));
  if (!names) return tl::unexpected<base::Error>(names.error());
  const Key key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  auto cert = Draft(spec, key.get());
  if (!cert) return tl::unexpected<base::Error>(cert.error());
  X509* const made = cert->get();
  const bool good =
      X509_set_issuer_name(made, X509_get_subject_name(issuer.get())) == 1 &&
      AddExtension(made, issuer.get(), NID_basic_constraints, "critical,CA:FALSE") &&
      AddExtension(made, issuer.get(), NID_key_usage, "critical,digitalSignature") &&
      AddExtension(made, issuer.get(), NID_ext_key_usage, "serverAuth,clientAuth") &&
      AddExtension(made, issuer.get(), NID_authority_key_identifier, "keyid") &&
      (names->empty() || AddExtension(made, issuer.get(), NID_subject_alt_name, *names));
  if (!good) return Invalid("certificate: OpenSSL refuses its names");
  return Sign(std::move(*cert), key, issuer_key.get());
}

base::Result<CertificateInfo> ReadCertificate(std::string_view pem) {
  const Cert cert = ReadCert(pem);
  if (!cert) return Invalid("certificate: this is no certificate as PEM text");
  return InfoOf(cert.get());
}

std::vector<std::string> CanonicalNames(std::vector<std::string> names) {
  for (std::string& name : names) {
    if (std::string ip = ShortestIp(name); !ip.empty()) name = std::move(ip);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::vector<std::string> SplitCertificates(std::string_view pem) {
  std::vector<std::string> all;
  const Bio bio = Over(pem);
  while (const Cert cert = ReadCert(bio.get())) all.push_back(ToPem(cert.get()));
  ERR_clear_error();
  return all;
}

bool BelongTogether(const CertificateAndKey& pair) {
  const Cert cert = ReadCert(pair.cert_pem);
  const Key key = ReadKey(pair.key_pem);
  const bool good = cert && key && X509_check_private_key(cert.get(), key.get()) == 1;
  ERR_clear_error();
  return good;
}

bool IsSignedBy(std::string_view cert_pem, std::string_view authority_pem) {
  const Cert cert = ReadCert(cert_pem);
  const Cert authority = ReadCert(authority_pem);
  const bool good =
      cert && authority && X509_verify(cert.get(), X509_get0_pubkey(authority.get())) == 1;
  ERR_clear_error();
  return good;
}

}  // namespace tangram::net
