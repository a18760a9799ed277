// Rules that want a resource to be asked for once.
#pragma once

#include "lint/rule.h"

namespace tangram::lint {

// Edits that set `resource` to 1 wherever the container asks for more.
inline std::vector<Edit> SetToOne(const Container& container, std::string_view resource) {
  std::vector<Edit> edits;
  for (const char* kind : {"limits", "requests"}) {
    for (const Ask& ask : AsksOf(container, kind)) {
      if (ask.resource != resource) continue;
      Value one = Number("1");
      one.style = ask.value->style;
      edits.push_back({ask.path, std::move(one), std::nullopt});
    }
  }
  return edits;
}

}  // namespace tangram::lint
