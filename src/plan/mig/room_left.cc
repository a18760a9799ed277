#include "plan/mig/room_left.h"

namespace tangram::plan::mig {

int RoomLeft(const gpu::Model& model, std::span<const gpu::Occupied> occupied) {
  int room = 0;
  for (const gpu::MigProfile& profile : model.profiles) {
    if (!profile.is_plain()) continue;
    for (const int start : profile.starts) {
      if (gpu::Fits(model, occupied, profile, start)) room += profile.memory_slices;
    }
  }
  return room;
}

}  // namespace tangram::plan::mig
