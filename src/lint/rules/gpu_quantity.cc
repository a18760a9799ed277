// Extended resources: whole numbers, limits required, requests equal to them.
#include <algorithm>
#include <cstdint>

#include "base/text.h"
#include "lint/rule.h"

namespace tangram::lint {
namespace {

// The whole number that was meant: "0.5" and "500m" -> 1, "2.0" -> 2.
std::string RoundedUp(const Value& value) {
  if (const auto whole = WholeCount(value)) return std::to_string(*whole);
  std::string_view text = value.text;
  if (text.ends_with('m')) {
    text.remove_suffix(1);
    const auto thousandths = base::ParseInteger(text);
    if (thousandths && *thousandths > 0 && *thousandths < INT64_MAX - 999) {
      return std::to_string((*thousandths + 999) / 1000);
    }
  }
  const auto millionths = base::ParseMillionths(text);
  if (millionths && *millionths > 0) return std::to_string((*millionths + 999'999) / 1'000'000);
  return "1";
}

Value Whole(const Value& like) {
  Value number = Number(RoundedUp(like));
  number.style = like.style;
  return number;
}

const Ask* Of(const std::vector<Ask>& asks, std::string_view resource) {
  const auto found = std::find_if(asks.begin(), asks.end(),
                                  [&](const Ask& ask) { return ask.resource == resource; });
  return found == asks.end() ? nullptr : &*found;
}

Mistake NotWhole(const Ask& ask) {
  return {Severity::kError,
          ask.path,
          ask.value->line,
          ask.resource + ": " + (ask.value->is_scalar() ? ask.value->text : "no number"),
          "Extended resources come in whole numbers; the API server refuses anything else.",
          "Ask for a whole device; for a part of one use a MIG profile or a shared resource.",
          {{ask.path, Whole(*ask.value), std::nullopt}}};
}

Mistake NoLimit(const Ask& request, const Container& container) {
  return {Severity::kError,
          request.path,
          request.value->line,
          request.resource + " in requests only",
          "Extended resources cannot be overcommitted: the API server wants a limit.",
          "Write the same number in limits.",
          {{container.path / "resources" / "limits" / request.resource, Whole(*request.value),
            std::nullopt}}};
}

Mistake Unequal(const Ask& request, const Ask& limit) {
  return {Severity::kError,
          request.path,
          request.value->line,
          request.value->text + " in requests, " + limit.value->text + " in limits",
          "Requests and limits of an extended resource must be equal; the API server refuses this.",
          "Write the limit's number in both, or leave the request out.",
          {{limit.path, Whole(*limit.value), std::nullopt},
           {request.path, Whole(*limit.value), std::nullopt}}};
}

void CheckContainer(const Container& container, Mistakes& mistakes) {
  const std::vector<Ask> limits = AsksOf(container, "limits");
  const std::vector<Ask> requests = AsksOf(container, "requests");
  for (const std::vector<Ask>* asks : {&limits, &requests}) {
    for (const Ask& ask : *asks) {
      if (IsExtended(ask.resource) && !WholeCount(*ask.value)) mistakes.push_back(NotWhole(ask));
    }
  }
  for (const Ask& request : requests) {
    if (!IsExtended(request.resource)) continue;
    const Ask* limit = Of(limits, request.resource);
    if (limit == nullptr) {
      mistakes.push_back(NoLimit(request, container));
      continue;
    }
    if (RoundedUp(*request.value) == RoundedUp(*limit->value)) continue;
    mistakes.push_back(Unequal(request, *limit));
  }
}

}  // namespace

Mistakes CheckGpuQuantity(const Object& object) {
  Mistakes mistakes;
  for (const Pod& pod : object.pods) {
    for (const Container& container : pod.containers) CheckContainer(container, mistakes);
  }
  return mistakes;
}

}  // namespace tangram::lint
