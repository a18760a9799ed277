// Selectors of Dynamic Resource Allocation: which device does a CEL expression choose?
//
// The language, its type checker and the functions are those that kube-scheduler 1.36 gives to a
// selector (k8s.io/dynamic-resource-allocation/cel on cel-go 0.26). Every answer is the scheduler's
// own, or kUnknown: what is not evaluated here is said, and is never taken as false. docs/dra.md
// lists it. testbed/dra_differential compares with the real implementation.
//
// Pure: no I/O, no state. A Program may be used by many threads at once.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"

namespace tangram::cel {

// A semantic version, as the driver wrote it: "580.82.7".
struct VersionText {
  std::string text;
  auto operator<=>(const VersionText&) const = default;
};

// An attribute that holds a list (alpha in Kubernetes 1.36). It is known to be there, not
// evaluated.
struct ListValue {
  auto operator<=>(const ListValue&) const = default;
};

using AttributeValue = std::variant<std::int64_t, bool, std::string, VersionText, ListValue>;

// What a selector may look at.
struct Device {
  std::string driver;
  bool allow_multiple_allocations = false;
  // By name with its domain ("resource.kubernetes.io/pcieRoot"); a name without one has the domain
  // of the driver.
  std::map<std::string, AttributeValue> attributes{};
  // Quantities as Kubernetes writes them: "80Gi".
  std::map<std::string, std::string> capacity{};
};

struct Outcome {
  enum class Kind {
    kFalse,
    kTrue,
    kError,    // evaluating fails: the scheduler gives up on the whole pod
    kUnknown,  // not evaluated here; the scheduler may say anything
  };
  Kind kind = Kind::kFalse;
  std::string why{};  // of kError and kUnknown: what, and where in the expression

  bool operator==(const Outcome&) const = default;
};

struct Parsed;  // an expression after parsing and type checks

class Program {
 public:
  // Takes at most some milliseconds, whatever the expression: what would take longer is kUnknown.
  Outcome Matches(const Device& device) const;

  // The expression as it was given to Compile.
  const std::string& text() const;

 private:
  friend base::Result<Program> Compile(std::string_view);
  explicit Program(std::shared_ptr<const Parsed> parsed) : parsed_(std::move(parsed)) {}

  std::shared_ptr<const Parsed> parsed_;  // never null
};

// kInvalid where the API server refuses the expression, and says what is wrong where. An expression
// that is too long, too deep or too large to be looked at compiles to a Program that answers
// kUnknown.
base::Result<Program> Compile(std::string_view text);

}  // namespace tangram::cel
