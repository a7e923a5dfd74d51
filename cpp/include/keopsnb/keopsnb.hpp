// Reductions a_i = Reduce_j F(p, x_i, y_j) over formulas F written as C++ expressions.
#pragma once
#include <keopsnb/macros.hpp>

#include <keopsnb/operators.hpp>
#include <keopsnb/ops.hpp>
#if !KEOPSNB_CUDA
#include <keopsnb/kernel/cpu.hpp>
#endif

#include <keopsnb/macros.hpp>
