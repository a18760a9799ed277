// The words that a report uses, on screen and in JSON.
#pragma once

#include <string>
#include <string_view>

#include "plan/leaks/leaks.h"

namespace tangram::report {

// JSON spellings: CamelCase, stable.
std::string_view Name(plan::Leak leak);
std::string_view Name(plan::FindingKind kind);
std::string_view Name(plan::Technique technique);
std::string_view Name(plan::Level level);
std::string_view Name(plan::LeftAlone reason);
std::string_view Name(plan::StepKind step);
std::string_view Name(plan::SeatState state);
std::string_view Name(cluster::LayoutSource layout);
std::string_view Name(cluster::Sharing sharing);
std::string_view Name(cluster::CapacityType capacity);
std::string_view MetricName(cluster::ActivityMetric metric);  // DCGM's name; empty for none

// For people.
std::string_view Title(plan::Leak leak);            // "Idle GPUs and nodes"
std::string_view Short(plan::Technique technique);  // "scale to zero"
std::string_view Why(plan::LeftAlone reason);       // one sentence
std::string_view Title(plan::StepKind step);
std::string_view Why(plan::StepKind step);

// "$1,234,567" rounded to dollars a month; "$0.42" below ten.
std::string Dollars(base::MicroUsdPerHour rate);
// "$1,234.50": of an hour, to the cent.
std::string DollarsPerHour(base::MicroUsdPerHour rate);
// "1,234,567".
std::string Thousands(std::int64_t number);
// 1500 -> "1.5"; whole numbers without fraction.
std::string Gpus(base::MilliGpu gpus);
// "7.1 %"; "0 %" only for nothing, "<0.1 %" for what would round to it.
std::string Percent(base::PartsPerMillion share);

}  // namespace tangram::report
