// Formulas as text that parses to the same nodes.
#pragma once
#include <functional>
#include <string>

#include "expr/node.hpp"

namespace keopsnb::expr {

// "t0 = Sqrt(SqDist(v0, v1)); (1 + t0) * Exp(-t0)": what the formula repeats has a name, unless it
// is short, so that the text is as long as the graph is large. `name` is that of a variable.
std::string text(const Expr& formula, const std::function<std::string(const Variable&)>& name);

// With v0, v1, ... for variables.
std::string text(const Expr& formula);

}  // namespace keopsnb::expr
