// Ranges, with the arrays of Python that they were read from.
#pragma once
#include "bind/bind.hpp"
#include "launch/ranges.hpp"

namespace keopsnb {

struct BoundRanges {
  Ranges ranges;
  nb::tuple arrays;
};

}  // namespace keopsnb
