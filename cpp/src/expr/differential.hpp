// The operators of calculus, as data.
#pragma once
#include <span>
#include <string_view>

#include "expr/node.hpp"

namespace keopsnb::expr {

// An operator of calculus, on a formula f, a variable v and what else it takes.
struct Differential {
  // A dimension: that of f, that of v, 1, one of them or 1, their product, or any.
  enum class Size { any, one, f, v, f_or_one, v_or_one, product };

  const char* name;
  const char* call;
  const char* usage;
  int least, most;     // arguments
  Size formula;        // f
  Size third, fourth;  // the arguments after v
  Size result;
  const char* sentence;  // what it is, for documentation
};

std::span<const Differential> differentials();
const Differential* find_differential(std::string_view name);

// An operator of f, v and what follows. Throws Misfit.
Expr differential(const Differential& row, std::vector<Expr> operands);
// Diff(f, (v, w), (u, t)): operands are f, v, u, w, t.
Expr differential_of_several(const Differential& row, std::vector<Expr> operands);

}  // namespace keopsnb::expr
