#include "host_compiler.hpp"

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#else
#include <sys/utsname.h>

#include <fstream>
#include <set>
#endif
#ifdef __APPLE__
#include <sys/sysctl.h>
#endif

namespace keopsnb::jit {
namespace {

#if defined(__x86_64__) || defined(__i386__)

// Vendor, family, model, stepping and feature bits; not EBX of leaf 1, which holds the number of
// the core that asks. XCR0 says which vector registers the operating system saves.
std::string identify() {
  std::string text = "x86";
  unsigned a = 0, b = 0, c = 0, d = 0;
  const auto add = [&](unsigned value) { text += ' ' + std::to_string(value); };
  const auto leaf = [&](unsigned number, unsigned sub) {
    a = b = c = d = 0;
    return __get_cpuid_count(number, sub, &a, &b, &c, &d) != 0;
  };
  if (leaf(0, 0))
    for (unsigned value : {a, b, c, d}) add(value);
  const bool basic = leaf(1, 0);
  const bool xsave = basic && (c & bit_OSXSAVE) != 0;
  for (unsigned value : {a, c, d}) add(value);
  for (unsigned sub : {0u, 1u})
    if (leaf(7, sub))
      for (unsigned value : {a, b, c, d}) add(value);
  if (leaf(0x80000001, 0))
    for (unsigned value : {c, d}) add(value);
  if (xsave) {
    asm volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
    add(a);
  }
  return text;
}

#else

std::string identify() {
  std::string text;
  utsname name;
  if (uname(&name) == 0) text = name.machine;
#ifdef __APPLE__
  char brand[256] = "";
  std::size_t size = sizeof brand - 1;
  if (sysctlbyname("machdep.cpu.brand_string", brand, &size, nullptr, 0) == 0) text += brand;
#endif
  // One set over all cores: they differ on big.LITTLE machines, and so do the lines' orders.
  std::set<std::string> lines;
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    for (const char* field :
         {"CPU implementer", "CPU architecture", "CPU variant", "CPU part", "CPU revision",
          "Features", "isa", "cpu", "model name", "vendor_id", "features", "machine"})
      if (line.starts_with(field) && !line.starts_with("cpu MHz")) lines.insert(line);
  for (const std::string& line : lines) text += '\n' + line;
  return text;
}

#endif

}  // namespace

const std::string& cpu_identity() {
  static const auto& identity = *new std::string(identify());  // never destroyed
  return identity;
}

}  // namespace keopsnb::jit
