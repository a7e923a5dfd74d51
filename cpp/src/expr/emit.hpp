// Formulas to C++ text, whose length is linear in the number of their distinct nodes.
//
// A part of many operations gets a name, and a line of its own: "KEOPSNB_NAMED(keopsnb_0, ...);".
// So code that formulas repeat is written once, and the types of C++, and names of functions for
// them, do not grow with a formula.
#pragma once
#include <string>
#include <unordered_map>

#include "expr/node.hpp"

namespace keopsnb::expr {

// From how many operations on a sum, difference or product has a name, and anything else: an
// operation like Sin is built again by the derivative of Cos, which knows no name.
inline constexpr int named_from = 24, all_named_from = 96;

class Emitter {
 public:
  // One C++ expression, of v0, v1, ... and names of parts.
  std::string formula(const Expr& formula);
  // The lines of all formulas so far, in order.
  const std::string& parts() const { return parts_; }

 private:
  struct Expression {
    std::string code;
    int operations;
  };
  Expression node(const Node& f) const;
  Expression call(const Node& f) const;
  Expression named(Expression e, const Node& f);

  std::unordered_map<const Node*, Expression> known_ = {};
  int names_ = 0;
  std::string parts_ = {};
};

}  // namespace keopsnb::expr
