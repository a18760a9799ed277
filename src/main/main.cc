#ifdef TANGRAM_MIMALLOC
#include <mimalloc.h>
#endif
#include <unistd.h>

#include <iostream>

#include "base/clock.h"
#include "cli/cli.h"

int main(int argc, char** argv) {
#ifdef TANGRAM_MIMALLOC
  // A fifth of the time of a large report went into faulting memory in by 4 KiB.
  mi_option_enable(mi_option_large_os_pages);
#endif
  const tangram::base::SystemClock clock;
  tangram::cli::Streams streams{std::cin, std::cout, std::cerr};
  streams.out_is_terminal = isatty(STDOUT_FILENO) == 1;
  streams.err_is_terminal = isatty(STDERR_FILENO) == 1;
  return tangram::cli::Run({argv, argv + argc}, streams, clock);
}
