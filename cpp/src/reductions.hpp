// The catalogue of reductions, as data: the rows of reductions/*.hpp.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "catalogue.hpp"

namespace keopsnb {

std::span<const ReductionRow> reduction_catalogue();

// The reduction of that name (case matters). Throws std::invalid_argument, naming what there is.
const ReductionRow& find_reduction(std::string_view name);

}  // namespace keopsnb
