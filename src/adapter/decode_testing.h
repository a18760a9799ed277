// For tests: runs a decoder on text, as a list's reader does.
#pragma once

#include <simdjson.h>

#include <string_view>

#include "base/result.h"

namespace tangram::adapter {

// Text that is no JSON object is an error of the decoder's own kind.
template <class Decode>
auto DecodeText(const Decode& decode, std::string_view json)
    -> decltype(decode(simdjson::ondemand::object())) {
  simdjson::ondemand::parser parser;
  const simdjson::padded_string padded(json);
  simdjson::ondemand::document document;
  simdjson::ondemand::object object;
  const bool is_object = parser.iterate(padded).get(document) == simdjson::SUCCESS &&
                         document.get_object().get(object) == simdjson::SUCCESS;
  if (!is_object) return base::Fail(base::ErrorCode::kInvalid, "no JSON object");
  return decode(object);
}

}  // namespace tangram::adapter
