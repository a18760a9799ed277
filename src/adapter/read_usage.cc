#include "adapter/read_usage.h"

#include <utility>

#include "adapter/join_usage.h"
#include "telemetry/dcgm.h"

namespace tangram::adapter {
cluster::Gap GapOfUsage(const std::string& source, const std::string& why) {
  return {"usage", source.empty() ? why : "nothing was read from " + source + ": " + why,
          "let dcgm-exporter be scraped by the cluster's Prometheus, or name one with --prometheus "
          "URL"};
}

std::string SourceOf(const std::string& source) { return "prometheus: " + source; }

cluster::Snapshot ReadUsage(cluster::Snapshot snapshot, const telemetry::Prometheus& prometheus,
                            const UsageOptions& options) {
  telemetry::DcgmOptions ask;
  ask.to = snapshot.taken_at;
  ask.from = snapshot.taken_at - options.window;
  ask.matchers = options.matchers;
  if (options.progress) {
    ask.progress = [&options](const telemetry::DcgmProgress& done) {
      options.progress({"usage", static_cast<std::size_t>(done.done.value())});
    };
  }
  const auto dcgm = telemetry::ReadDcgm(prometheus, ask);
  if (!dcgm || !dcgm->nothing_found.empty()) {
    const std::string why = dcgm ? dcgm->nothing_found : dcgm.error().message;
    snapshot.gaps.push_back(GapOfUsage(options.source, why));
    cluster::Normalize(snapshot);
    return snapshot;
  }
  return JoinUsage(std::move(snapshot), *dcgm, SourceOf(options.source));
}

}  // namespace tangram::adapter
