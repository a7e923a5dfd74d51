// A checked tree to C++ text.
#pragma once
#include "formula.hpp"
#include "tree.hpp"

namespace keopsnb::parse {

// `declared` is the number of variables that the texts declare, `variables` that of all; the
// length of the code is linear in that of the formula's text.
Formula emit(const Node& root, i64 declared, i64 variables);

}  // namespace keopsnb::parse
