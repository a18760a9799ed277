// Which technique fits a light workload: MIG, time-slicing, MPS, DRA or the whole card.
//
// The table, first row that applies (docs/report.md gives the reasons):
//   several cards in one pod                      the whole cards (no peer-to-peer between
//   instances) no room for its memory or activity in less    the whole card a notebook or
//   development pod, no MIG layout  time-slicing a card with MIG                               MIG,
//   by a DRA claim where the node publishes DRA replicas of one workload, Volta or later      MPS
//   (they trust each other: a fault is shared) anything else time-slicing
#pragma once

#include <string>
#include <tl/expected.hpp>

#include "gpu/gpu.h"
#include "plan/leaks/leaks.h"

namespace tangram::plan {

struct LightWorkload {
  const gpu::Model* model = nullptr;         // not null
  const gpu::MigProfile* profile = nullptr;  // the instance that it holds; null: the whole card
  base::MiB memory_total;                    // of what it holds
  Evidence evidence;
  bool development = false;  // a notebook, or labelled so
  bool replicated = false;   // its owner runs several like it
  bool dra = false;          // its node publishes DRA devices
};

struct Advice {
  Technique technique = Technique::kMig;
  std::string target;           // "1g.10gb", "4 replicas"
  int replicas = 0;             // by shares: how many at most
  base::PartsPerMillion keeps;  // of what it holds now
  Level risk = Level::kLow;
  std::string why;
  std::string fix;
  std::string risk_reason;
};

// Nothing: what it holds is what it needs; `reason` of the result says why.
struct NoAdvice {
  LeftAlone reason = LeftAlone::kBusy;
};

tl::expected<Advice, NoAdvice> Advise(const LightWorkload& workload, const LeakPolicy& policy);

}  // namespace tangram::plan
