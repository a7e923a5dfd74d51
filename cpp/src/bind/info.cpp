// Threads, the cache, and what this machine offers.
#include <algorithm>
#include "bind/bind.hpp"

#include "jit/cache.hpp"
#include "jit/errors.hpp"
#include "jit/host_compiler.hpp"
#include "launch/pool.hpp"
#include "launch/routine.hpp"

namespace keopsnb {

long long integer_of(nb::handle given, const char* name) {
  const nb::object index = nb::steal(PyNumber_Index(given.ptr()));
  if (!index || PyBool_Check(given.ptr())) {
    PyErr_Clear();
    throw ArgumentTypeError(std::string(name) + " is " + nb::cast<std::string>(nb::repr(given)) +
                            "; write an integer.");
  }
  int beyond = 0;
  const long long value = PyLong_AsLongLongAndOverflow(index.ptr(), &beyond);
  if (beyond != 0)
    throw std::invalid_argument(std::string(name) + " is an integer of " +
                                nb::cast<std::string>(nb::str(index.attr("bit_length")())) +
                                " bits; write one of at most 63.");
  return value;
}

namespace {

nb::dict info() {
  nb::dict rows;
  try {
    const jit::HostCompiler& compiler = jit::host_compiler();
    rows["C++ compiler"] = jit::join_words(compiler.command);
    rows["compiler version"] = compiler.version.substr(0, compiler.version.find('\n'));
  } catch (const jit::CompileError& e) {
    rows["C++ compiler"] = e.what();
  }
  rows["CPU"] = jit::cpu_name();
  rows["instruction sets"] = jit::cpu_instructions();
  rows["CPU in keys"] = jit::cpu_identity();
  const jit::Cache& cache = jit::Cache::current();
  rows["kernel cache"] = cache.folder_in_use();
  if (!cache.reason().empty()) rows["cache problem"] = cache.reason();
  try {
    rows["threads"] = std::to_string(Pool::instance().threads());
  } catch (const std::invalid_argument& e) {
    rows["threads"] = e.what();
  }
  rows["loaded kernels"] = std::to_string(CpuKernels::size());
  return rows;
}

nb::dict cache_info() {
  const jit::Cache& cache = jit::Cache::current();
  const jit::CacheUsage usage = cache.usage();
  nb::dict rows;
  rows["folder"] = cache.home();
  rows["kernels"] = usage.entries;
  rows["bytes"] = usage.bytes;
  if (!cache.reason().empty()) rows["not in use"] = cache.reason();
  return rows;
}

}  // namespace

void bind_info(nb::module_& m) {
  m.def(
      "set_num_threads",
      [](nb::handle n) {
        const long long count = integer_of(n, "n");
        constexpr long long most = 1 << 20;  // far above any number of CPUs
        Pool::instance().set_threads(static_cast<int>(std::clamp(count, -most, most)));
      },
      nb::arg("n").none(), nb::sig("def set_num_threads(n: int) -> None"),
      "Sets how many threads a call may use, the caller's included.\n\n"
      "Raises:\n    ValueError: if n < 1.");
  m.def(
      "get_num_threads", [] { return Pool::instance().threads(); },
      "Returns how many threads a call may use: what `set_num_threads` set, else the environment "
      "variable\nKEOPSNB_NUM_THREADS, else the CPUs that this process may use.");
  m.def("info", &info, nb::sig("def info() -> dict[str, str]"),
        "Compiler, CPU, cache and threads, as text.");
  m.def("cache_info", &cache_info, nb::sig("def cache_info() -> dict[str, str | int]"),
        "Where compiled kernels are kept, how many there are, and their size.");
  m.def(
      "cache_clear", [] { return jit::Cache::current().clear().entries; },
      "Removes all compiled kernels of this user and returns how many there were.");
}

}  // namespace keopsnb
