// Prints a random snapshot in the file form: random_snapshot SEED [NODES [PODS]].
#include <cstdio>
#include <cstdlib>

#include "cluster/file_form.h"
#include "cluster/testing/random_snapshot.h"

int main(int count, char** arguments) {
  using namespace tangram::cluster;
  const auto number = [&](int index, int otherwise) {
    return index < count ? std::atoi(arguments[index]) : otherwise;
  };
  const int seed = number(1, 0);
  RandomSize size;
  size.nodes = number(2, size.nodes);
  size.pods = number(3, size.pods);
  size.text = seed % 2 == 0 ? RandomText::kUsual : RandomText::kAnyCharacter;
  WriteSnapshot(RandomSnapshot(static_cast<std::uint64_t>(seed), size),
                [](std::string_view piece) { std::fwrite(piece.data(), 1, piece.size(), stdout); });
  return 0;
}
