// Calls of kernels, without the GIL.
#pragma once
#include <vector>

#include "bind/arrays.hpp"
#include "bind/interpreter.hpp"
#include "bind/watch.hpp"
#include "launch/placement.hpp"

namespace keopsnb {

// Compiles if need be, and computes, without the GIL.
template <class Work>
void without_gil(Work&& work) {
  Watch watch;
  try {
    const WithoutGil release;
    work(watch);
  } catch (...) {
    if (watch.stopped()) throw nb::python_error();
    throw;
  }
}

// Memory for a call's results; null where there is none of that kind.
struct Destination {
  void* values = nullptr;
  i64* indices = nullptr;
};

// Computes a reduction of that shape where `placement` says.
void compute(const Routine& routine, const Routine::Shape& shape,
             const std::vector<ArrayView>& views, const Destination& to, const Placement& placement,
             const ArrayLibrary& library);

}  // namespace keopsnb
