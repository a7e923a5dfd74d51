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

std::string find_name() {
  std::string name;
  unsigned words[4];
  for (unsigned leaf : {0x80000002u, 0x80000003u, 0x80000004u}) {
    if (__get_cpuid(leaf, &words[0], &words[1], &words[2], &words[3]) == 0) return "";
    for (unsigned word : words)
      for (int shift = 0; shift < 32; shift += 8) name += static_cast<char>(word >> shift & 255);
  }
  return name.c_str();  // up to the zeros
}

// Of what the compiler asks, in the order in which CPUs came to have it.
std::string find_instructions() {
  std::string sets;
  const auto add = [&](const char* name, bool there) {
    if (there) sets += (sets.empty() ? "" : ", ") + std::string(name);
  };
  add("SSE4.2", __builtin_cpu_supports("sse4.2"));
  add("AVX", __builtin_cpu_supports("avx"));
  add("AVX2", __builtin_cpu_supports("avx2"));
  add("FMA", __builtin_cpu_supports("fma"));
  add("AVX-512 F", __builtin_cpu_supports("avx512f"));
  add("BW", __builtin_cpu_supports("avx512bw"));
  add("DQ", __builtin_cpu_supports("avx512dq"));
  add("VL", __builtin_cpu_supports("avx512vl"));
  return sets;
}

#else

// The value of a line of /proc/cpuinfo, "" if there is none.
std::string cpuinfo(const std::string& field) {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(field))
      if (const std::size_t colon = line.find(": "); colon != std::string::npos)
        return line.substr(colon + 2);
  return "";
}

std::string find_name() {
#ifdef __APPLE__
  char brand[256] = "";
  std::size_t size = sizeof brand - 1;
  if (sysctlbyname("machdep.cpu.brand_string", brand, &size, nullptr, 0) == 0) return brand;
#endif
  return cpuinfo("model name");
}

std::string find_instructions() {
  utsname name;
  const std::string machine = uname(&name) == 0 ? name.machine : "", features = cpuinfo("Features");
  std::string sets = machine;
  for (const char* set : {"asimd", "sve", "sve2", "bf16"})
    if ((" " + features + " ").find(std::string(" ") + set + " ") != std::string::npos)
      sets += std::string(", ") + set;
  return sets;
}

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

std::string cpu_name() {
  const std::string name = find_name();
  const std::size_t begin = name.find_first_not_of(' '), end = name.find_last_not_of(' ');
  return begin == std::string::npos ? "without a name" : name.substr(begin, end + 1 - begin);
}

std::string cpu_instructions() { return find_instructions(); }

const std::string& cpu_identity() {
  static const auto& identity = *new std::string(identify());  // never destroyed
  return identity;
}

}  // namespace keopsnb::jit
