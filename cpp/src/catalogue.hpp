// The catalogue of operations, as data: elementwise rows of ops.def and rows of ops/*.hpp.
#pragma once
#include <span>
#include <string_view>

#ifndef KEOPSNB_CATALOGUE
#define KEOPSNB_CATALOGUE
#endif
#include <keopsnb/catalogue.hpp>

namespace keopsnb {

std::span<const Row> catalogue();

// The row of that name (case matters), or null.
const Row* find_row(std::string_view name);

}  // namespace keopsnb
