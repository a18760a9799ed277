#include "metrics/page.h"

#include <array>
#include <charconv>
#include <cmath>
#include <string_view>

namespace tangram::metrics {
namespace {

void AppendEscaped(std::string& to, std::string_view text, bool quotes) {
  for (const char letter : text) {
    if (letter == '\\') {
      to += "\\\\";
    } else if (letter == '\n') {
      to += "\\n";
    } else if (letter == '"' && quotes) {
      to += "\\\"";
    } else {
      to += letter;
    }
  }
}

void AppendNumber(std::string& to, double value) {
  if (std::isnan(value)) {
    to += "NaN";
  } else if (std::isinf(value)) {
    to += value > 0 ? "+Inf" : "-Inf";
  } else {
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    to.append(text.data(), end);
  }
}

void AppendLabels(std::string& to, const Labels& labels) {
  if (labels.empty()) return;
  char before = '{';
  for (const auto& [name, value] : labels) {
    to += before;
    to += name;
    to += "=\"";
    AppendEscaped(to, value, true);
    to += '"';
    before = ',';
  }
  to += '}';
}

}  // namespace

void Page::Set(const char* kind, const Metric& metric, const Labels& labels, double value) {
  auto found = families_.find(metric.name);
  if (found == families_.end()) {
    found = families_.emplace(metric.name, Family{kind, metric.help, {}}).first;
  }
  found->second.series[labels] = value;
}

void Page::Gauge(const Metric& metric, const Labels& labels, double value) {
  Set("gauge", metric, labels, value);
}

void Page::Counter(const Metric& metric, const Labels& labels, double value) {
  Set("counter", metric, labels, value);
}

std::string Page::Text() const {
  std::string text;
  for (const auto& [name, family] : families_) {
    text += "# HELP " + name + ' ';
    AppendEscaped(text, family.help, false);
    text += "\n# TYPE " + name + ' ' + family.kind + '\n';
    for (const auto& [labels, value] : family.series) {
      text += name;
      AppendLabels(text, labels);
      text += ' ';
      AppendNumber(text, value);
      text += '\n';
    }
  }
  return text;
}

}  // namespace tangram::metrics
