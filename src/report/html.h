// The report as one HTML page that needs nothing beside itself.
#pragma once

#include <string>
#include <string_view>

namespace tangram::report {

// The page of `tangram report --html` (web/report) with `report_json` in it; docs/report-json.md
// is the form of the data. Pure; safe from any thread.
//
// Whatever text the data holds stays data: bytes that are no UTF-8 become U+FFFD, and characters
// that HTML or JavaScript would read (<, >, &, U+2028, U+2029) are written as JSON escapes. In
// valid JSON these stand in strings only, so the data means the same. The page itself says so when
// the data is no report.
std::string RenderHtml(std::string_view report_json);

}  // namespace tangram::report
