// Tree and device to value.
//
// Source: interpreter/ of cel-go 0.26: which errors are absorbed, when a bound name is evaluated,
// what an optional value passes on.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cel/expr.h"
#include "cel/library.h"
#include "cel/value.h"

namespace tangram::cel {

// One evaluation of one tree.
class Evaluator {
 public:
  // `device` is what the name stands for.
  explicit Evaluator(Value device) : device_(std::move(device)) {}

  Evaluated Run(const Expr& root);

 private:
  // A fold under way: its variables, as far as they have values.
  struct Frame {
    const Fold& fold;
    Frame* outside;
    Value first{};
    Value second{};
    bool has_variables = false;
    std::optional<Evaluated> accumulated{};  // empty until somebody asks for it
  };

  Evaluated Evaluate(const Expr& expr);
  Evaluated At(const Expr& expr, Evaluated result);
  // Ends everything: no && or || absorbs it.
  Evaluated Abort(Stop::Kind kind, std::string what);

  Evaluated ValueOf(const Literal& literal);
  Evaluated ValueOf(const Ident& ident);
  Evaluated ValueOf(const Select& select);
  Evaluated ValueOf(const Call& call);
  Evaluated ValueOf(const ListLiteral& list);
  Evaluated ValueOf(const MapLiteral& map);
  Evaluated ValueOf(const Fold& fold);

  // `absorbing` decides whatever the other side is: false for &&, true for ||.
  Evaluated Logical(const Call& call, bool absorbing);
  Evaluated Conditional(const Call& call);
  Evaluated Index(const Call& call);
  Evaluated OrElse(const Call& call);
  Evaluated InList(const Call& call);
  Evaluated NotStrictlyFalse(const Call& call);
  Evaluated Apply(const Call& call);

  Evaluated Loop(Frame& frame, const Value& range);
  // False: the loop has ended.
  bool Step(Frame& frame);
  Evaluated Accumulated(Frame& frame);

  Value device_;
  Meter meter_;
  Frame* frame_ = nullptr;  // the innermost fold
  std::optional<Stop> aborted_;
};

// Whether the planner of cel-go takes the node for a constant.
bool IsConstant(const Expr& expr);

}  // namespace tangram::cel
