// The arguments of a routine, from Python.
#pragma once
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "bind/bind.hpp"
#include "launch/routine.hpp"

namespace keopsnb {

using FormulaOrText = std::variant<std::string, expr::Expr>;

parse::Source source_of(const FormulaOrText& formula);

// The arguments that Python makes a routine of, in their order.
struct RoutineArguments {
  FormulaOrText formula;
  std::vector<std::string> aliases;
  std::string reduction;
  nb::handle axis;
  std::optional<FormulaOrText> weight;
  nb::handle option;
  bool compensated, fast_math, rowwise;
  std::string header;

  // Throws std::invalid_argument and ArgumentTypeError.
  RoutineSpec spec() &&;
};

}  // namespace keopsnb
