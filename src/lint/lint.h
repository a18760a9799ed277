// Finds GPU mistakes in Kubernetes manifests, before the cluster does (or worse, does not).
//
// Pure: text in, findings out; no I/O, safe from any thread. The text is hostile until parsed: too
// large, too deep, binary or broken YAML is a base::Error with the line, never a crash. A finding
// never repeats the value of an environment variable, except the memory share of vllm-memory-share
// and what the two *-visible-devices rules found wrong with a device list.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tangram::lint {

enum class Severity {
  kError,    // the API server refuses it, or it can never do what was meant
  kWarning,  // wrong on some clusters, or wasteful
};
std::string_view NameOf(Severity severity);  // "error"

struct Finding {
  std::string rule;  // as in Rules()
  Severity severity = Severity::kError;
  std::string file;            // as given to Lint()
  int document = 0;            // from 0, in the order of the file; empty documents count
  int line = 0;                // from 1
  std::string object;          // "Deployment default/x"; the namespace is "default" where unset
  std::string field;           // path from the object: spec.containers[0].resources.limits
  std::string found;           // what stands there
  std::string message;         // why it is a mistake, one sentence
  std::string fix;             // what to write, one sentence
  std::string corrected_yaml;  // the corrected part of the object with the way down to it

  bool operator==(const Finding&) const = default;
};

// The findings of one file: several documents, kind List and JSON read as well. Ordered by
// document, line, rule and field. Documents that are no Kubernetes objects have none.
// Error kInvalid names the file, the line and what to do.
base::Result<std::vector<Finding>> Lint(std::string_view file_name, std::string_view yaml_text);

struct RuleInfo {
  std::string_view name;
  std::string_view explanation;  // one line
  std::string_view source;       // where the fact is from
};

// Every rule, in the order of docs/lint.md. Static storage.
std::span<const RuleInfo> Rules();

}  // namespace tangram::lint
