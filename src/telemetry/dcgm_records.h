// From added-up parts to records. Pure.
#pragma once

#include <chrono>

#include "telemetry/dcgm.h"
#include "telemetry/dcgm_learn.h"
#include "telemetry/dcgm_part.h"

namespace tangram::telemetry {

// Everything that the parts of the window gave.
struct Gathered {
  Activity engine;
  Activity utilization;
  Auxiliary auxiliary;
};

// Parts are added newest first: of what cannot be added (an XID), what is there stays.
void AddTo(Activity& into, Activity part);
void AddTo(Auxiliary& into, Auxiliary part);

// UUIDs whose activity the utilization series must give: no engine series, and no MIG.
DeviceFilter LackingEngine(const Gathered& gathered, const std::vector<std::string>& utilization);

// Fills `records`, `warnings` and `interval` of a usage whose window is set.
void MakeRecords(const Gathered& gathered, const Cadence& cadence, const DcgmOptions& options,
                 DcgmUsage& usage);

}  // namespace tangram::telemetry
