// A rule: one function from an object to the mistakes in it, and its line in the table.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "lint/fragment.h"
#include "lint/lint.h"
#include "lint/objects.h"

namespace tangram::lint {

struct Mistake {
  Severity severity = Severity::kError;
  Path field;
  int line = 0;
  std::string found;
  std::string message;
  std::string fix;
  std::vector<Edit> edits;  // of the object; made together they end the mistake
};
using Mistakes = std::vector<Mistake>;

struct Rule {
  RuleInfo info;
  Mistakes (*check)(const Object& object);
};

// Every rule, in the order of docs/lint.md.
std::span<const Rule> AllRules();

// One a file in rules/.
Mistakes CheckDraClaimSource(const Object& object);
Mistakes CheckDraExactly(const Object& object);
Mistakes CheckDraMemoryAttribute(const Object& object);
Mistakes CheckDraUnguardedAttribute(const Object& object);
Mistakes CheckUnknownMigProfile(const Object& object);
Mistakes CheckLimitsWithoutToleration(const Object& object);
Mistakes CheckGpuQuantity(const Object& object);
Mistakes CheckVllmMemoryShare(const Object& object);
Mistakes CheckMixedWholeAndMig(const Object& object);
Mistakes CheckSharedMoreThanOne(const Object& object);
Mistakes CheckNvidiaVisibleDevices(const Object& object);
Mistakes CheckCudaVisibleDevices(const Object& object);
Mistakes CheckClaimUnused(const Object& object);
Mistakes CheckClaimUndefined(const Object& object);
Mistakes CheckMigMoreThanOne(const Object& object);
Mistakes CheckUnknownProduct(const Object& object);
Mistakes CheckVllmTensorParallel(const Object& object);
Mistakes CheckPrivilegedGpu(const Object& object);

}  // namespace tangram::lint
