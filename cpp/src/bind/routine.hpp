// Formulas from Python, and calls of routines.
#pragma once
#include <string>
#include <variant>

#include "bind/arrays.hpp"
#include "bind/bind.hpp"
#include "bind/ranges.hpp"
#include "launch/routine.hpp"

namespace keopsnb {

using FormulaOrText = std::variant<std::string, expr::Expr>;

parse::Source source_of(const FormulaOrText& formula);

// The reduction of a library's arrays, over all pairs where there are no ranges: an array of it, or
// a tuple of values and indices. Throws ArgumentTypeError and std::invalid_argument.
nb::object call(const Routine& routine, const ArrayLibrary& library, nb::tuple inputs,
                nb::object out, nb::handle backend, nb::handle device_id, BoundRanges* ranges);

}  // namespace keopsnb
