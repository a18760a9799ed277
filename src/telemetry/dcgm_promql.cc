#include "telemetry/dcgm_promql.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdint>

namespace tangram::telemetry {

std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string AnyOf(const std::vector<std::string>& literals) {
  constexpr std::string_view kMeta = "\\.+*?()|[]{}^$";
  std::string out;
  for (const std::string& literal : literals) {
    if (&literal != &literals.front()) out += '|';
    for (const char c : literal) {
      if (kMeta.find(c) != std::string_view::npos) out += '\\';
      out += c;
    }
  }
  return out;
}

Selector::Selector(std::string metric,
                   const std::vector<std::pair<std::string, std::string>>& matchers)
    : metric_(std::move(metric)) {
  for (const auto& [label, value] : matchers) {
    matchers_.push_back(fmt::format("{}={}", label, Quoted(value)));
  }
}

Selector Selector::With(const std::string& matcher) const {
  Selector copy = *this;
  copy.matchers_.push_back(matcher);
  return copy;
}

std::string Selector::Text() const {
  return matchers_.empty() ? metric_ : fmt::format("{}{{{}}}", metric_, fmt::join(matchers_, ","));
}

std::string Promql::Range(const Part& part) const {
  const std::int64_t length = (part.to - part.from).count();
  return fmt::format("{}ms", left_end_ == LeftEnd::kClosed ? length - 1 : length);
}

std::string Promql::Over(std::string_view function, const Selector& selector,
                         const Part& part) const {
  return fmt::format("{}({}[{}])", function, selector.Text(), Range(part));
}

std::string Promql::OverSteps(std::string_view function, const std::string& expression,
                              const Part& part) const {
  return fmt::format("{}(({})[{}:{}ms])", function, expression, Range(part), step_.count());
}

std::string Promql::Fresh(const Selector& selector) const { return Fresh(selector, ""); }

std::string Promql::Fresh(const Selector& selector, const std::string& filter) const {
  const std::string text = selector.Text();
  return fmt::format("({} {} and (time() - timestamp({})) < {})", text, filter, text,
                     static_cast<double>(step_.count()) / 1000);
}

std::string Promql::Times(const Selector& selector, const std::string& filter) {
  return fmt::format("(timestamp({}) and ({} {}))", selector.Text(), selector.Text(), filter);
}

std::string Promql::Within(const Bounds& bounds) {
  return fmt::format(">= {} <= {}", bounds.low, bounds.high);
}

std::string By(const std::vector<std::string>& labels) {
  return fmt::format("by ({})", fmt::join(labels, ","));
}

}  // namespace tangram::telemetry
