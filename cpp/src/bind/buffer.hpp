// The type of numbers in a Python buffer, as NumPy's arrays show theirs.
#pragma once
#include <nanobind/nanobind.h>

#include <optional>

#include "launch/array.hpp"

namespace keopsnb {

// "float32" and the like; nullopt for what the kernels do not compute with.
std::optional<Dtype> dtype_of(const Py_buffer& buffer);

// The integers that a buffer's are taken as: truth values, and those of fewer bits or no sign.
std::optional<Dtype> integers_for(const Py_buffer& buffer);

bool holds_truth_values(const Py_buffer& buffer);

}  // namespace keopsnb
