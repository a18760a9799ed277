// Which devices satisfy a request, by the selectors of its class and its own.
#pragma once

#include <map>
#include <span>
#include <string>
#include <tl/expected.hpp>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/result.h"
#include "cel/cel.h"
#include "cluster/device.h"
#include "cluster/list.h"

namespace tangram::claims {

// The scheduler gives up on the pod there: "class mig, selector 1 (...) of device gpu-0: ...".
struct Fails {
  std::string why;
};
// Something of it is not evaluated here; the scheduler may say anything.
struct Unknown {
  std::string why;
};
// Why a search ends before it has an answer.
using Stopped = std::variant<Fails, Unknown>;

// The device as selectors look at it.
cel::Device AsSelectorsSee(std::string_view driver, const cluster::Device& device);

// Compiles each expression once and remembers what it says of each device. Not thread-safe.
//
// Borrows classes and devices, which must outlive it and stay where they are.
class Selection {
 public:
  explicit Selection(const cluster::List<cluster::DeviceClass>& classes);
  explicit Selection(cluster::List<cluster::DeviceClass>&&) = delete;

  const cluster::DeviceClass* ClassNamed(std::string_view name) const;

  struct Expression;
  // Of `text`; valid as long as the selection.
  Expression* Compiled(const std::string& text);

  // The verdict of all of them, the first that does not say yes; `where` names them for messages.
  tl::expected<bool, Stopped> MatchesAll(const std::vector<Expression*>& selectors,
                                         const std::string& where, std::string_view driver,
                                         const cluster::Device& device);

 private:
  const cel::Device& SeenBy(std::string_view driver, const cluster::Device& device);

  std::unordered_map<std::string_view, const cluster::DeviceClass*> classes_;
  std::map<std::string, Expression> expressions_;
  const cluster::Device* last_ = nullptr;
  cel::Device seen_;  // `last_`, as selectors look at it
};

struct Selection::Expression {
  explicit Expression(base::Result<cel::Program> compiled) : program(std::move(compiled)) {}

  base::Result<cel::Program> program;
  std::string text{};
  std::unordered_map<const cluster::Device*, cel::Outcome::Kind> known{};
};

}  // namespace tangram::claims
