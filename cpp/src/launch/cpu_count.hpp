// The number of CPUs that this process may use, and counts that the user sets.
#pragma once

namespace keopsnb {

// The affinity mask, or less where the process's control group has a CPU quota; at least 1.
int available_cpus();

// The count, 1 or more, that an environment variable's text says, of `things`. Throws
// std::invalid_argument.
int parse_count(const char* text, const char* variable, const char* things);

}  // namespace keopsnb
