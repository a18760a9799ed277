#include "telemetry/testing/promql_fake.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <regex>
#include <set>

namespace tangram::telemetry::fake {
namespace {

using std::chrono::milliseconds;

struct Matcher {
  std::string label, op, value;
};

struct Node {
  // "number", "selector", "range", "subquery", "call", "aggregate", "binary"
  std::string kind, name;
  double number = 0;
  std::vector<Matcher> matchers;
  std::vector<std::string> by;
  milliseconds range{0}, step{0};
  std::vector<Node> args;
};

// Recursive descent over the grammar of what Tangram sends.
class Parser {
 public:
  explicit Parser(const std::string& text) : text_(text) {}

  std::optional<Node> Parse() {
    Node node = Binary(0);
    Blank();
    return failed_ || at_ != text_.size() ? std::nullopt : std::optional(node);
  }

 private:
  void Blank() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  bool Take(const std::string& token) {
    Blank();
    if (text_.compare(at_, token.size(), token) != 0) return false;
    const bool word = std::isalpha(static_cast<unsigned char>(token[0])) != 0;
    const std::size_t end = at_ + token.size();
    if (word && end < text_.size() && IsWord(text_[end])) return false;
    at_ = end;
    return true;
  }
  void Expect(const std::string& token) { failed_ = failed_ || !Take(token); }
  static bool IsWord(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }
  std::string Word() {
    Blank();
    const std::size_t from = at_;
    while (at_ < text_.size() && IsWord(text_[at_])) ++at_;
    return text_.substr(from, at_ - from);
  }
  std::string String() {
    Expect("\"");
    std::string out;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] == '\\') ++at_;
      if (at_ < text_.size()) out += text_[at_++];
    }
    ++at_;
    return out;
  }
  milliseconds Duration() {
    const std::string word = Word();
    std::size_t unit = 0;
    while (unit < word.size() && std::isdigit(static_cast<unsigned char>(word[unit]))) ++unit;
    const std::map<std::string, int> kUnits = {{"ms", 1}, {"s", 1000}, {"m", 60'000}};
    const auto found = kUnits.find(word.substr(unit));
    failed_ = failed_ || unit == 0 || found == kUnits.end();
    return failed_ ? milliseconds(1)
                   : milliseconds(std::stoll(word.substr(0, unit)) * found->second);
  }

  Node Binary(std::size_t level) {
    static const std::vector<std::vector<std::string>> kLevels = {
        {"or"}, {"and", "unless"}, {">=", "<=", ">", "<"}, {"-"}};
    if (level == kLevels.size()) return Postfix();
    Node left = Binary(level + 1);
    for (bool more = true; more && !failed_;) {
      more = false;
      for (const std::string& op : kLevels[level]) {
        if (!Take(op)) continue;
        Node node{"binary", op, 0, {}, {}, {}, {}, {}};
        node.args = {left, Binary(level + 1)};
        left = node;
        more = true;
        break;
      }
    }
    return left;
  }

  Node Postfix() {
    Node node = Primary();
    if (!Take("[")) return node;
    Node range{"range", "", 0, {}, {}, Duration(), {}, {node}};
    if (Take(":")) {
      range.kind = "subquery";
      range.step = Duration();
    }
    failed_ = failed_ || (range.kind == "range" && node.kind != "selector");
    Expect("]");
    return range;
  }

  Node Primary() {
    Blank();
    if (Take("(")) {
      Node node = Binary(0);
      Expect(")");
      return node;
    }
    if (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_]))) {
      std::size_t used = 0;
      Node node{"number", "", std::stod(text_.substr(at_), &used), {}, {}, {}, {}, {}};
      at_ += used;
      return node;
    }
    Node node;
    node.name = Word();
    failed_ = failed_ || node.name.empty();
    static const std::set<std::string> kAggregates = {"sum", "count", "avg", "max", "min"};
    if (kAggregates.contains(node.name)) return Aggregate(node);
    node.kind = "selector";
    if (Take("(")) {
      node.kind = "call";
      if (!Take(")")) {
        node.args.push_back(Binary(0));
        Expect(")");
      }
      return node;
    }
    if (Take("{")) Matchers(node);
    return node;
  }
  Node Aggregate(Node node) {
    node.kind = "aggregate";
    if (Take("by")) {
      Expect("(");
      do node.by.push_back(Word());
      while (Take(","));
      Expect(")");
    }
    Expect("(");
    node.args.push_back(Binary(0));
    Expect(")");
    return node;
  }
  void Matchers(Node& node) {
    do {
      Matcher matcher;
      matcher.label = Word();
      for (const char* op : {"=~", "!~", "!=", "="}) {
        if (matcher.op.empty() && Take(op)) matcher.op = op;
      }
      matcher.value = String();
      failed_ = failed_ || matcher.op.empty();
      node.matchers.push_back(matcher);
    } while (!failed_ && Take(","));
    Expect("}");
  }

  const std::string& text_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

class Evaluator {
 public:
  explicit Evaluator(const FakeQuery& on) : on_(on) {}
  std::string error;
  milliseconds longest{0};

  FakeVector Eval(const Node& node, base::Time t) {
    if (node.kind == "number") return {{Labels(), node.number}};
    if (node.kind == "selector") return Instant(node, t, milliseconds(300'000), 0);
    if (node.kind == "call") return Call(node, t);
    if (node.kind == "aggregate") return Aggregate(node, Eval(node.args[0], t));
    if (node.kind == "binary") return Binary(node, t);
    error = "a bare range";
    return {};
  }

 private:
  using Matrix = std::map<Labels, std::vector<Sample>>;

  // The series' numbers that a selector matches; remembered, as subqueries ask again at each step.
  const std::vector<std::pair<const RawSeries*, Labels>>& Matching(const Node& node) {
    std::string key = node.name;
    for (const Matcher& m : node.matchers) key += m.label + m.op + m.value + "\n";
    auto [at, is_new] = matching_.try_emplace(key);
    if (!is_new) return at->second;
    for (const RawSeries& series : on_.series) {
      const Labels labels(series.labels);
      const bool matches =
          series.metric == node.name &&
          std::all_of(node.matchers.begin(), node.matchers.end(), [&labels](const Matcher& m) {
            const std::string value(labels.Get(m.label));
            if (m.op == "=") return value == m.value;
            if (m.op == "!=") return value != m.value;
            return std::regex_match(value, std::regex(m.value)) == (m.op == "=~");
          });
      if (matches) at->second.emplace_back(&series, labels);
    }
    return at->second;
  }

  static std::span<const Sample> Between(const RawSeries& series, base::Time from, base::Time to) {
    const auto less = [](const Sample& sample, base::Time time) { return sample.at < time; };
    const auto& all = series.samples;
    const auto first = std::lower_bound(all.begin(), all.end(), from, less);
    const auto last = std::lower_bound(first, all.end(), to + milliseconds(1), less);
    return {first, last};
  }

  enum { kValue, kTime };
  FakeVector Instant(const Node& node, base::Time t, milliseconds lookback, int what) {
    FakeVector out;
    for (const auto& [series, labels] : Matching(node)) {
      const auto found = Between(*series, t - lookback, t);
      if (found.empty()) continue;
      const Sample& last = found.back();
      out[labels] = what == kTime ? static_cast<double>(last.at.time_since_epoch().count()) / 1000
                                  : last.value;
    }
    return out;
  }

  Matrix Range(const Node& node, base::Time t) {
    longest = std::max(longest, node.range);
    const base::Time from = t - node.range + milliseconds(on_.left_end == LeftEnd::kOpen ? 1 : 0);
    Matrix out;
    if (node.kind == "range") {
      for (const auto& [series, labels] : Matching(node.args[0])) {
        const auto found = Between(*series, from, t);
        if (!found.empty()) out[labels].assign(found.begin(), found.end());
      }
      return out;
    }
    const std::int64_t step = node.step.count();
    std::int64_t at = (from.time_since_epoch().count() + step - 1) / step * step;
    for (; at <= t.time_since_epoch().count(); at += step) {
      const base::Time time{milliseconds(at)};
      for (const auto& [labels, value] : Eval(node.args[0], time)) {
        out[labels].push_back({time, value});
      }
    }
    return out;
  }

  FakeVector Call(const Node& node, base::Time t) {
    if (node.name == "time") {
      return {{Labels(), static_cast<double>(t.time_since_epoch().count()) / 1000}};
    }
    if (node.name == "vector") return Eval(node.args[0], t);
    if (node.name == "timestamp" && node.args[0].kind == "selector") {
      return Instant(node.args[0], t, milliseconds(300'000), kTime);
    }
    FakeVector out;
    if (!node.name.ends_with("_over_time") || node.args.empty()) {
      error = "unknown function " + node.name;
      return out;
    }
    for (const auto& [labels, samples] : Range(node.args[0], t))
      out[labels] = Over(node.name, samples);
    return out;
  }

  double Over(const std::string& name, const std::vector<Sample>& samples) {
    if (name == "count_over_time") return static_cast<double>(samples.size());
    if (name == "last_over_time") return samples.back().value;
    double result = name == "sum_over_time" ? 0 : samples.front().value;
    for (const Sample& sample : samples) {
      if (name == "sum_over_time") {
        result += sample.value;
      } else if (name == "max_over_time") {
        if (sample.value > result || std::isnan(result)) result = sample.value;
      } else if (name == "min_over_time") {
        if (sample.value < result || std::isnan(result)) result = sample.value;
      } else {
        error = "unknown function " + name;
      }
    }
    return result;
  }

  FakeVector Aggregate(const Node& node, const FakeVector& in) {
    std::map<Labels, std::vector<double>> groups;
    for (const auto& [labels, value] : in) {
      std::vector<std::pair<std::string, std::string>> kept;
      for (const std::string& label : node.by) {
        if (!labels.Get(label).empty()) kept.emplace_back(label, labels.Get(label));
      }
      groups[Labels(kept)].push_back(value);
    }
    FakeVector out;
    for (const auto& [labels, values] : groups) {
      double sum = 0;
      double max = values.front();
      for (const double value : values) {
        sum += value;
        if (value > max || std::isnan(max)) max = value;
      }
      const auto count = static_cast<double>(values.size());
      out[labels] = node.name == "sum"     ? sum
                    : node.name == "count" ? count
                    : node.name == "avg"   ? sum / count
                                           : max;
      if (node.name == "min") error = "min is not known";
    }
    return out;
  }

  FakeVector Binary(const Node& node, base::Time t) {
    const FakeVector left = Eval(node.args[0], t);
    const FakeVector right = Eval(node.args[1], t);
    if (node.name == "-") {  // scalar - vector
      FakeVector out;
      for (const auto& [labels, value] : right) out[labels] = left.begin()->second - value;
      return out;
    }
    FakeVector out;
    for (const auto& [labels, value] : left) {
      if (Keeps(node.name, value, right, labels)) out[labels] = value;
    }
    if (node.name == "or") out.insert(right.begin(), right.end());
    return out;
  }
  static bool Keeps(const std::string& op, double value, const FakeVector& right,
                    const Labels& labels) {
    if (op == "and") return right.contains(labels);
    if (op == "unless") return !right.contains(labels);
    if (op == "or") return true;
    const double than = right.begin()->second;  // only numbers stand at the right of a comparison
    if (op == ">") return value > than;
    if (op == "<") return value < than;
    return op == ">=" ? value >= than : value <= than;
  }

  const FakeQuery& on_;
  std::map<std::string, std::vector<std::pair<const RawSeries*, Labels>>> matching_;
};

std::string Decode(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::map<std::string, std::string> Form(const std::string& text) {
  std::map<std::string, std::string> form;
  std::size_t at = 0;
  while (at <= text.size()) {
    const std::size_t end = std::min(text.find('&', at), text.size());
    const std::string pair = text.substr(at, end - at);
    const std::size_t equals = std::min(pair.find('='), pair.size());
    form[Decode(pair.substr(0, equals))] =
        equals < pair.size() ? Decode(pair.substr(equals + 1)) : "";
    at = end + 1;
  }
  return form;
}

std::string Json(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string Refused(const std::string& type, const std::string& why) {
  return fmt::format(R"({{"status":"error","errorType":"{}","error":{}}})", type, Json(why));
}

}  // namespace

FakeAnswer Evaluate(const FakeQuery& on, const std::string& promql, base::Time time) {
  const auto node = Parser(promql).Parse();
  if (!node) return {{}, "parse error: " + promql, {}};
  Evaluator evaluator(on);
  FakeAnswer answer;
  answer.vector = evaluator.Eval(*node, time);
  answer.error = evaluator.error;
  answer.longest_range = evaluator.longest;
  return answer;
}

FakePrometheus::FakePrometheus(std::vector<RawSeries> series, LeftEnd left_end)
    : series_(std::move(series)), left_end_(left_end) {}

void FakePrometheus::Refuse(Refusal how, milliseconds longest) {
  refusal_ = how;
  longest_ = longest;
}

std::string FakePrometheus::Query(const std::map<std::string, std::string>& form, int& status,
                                  bool& timed_out) {
  const std::string& promql = form.at("query");
  queries_.push_back(promql);
  const base::Time time{milliseconds(std::llround(std::stod(form.at("time")) * 1000))};
  const FakeAnswer answer = Evaluate({series_, left_end_}, promql, time);
  status = 422;
  if (!answer.error.empty()) return Refused("bad_data", answer.error);
  if (answer.longest_range > longest_) {
    timed_out = refusal_ == Refusal::kTimeout;
    return Refused("execution",
                   "query processing would load too many samples into memory in "
                   "query execution");
  }
  status = 200;
  std::string rows;
  for (const auto& [labels, value] : answer.vector) {
    std::string metric;
    for (const auto& [name, text] : labels.pairs()) {
      metric += fmt::format("{}{}:{}", metric.empty() ? "" : ",", Json(name), Json(text));
    }
    rows += fmt::format(R"({}{{"metric":{{{}}},"value":[{},"{}"]}})", rows.empty() ? "" : ",",
                        metric, form.at("time"), ValueText(value));
  }
  return fmt::format(R"({{"status":"success","data":{{"resultType":"vector","result":[{}]}}}})",
                     rows);
}

std::string FakePrometheus::Values(const std::map<std::string, std::string>& form) const {
  std::set<std::string> uuids;
  const std::string metric = form.at("match[]").substr(0, form.at("match[]").find('{'));
  for (const RawSeries& series : series_) {
    if (series.metric == metric) uuids.insert(Json(std::string(Labels(series.labels).Get("UUID"))));
  }
  return fmt::format(R"({{"status":"success","data":[{}]}})", fmt::join(uuids, ","));
}

net::Response FakePrometheus::Answer(const std::string& path_and_query, bool& timed_out) {
  const std::size_t mark = std::min(path_and_query.find('?'), path_and_query.size());
  const std::string path = path_and_query.substr(0, mark);
  const auto form = Form(mark < path_and_query.size() ? path_and_query.substr(mark + 1) : "");
  net::Response response;
  response.status = 200;
  if (path == "/api/v1/query") {
    response.body = Query(form, response.status, timed_out);
  } else if (path == "/api/v1/label/UUID/values") {
    response.body = Values(form);
  } else {
    response.status = 404;
    response.body = "404 page not found";
  }
  return response;
}

Fetch FakePrometheus::AsFetch() {
  return [this](const std::string& path, milliseconds) -> base::Result<net::Response> {
    bool timed_out = false;
    net::Response response = Answer(path, timed_out);
    if (timed_out) return base::Fail(base::ErrorCode::kUnavailable, "fake: no answer in time");
    return response;
  };
}

}  // namespace tangram::telemetry::fake
