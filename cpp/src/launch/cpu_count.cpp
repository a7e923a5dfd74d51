#include "cpu_count.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

#ifdef __linux__
#include <sched.h>
#endif

namespace keopsnb {
namespace {

int affinity_cpus() {
#ifdef __linux__
  // The kernel refuses a mask smaller than its own (EINVAL): grow until it fits.
  for (std::size_t cpus = 1024; cpus <= 1 << 18; cpus *= 2) {
    cpu_set_t* mask = CPU_ALLOC(cpus);
    if (mask == nullptr) break;
    const std::size_t bytes = CPU_ALLOC_SIZE(cpus);
    const bool known = sched_getaffinity(0, bytes, mask) == 0;
    const int count = known ? CPU_COUNT_S(bytes, mask) : 0;
    CPU_FREE(mask);
    if (known) return count;
  }
#endif
  return static_cast<int>(std::thread::hardware_concurrency());
}

// Quota in CPUs of a version 2 control group and of all above it, or infinity. cpu.max holds
// "<microseconds> <period>", or "max <period>".
double quota_cpus() {
  double least = HUGE_VAL;
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    if (line.rfind("0::/", 0) != 0) continue;
    std::string path = line.substr(3);
    for (;;) {
      std::ifstream file("/sys/fs/cgroup" + path + "/cpu.max");
      double quota = 0, period = 0;
      if (file >> quota >> period && quota > 0 && period > 0)
        least = std::min(least, quota / period);
      if (path.empty()) break;
      path.resize(path.rfind('/'));
    }
  }
  return least;
}

}  // namespace

int available_cpus() {
  const double quota = std::ceil(quota_cpus());
  const int cpus = affinity_cpus();
  return std::max(1, quota < cpus ? static_cast<int>(quota) : cpus);
}

int parse_count(const char* text, const char* variable, const char* things) {
  int count = 0;
  const char* end = text + std::strlen(text);
  const auto [stop, error] = std::from_chars(text, end, count);
  if (error != std::errc() || stop != end || count < 1)
    throw std::invalid_argument("The environment variable " + std::string(variable) + " is \"" +
                                text + "\". Set it to a number of " + things +
                                ", 1 or more, or unset it.");
  return count;
}

}  // namespace keopsnb
