// The passes of the planner (plan.h says what each is for). Each reads and changes the world.
#pragma once

#include "plan/pass/world.h"

namespace tangram::plan {

// All of them that the policy wants, in their order, and what always runs after them.
Plan PlanIn(World& world, const PassDone& done = {});

void Admit(World& world);
void PlacePods(World& world);
void ShareCards(World& world);
// A part of ShareCards that comes last, on nodes that the plan leaves as they are.
void RelieveCards(World& world);
void CutCards(World& world);
// A part of CutCards: cut cards that nobody holds become whole.
void JoinCards(World& world);
// A part of CutCards: for pods that ask for a share of an instance.
void CutForShares(World& world);
void Resize(World& world);
void Preempt(World& world);
void KeepReady(World& world);
void Consolidate(World& world);
void Scale(World& world);
// How much GPU memory each pod has where it goes; not a pass, since it always runs.
void SayGpuMemory(World& world);
// What the passes left waits; not a pass, since it always runs.
void ExplainWaiting(World& world);

}  // namespace tangram::plan
