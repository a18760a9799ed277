#include "report/html.h"

#include <cstddef>

#include "plan_page.h"
#include "report_page.h"
#include "simulate_page.h"

namespace tangram::report {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

unsigned char ByteAt(std::string_view text, std::size_t at) {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
}

// What the first byte of a sequence says: its length, and the bounds of the second byte, which are
// narrower where an overlong form, a surrogate or a value past U+10FFFF would begin (Unicode 15,
// table 3-7). length 0: no sequence begins with it.
struct Lead {
  std::size_t length = 0;
  unsigned char least = 0x80;
  unsigned char most = 0xBF;
};

Lead LeadOf(unsigned char byte) {
  if (byte < 0x80) return {.length = 1};
  if (byte < 0xC2) return {};
  if (byte < 0xE0) return {.length = 2};
  if (byte == 0xE0) return {.length = 3, .least = 0xA0};
  if (byte == 0xED) return {.length = 3, .most = 0x9F};
  if (byte < 0xF0) return {.length = 3};
  if (byte == 0xF0) return {.length = 4, .least = 0x90};
  if (byte < 0xF4) return {.length = 4};
  if (byte == 0xF4) return {.length = 4, .most = 0x8F};
  return {};
}

// Bytes of the valid UTF-8 sequence at `at`; 0 where there is none.
std::size_t SequenceAt(std::string_view text, std::size_t at) {
  const Lead lead = LeadOf(ByteAt(text, at));
  if (lead.length < 2) return lead.length;
  if (at + lead.length > text.size()) return 0;
  const unsigned char second = ByteAt(text, at + 1);
  if (second < lead.least || second > lead.most) return 0;
  for (std::size_t i = 2; i < lead.length; ++i) {
    if ((ByteAt(text, at + i) & 0xC0) != 0x80) return 0;
  }
  return lead.length;
}

// The JSON escape of what must not stand in the page as it is; empty: it may.
std::string_view EscapeOf(std::string_view sequence) {
  if (sequence == "<") return "\\u003c";
  if (sequence == ">") return "\\u003e";
  if (sequence == "&") return "\\u0026";
  if (sequence == "\xE2\x80\xA8") return "\\u2028";
  if (sequence == "\xE2\x80\xA9") return "\\u2029";
  return {};
}

void AppendData(std::string_view json, std::string& page) {
  std::size_t plain = 0;  // start of what is copied as it is
  std::size_t at = 0;
  while (at < json.size()) {
    const std::size_t length = SequenceAt(json, at);
    const std::size_t step = length == 0 ? 1 : length;
    const std::string_view instead = length == 0 ? kReplacement : EscapeOf(json.substr(at, length));
    if (!instead.empty()) {
      page.append(json.substr(plain, at - plain)).append(instead);
      plain = at + step;
    }
    at += step;
  }
  page.append(json.substr(plain));
}

}  // namespace

std::string PageWithData(std::span<const std::string_view> before, std::string_view json,
                         std::span<const std::string_view> after) {
  std::string page;
  page.reserve(json.size() + json.size() / 16 + 512 * 1024);
  for (const std::string_view piece : before) page.append(piece);
  AppendData(json, page);
  for (const std::string_view piece : after) page.append(piece);
  return page;
}

std::string RenderHtml(std::string_view report_json) {
  return PageWithData(kReportPageBeforeData, report_json, kReportPageAfterData);
}

std::string RenderPlanHtml(std::string_view plan_json) {
  return PageWithData(kPlanPageBeforeData, plan_json, kPlanPageAfterData);
}

std::string RenderSimulationHtml(std::string_view simulation_json) {
  return PageWithData(kSimulatePageBeforeData, simulation_json, kSimulatePageAfterData);
}

}  // namespace tangram::report
