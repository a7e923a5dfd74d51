// The laws of the reductions in the headers (keopsnb/reductions/law.hpp), over graphs.
#pragma once
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <keopsnb/reductions/keep.hpp>

#include "expr/node.hpp"

namespace keopsnb::law {

// The operands of a law: the formula, its weights, the result, the reduction's option, and
// the numbers that are kept beside the result.
struct Operands {
  expr::Expr formula, weights, result, option;
  std::vector<expr::Expr> kept;
};

// The gradient in v is the sum of Grad(function, v, cotangent).
struct OutputTerm {
  expr::Expr function, cotangent;
};

struct Law {
  const char* call;  // the function of the headers that makes the reduction
  // Whether results are terms that were picked, whose derivatives are those of the formula at the
  // indices. Then it has no terms.
  bool picks;
  std::span<const Keep> keeps;
  // That of output n for its gradient e: 0 is the result, and kept number k is output k + 1. None
  // where it is held fixed.
  std::optional<OutputTerm> (*term)(int n, const Operands& operands, const expr::Expr& e);
};

// That of a reduction by its function; null where its results have no derivatives.
const Law* find(std::string_view call);

}  // namespace keopsnb::law
