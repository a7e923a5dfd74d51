// Operations as C++ functions on formulas: exp(f), f + g, sqdist(x, y), ...
#pragma once
#include <keopsnb/ops/elementwise.hpp>

#include <keopsnb/ops/arithmetic.hpp>
#include <keopsnb/ops/bspline.hpp>
#include <keopsnb/ops/complex.hpp>
#include <keopsnb/ops/concat.hpp>
#include <keopsnb/ops/distance.hpp>
#include <keopsnb/ops/extract.hpp>
#include <keopsnb/ops/extremum.hpp>
#include <keopsnb/ops/integer_division.hpp>
#include <keopsnb/ops/power.hpp>
#include <keopsnb/ops/softdtw.hpp>
#include <keopsnb/ops/sum.hpp>
#include <keopsnb/ops/take.hpp>
#include <keopsnb/ops/tensor.hpp>
#include <keopsnb/ops/weighted.hpp>
