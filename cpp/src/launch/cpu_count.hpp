// How many CPUs this process may use.
#pragma once

namespace keopsnb {

// The affinity mask, or less where the process's control group has a CPU quota; at least 1.
int available_cpus();

// A thread count from KEOPSNB_NUM_THREADS' text. Throws std::invalid_argument.
int parse_thread_count(const char* text);

}  // namespace keopsnb
