// The nodes of symbolic matrices, by numbers. With the GIL.
#pragma once
#include <string>
#include <vector>

#include "expr/node.hpp"

namespace keopsnb {

// Throws std::invalid_argument where there is none.
const expr::Expr& formula_at(i64 number);
i64 number_of(const expr::Expr& formula);

// An operation of formulas. In the result, their variables are those of the first one, and those
// that `places` says of the others, one after the other.
struct Application {
  std::string operation;
  std::vector<i64> formulas = {}, places = {};
  std::vector<i64> ints = {};
  std::vector<std::vector<i64>> lists = {};
  // Of the operands, and of the operation, for errors.
  std::vector<std::string> names = {};
  std::string written = {};
};
// Throws FormulaError where they do not fit.
i64 apply(Application application);

}  // namespace keopsnb
