// What tangram finds and proposes as HTML pages, each of which needs nothing beside itself.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tangram::report {

// A page of web/ with `json` in it, between the two halves that the build makes of it
// (cmake/WebPage.cmake). Pure; safe from any thread.
//
// Whatever text the data holds stays data: bytes that are no UTF-8 become U+FFFD, and characters
// that HTML or JavaScript would read (<, >, &, U+2028, U+2029) are written as JSON escapes. In
// valid JSON these stand in strings only, so the data means the same. The page itself says so when
// the data is not what it shows.
std::string PageWithData(std::span<const std::string_view> before, std::string_view json,
                         std::span<const std::string_view> after);

// The page of `tangram report --html` (web/report); docs/report-json.md is the form of the data.
std::string RenderHtml(std::string_view report_json);

// The page of `tangram plan -o html` (web/plan); docs/schema/plan.schema.json is the form of the
// data.
std::string RenderPlanHtml(std::string_view plan_json);

// The page of `tangram simulate -o html` (web/simulate).
std::string RenderSimulationHtml(std::string_view simulation_json);

}  // namespace tangram::report
