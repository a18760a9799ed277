// Whatever a server answers, the Prometheus client returns a value or an error for a person.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "telemetry/promql_answer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto answer = tangram::telemetry::ParseQueryAnswer(body);
  if (answer) {
    for (const auto& series : answer->series) {
      const bool has_one = series.samples.size() == 1;
      if (answer->kind != tangram::telemetry::AnswerKind::kMatrix && !has_one) std::abort();
    }
  } else if (answer.error().message.empty()) {
    std::abort();
  }
  (void)tangram::telemetry::ParseLabelValues(body);
  (void)tangram::telemetry::ParseBuildInfo(body);
  for (const int status : {200, 400, 401, 404, 422, 503}) {
    if (tangram::telemetry::ErrorOf(status, body).message.empty()) std::abort();
  }
  return 0;
}
