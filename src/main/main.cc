#include <unistd.h>

#include <iostream>

#include "base/clock.h"
#include "cli/cli.h"

int main(int argc, char** argv) {
  const tangram::base::SystemClock clock;
  tangram::cli::Streams streams{std::cin, std::cout, std::cerr};
  streams.out_is_terminal = isatty(STDOUT_FILENO) == 1;
  streams.err_is_terminal = isatty(STDERR_FILENO) == 1;
  return tangram::cli::Run({argv, argv + argc}, streams, clock);
}
