// Elementary functions of numbers: scalars and SIMD packs. Each is one overload `V f(V...)` over
// Number V, correct for every argument (NaN in, NaN out, unless stated), with its error in ULP
// stated where it is defined. No standard header and no <math.h>: only the compiler's builtins.
#pragma once
#include <keopsnb/config.hpp>
#include <keopsnb/pack.hpp>

#include <keopsnb/math/simple.hpp>
#if KEOPSNB_CUDA
#include <keopsnb/math/cuda.hpp>
#else
#include <keopsnb/math/bases.hpp>
#include <keopsnb/math/error.hpp>
#include <keopsnb/math/exp_log.hpp>
#include <keopsnb/math/hyperbolic.hpp>
#include <keopsnb/math/lgamma.hpp>
#include <keopsnb/math/power.hpp>
#include <keopsnb/math/roots.hpp>
#include <keopsnb/math/trig.hpp>
#endif
#include <keopsnb/math/compose.hpp>
#include <keopsnb/math/gamma.hpp>
