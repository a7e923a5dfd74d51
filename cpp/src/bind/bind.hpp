// The parts of the module, which ext.cpp puts together.
#pragma once
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <catalogue/reductions.hpp>

namespace nb = nanobind;

namespace keopsnb {

void bind_errors(nb::module_& m);
void bind_graph(nb::module_& m);
void bind_symbolic(nb::module_& m);
void bind_catalogue(nb::module_& m);
void bind_info(nb::module_& m);
void bind_cuda(nb::module_& m);
void bind_ranges(nb::module_& m);
void bind_routine(nb::module_& m);
void bind_reduction(nb::module_& m);
void bind_options(nb::module_& m);
void bind_interpreter(nb::module_& m);

// A Python integer of any kind, as one of 64 bits. Throws ArgumentTypeError and
// std::invalid_argument, in which it is `name`.
long long integer_of(nb::handle given, const char* name);

// Whether its results depend on which terms are found along the index.
bool picks(const ReductionRow& row);

// Tells the search for NVRTC where Python's packages are. With the GIL, before the first use of
// CUDA; then it is free.
void find_packages();

}  // namespace keopsnb
