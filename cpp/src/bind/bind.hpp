// What ext.cpp puts together.
#pragma once
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

namespace nb = nanobind;

namespace keopsnb {

void bind_errors(nb::module_& m);
void bind_catalogue(nb::module_& m);
void bind_info(nb::module_& m);
void bind_routine(nb::module_& m);

}  // namespace keopsnb
