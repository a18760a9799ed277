// A CUDA process uses only one MIG instance.
#include "lint/rule.h"
#include "lint/rules/counted.h"

namespace tangram::lint {
namespace {

bool IsMigAlone(std::string_view resource) { return IsMig(resource) && !IsSharedGpu(resource); }

// One of the first profile, the others gone.
std::vector<Edit> KeepOne(const Container& container, const Ask& kept) {
  std::vector<Edit> edits = SetToOne(container, kept.resource);
  for (const char* kind : {"limits", "requests"}) {
    for (const Ask& ask : AsksOf(container, kind)) {
      if (!IsMigAlone(ask.resource) || ask.resource == kept.resource) continue;
      edits.push_back({ask.path, std::nullopt, std::nullopt});
    }
  }
  return edits;
}

}  // namespace

Mistakes CheckMigMoreThanOne(const Object& object) {
  Mistakes mistakes;
  for (const Pod& pod : object.pods) {
    for (const Container& container : pod.containers) {
      std::optional<Ask> first;
      std::string found;
      int profiles = 0;
      bool many = false;
      for (const Ask& ask : AsksOf(container)) {
        if (!IsMigAlone(ask.resource)) continue;
        if (!first) first = ask;
        found += (found.empty() ? "" : ", ") + ask.resource + ": " + ask.value->text;
        many = many || WholeCount(*ask.value).value_or(1) > 1 || ++profiles > 1;
      }
      if (!many) continue;
      mistakes.push_back({Severity::kWarning, first->path, first->value->line, found,
                          "A CUDA process uses only one MIG instance, and instances have no NVLink "
                          "or peer access to each other; the others stand idle.",
                          "Ask for one larger profile, or start one container per instance.",
                          KeepOne(container, *first)});
    }
  }
  return mistakes;
}

}  // namespace tangram::lint
