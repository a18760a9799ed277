// Reads objects of the kind that it is called with, as the program does: a line of JSON each from
// standard input, and for each a line with what is wrong, or an empty one. testbed/objects_test.py
// compares that with a real API server.
#include <iostream>
#include <string>

#include "objects/read_gpu_classes.h"
#include "objects/read_pools.h"

namespace {

std::string WrongWith(const std::string& kind, const std::string& text) {
  if (kind == "GpuPool") {
    const auto pools = tangram::objects::ReadPools(text, {});
    return pools ? "" : pools.error().message;
  }
  const auto classes = tangram::objects::ReadGpuClasses(text);
  return classes ? "" : classes.error().message;
}

}  // namespace

int main(int count, char** words) {
  const std::string kind = count > 1 ? words[1] : "";
  for (std::string line; std::getline(std::cin, line);)
    std::cout << WrongWith(kind, line) << std::endl;
}
