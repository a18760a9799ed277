#include "telemetry/promql_answer.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

#include "base/text.h"

namespace tangram::telemetry {
namespace {

namespace dom = simdjson::dom;
using base::ErrorCode;
using base::Fail;

// Server text that goes in an error: one line, no control characters, not endless.
std::string Excerpt(std::string_view text) {
  std::string line;
  for (const char c : text.substr(0, 400)) {
    line += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  }
  return base::Shorten(base::Trim(line), 200);
}

std::string_view TextAt(const dom::object& object, std::string_view name) {
  std::string_view text;
  return object.at_key(name).get(text) == simdjson::SUCCESS ? text : std::string_view();
}

// Words with which the servers say "too large or too slow", as opposed to "wrong".
bool IsAboutSize(std::string_view message) {
  std::string lower(message);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  constexpr std::string_view kWords[] = {
      "too many samples", "too long", "timed out", "timeout",           "exceed",
      "cannot select",    "limit",    "canceled",  "not enough memory", "deadline",
      "too many"};
  return std::any_of(std::begin(kWords), std::end(kWords), [&lower](std::string_view word) {
    return lower.find(word) != std::string::npos;
  });
}

base::Error ErrorOfObject(const dom::object& root) {
  const std::string_view type = TextAt(root, "errorType");
  const std::string message = Excerpt(TextAt(root, "error"));
  const bool heavy = type == "timeout" || type == "canceled" || type == "unavailable" ||
                     type == "internal" || (type != "bad_data" && IsAboutSize(message));
  return {
      heavy ? ErrorCode::kUnavailable : ErrorCode::kInvalid,
      fmt::format("Prometheus refused the query ({}): {}", type.empty() ? "no type" : Excerpt(type),
                  message.empty() ? "no message" : message)};
}

// A body, and the object at its top. The parser owns what `root` points into.
struct Document {
  dom::parser parser;
  dom::object root;
};

base::Result<void> Read(std::string_view body, Document& into) {
  dom::element top;
  const auto code = into.parser.parse(simdjson::padded_string(body)).get(top);
  if (code != simdjson::SUCCESS) {
    return Fail(
        ErrorCode::kInvalid,
        fmt::format("the answer is not whole JSON ({}; {} bytes, starting \"{}\"); is this "
                    "the URL of a Prometheus?",
                    simdjson::error_message(code), body.size(), Excerpt(body.substr(0, 60))));
  }
  if (top.get(into.root) != simdjson::SUCCESS) {
    return Fail(ErrorCode::kInvalid, "the answer is JSON, but no object; is this a Prometheus?");
  }
  const std::string_view status = TextAt(into.root, "status");
  if (status == "error") return tl::unexpected(ErrorOfObject(into.root));
  if (status != "success") {
    return Fail(ErrorCode::kInvalid,
                fmt::format("the answer has status \"{}\", expected \"success\"", Excerpt(status)));
  }
  return {};
}

base::Result<Labels> ReadLabels(const dom::element& metric) {
  dom::object object;
  if (metric.get(object) != simdjson::SUCCESS) {
    return Fail(ErrorCode::kInvalid, "data.result[].metric: expected an object of labels");
  }
  std::vector<std::pair<std::string, std::string>> pairs;
  pairs.reserve(object.size());
  for (const auto field : object) {
    std::string_view value;
    if (field.value.get(value) != simdjson::SUCCESS) {
      return Fail(ErrorCode::kInvalid,
                  fmt::format("data.result[].metric: label {} is no text", Excerpt(field.key)));
    }
    if (field.key != "__name__" && !value.empty()) pairs.emplace_back(field.key, value);
  }
  return Labels(std::move(pairs));
}

// "0.25", "NaN", "+Inf", "-Inf", "1e-05".
std::optional<double> ReadValue(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || text.starts_with('+')) return std::nullopt;
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size()) return std::nullopt;
  if (code == std::errc::result_out_of_range) return std::numeric_limits<double>::infinity();
  return code == std::errc() ? std::optional(value) : std::nullopt;
}

// [1700000000.123, "0.5"]
base::Result<Sample> ReadSample(const dom::element& pair) {
  dom::array array;
  double at = 0;
  std::string_view text;
  if (pair.get(array) != simdjson::SUCCESS || array.size() != 2 ||
      array.at(0).get(at) != simdjson::SUCCESS || array.at(1).get(text) != simdjson::SUCCESS) {
    return Fail(ErrorCode::kInvalid, "a sample is not [seconds, \"value\"]");
  }
  constexpr double kYear9999 = 253402300800.0;
  if (!(at >= -kYear9999 && at <= kYear9999)) {
    return Fail(ErrorCode::kInvalid, fmt::format("a sample has the impossible time {}", at));
  }
  const auto value = ReadValue(text);
  if (!value) {
    return Fail(ErrorCode::kInvalid, fmt::format("a sample has the value \"{}\"", Excerpt(text)));
  }
  return Sample{base::Time(base::Milliseconds(std::llround(at * 1000))), *value};
}

base::Result<void> ReadSamples(const dom::object& object, AnswerKind kind, Series& into) {
  dom::element value;
  if (kind == AnswerKind::kVector) {
    // A native histogram comes as "histogram": no series that is asked for here can be one.
    if (object.at_key("value").get(value) != simdjson::SUCCESS) {
      return Fail(ErrorCode::kInvalid, "data.result[] has no \"value\" (a native histogram?)");
    }
    auto sample = ReadSample(value);
    if (!sample) return tl::unexpected(sample.error());
    into.samples.push_back(*sample);
    return {};
  }
  dom::array values;
  if (object.at_key("values").get(values) != simdjson::SUCCESS) {
    return Fail(ErrorCode::kInvalid, "data.result[] has no \"values\" (a native histogram?)");
  }
  into.samples.reserve(values.size());
  for (const dom::element pair : values) {
    auto sample = ReadSample(pair);
    if (!sample) return tl::unexpected(sample.error());
    into.samples.push_back(*sample);
  }
  return {};
}

base::Result<std::vector<Series>> ReadSeries(const dom::element& result, AnswerKind kind) {
  dom::array array;
  if (result.get(array) != simdjson::SUCCESS) {
    return Fail(ErrorCode::kInvalid, "data.result: expected an array of series");
  }
  std::vector<Series> series;
  series.reserve(array.size());
  for (const dom::element item : array) {
    dom::object object;
    dom::element metric;
    if (item.get(object) != simdjson::SUCCESS ||
        object.at_key("metric").get(metric) != simdjson::SUCCESS) {
      return Fail(ErrorCode::kInvalid, "data.result[]: expected an object with \"metric\"");
    }
    auto labels = ReadLabels(metric);
    if (!labels) return tl::unexpected(labels.error());
    Series one{std::move(*labels), {}};
    if (auto read = ReadSamples(object, kind, one); !read) return tl::unexpected(read.error());
    series.push_back(std::move(one));
  }
  return series;
}

std::optional<AnswerKind> KindOf(std::string_view type) {
  if (type == "vector") return AnswerKind::kVector;
  if (type == "matrix") return AnswerKind::kMatrix;
  if (type == "scalar") return AnswerKind::kScalar;
  return std::nullopt;
}

std::vector<std::string> ReadNotices(const dom::object& root) {
  std::vector<std::string> notices;
  for (const std::string_view name : {"warnings", "infos"}) {
    dom::array array;
    if (root.at_key(name).get(array) != simdjson::SUCCESS) continue;
    for (const dom::element item : array) {
      std::string_view text;
      if (item.get(text) == simdjson::SUCCESS && notices.size() < 20) {
        notices.push_back(Excerpt(text));
      }
    }
  }
  return notices;
}

base::Result<dom::object> DataObject(const dom::object& root) {
  dom::object data;
  if (root.at_key("data").get(data) != simdjson::SUCCESS) {
    return Fail(ErrorCode::kInvalid, "the answer has no object \"data\"");
  }
  return data;
}

// Prometheus keeps its API the same; the four differ in what they say of themselves.
BuildInfo::Kind KindOfBuild(std::string_view application, std::string_view version,
                            std::string_view revision) {
  if (application.find("Mimir") != std::string_view::npos) return BuildInfo::Kind::kMimir;
  if (!application.empty()) return BuildInfo::Kind::kOther;
  // VictoriaMetrics answers this one constant, for Grafana's sake, and nothing else.
  if (version == "2.24.0" && revision.empty()) return BuildInfo::Kind::kVictoriaMetrics;
  if (version.starts_with("0.")) return BuildInfo::Kind::kThanos;
  return version.empty() ? BuildInfo::Kind::kOther : BuildInfo::Kind::kPrometheus;
}

}  // namespace

Labels::Labels(std::vector<std::pair<std::string, std::string>> pairs) : pairs_(std::move(pairs)) {
  std::sort(pairs_.begin(), pairs_.end());
}

std::string_view Labels::Get(std::string_view name) const {
  const auto at =
      std::lower_bound(pairs_.begin(), pairs_.end(), name,
                       [](const auto& pair, std::string_view n) { return pair.first < n; });
  return at != pairs_.end() && at->first == name ? std::string_view(at->second)
                                                 : std::string_view();
}

base::Result<QueryAnswer> ParseQueryAnswer(std::string_view body) {
  Document document;
  if (auto read = Read(body, document); !read) return tl::unexpected(read.error());
  const auto data = DataObject(document.root);
  if (!data) return tl::unexpected(data.error());
  const std::string_view type = TextAt(*data, "resultType");
  const auto kind = KindOf(type);
  dom::element result;
  if (!kind || data->at_key("result").get(result) != simdjson::SUCCESS) {
    return Fail(ErrorCode::kInvalid,
                fmt::format("data.resultType is \"{}\", expected vector, matrix or scalar with a "
                            "result",
                            Excerpt(type)));
  }
  QueryAnswer answer{*kind, {}, ReadNotices(document.root)};
  if (*kind == AnswerKind::kScalar) {
    const auto sample = ReadSample(result);
    if (!sample) return tl::unexpected(sample.error());
    answer.series.push_back({Labels(), {*sample}});
    return answer;
  }
  auto series = ReadSeries(result, *kind);
  if (!series) return tl::unexpected(series.error());
  answer.series = std::move(*series);
  return answer;
}

base::Result<std::vector<std::string>> ParseLabelValues(std::string_view body) {
  Document document;
  if (auto read = Read(body, document); !read) return tl::unexpected(read.error());
  dom::array data;
  std::vector<std::string> values;
  // Some servers write null for "none".
  if (document.root.at_key("data").get(data) != simdjson::SUCCESS) {
    dom::element other;
    if (document.root.at_key("data").get(other) == simdjson::SUCCESS && other.is_null()) {
      return values;
    }
    return Fail(ErrorCode::kInvalid, "the answer has no array \"data\" of label values");
  }
  for (const dom::element item : data) {
    std::string_view text;
    if (item.get(text) != simdjson::SUCCESS) {
      return Fail(ErrorCode::kInvalid, "data[]: a label value is no text");
    }
    values.emplace_back(text);
  }
  return values;
}

base::Result<BuildInfo> ParseBuildInfo(std::string_view body) {
  Document document;
  if (auto read = Read(body, document); !read) return tl::unexpected(read.error());
  const auto data = DataObject(document.root);
  if (!data) return tl::unexpected(data.error());
  const std::string_view version = TextAt(*data, "version");
  return BuildInfo{KindOfBuild(TextAt(*data, "application"), version, TextAt(*data, "revision")),
                   Excerpt(version)};
}

base::Error ErrorOf(int http_status, std::string_view body) {
  std::string said = Excerpt(body.substr(0, 160));
  ErrorCode code = ErrorCode::kInvalid;
  dom::parser parser;
  dom::object root;
  const bool is_object = parser.parse(simdjson::padded_string(body)).get(root) == simdjson::SUCCESS;
  if (is_object && TextAt(root, "status") == "error") {
    const base::Error from_prometheus = ErrorOfObject(root);
    code = from_prometheus.code;
    said = from_prometheus.message;
  }
  if (http_status == 401 || http_status == 403) code = ErrorCode::kDenied;
  if (http_status == 404) code = ErrorCode::kNotFound;
  if (http_status == 408 || http_status == 429 || http_status >= 500)
    code = ErrorCode::kUnavailable;
  const char* remedy = "";
  if (code == ErrorCode::kDenied) remedy = "; check the token or the user of the URL";
  if (code == ErrorCode::kNotFound)
    remedy = "; check the path of the URL (Mimir needs /prometheus)";
  return {code, fmt::format("HTTP {}: {}{}", http_status, said.empty() ? "no explanation" : said,
                            remedy)};
}

}  // namespace tangram::telemetry
