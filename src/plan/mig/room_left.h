// What a card could still hold.
#pragma once

#include <span>

#include "gpu/gpu.h"

namespace tangram::plan::mig {

// Memory slices of every plain placement that is still possible beside `occupied`, summed: large
// ones count most, so what loses least of it keeps room for them.
int RoomLeft(const gpu::Model& model, std::span<const gpu::Occupied> occupied);

}  // namespace tangram::plan::mig
