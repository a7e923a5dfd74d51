// The text of formulas and of their variables, parsed and checked, as C++ text over v0, v1, ...
//
//   parse({"x = Vi(3)", "y = Vj(3)"}, {"Exp(-SqDist(x, y))"})
//     -> variables {x: i, 3}, {y: j, 3} and the code "exp(minus(sqdist(v0, v1)))" of dimension 1
//
// Precedence and associativity are Python's. No name of the text reaches the code, but for those of
// a user's own operations, which are names of C++.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <keopsnb/config.hpp>

#include "error.hpp"
#include "expr/node.hpp"

namespace keopsnb::parse {

using expr::Category;

struct Variable {
  std::string name;  // "" without one
  i64 dim = 0;
  Category category = Category::i;
  bool integers = false;        // it has to be of integers, as an operation looks up by it
  bool differentiated = false;  // it has to be of numbers, as a derivative is taken in it
};

// An elementwise operation that a header of the user's defines; its dimensions are all 1 or D.
struct UserOperation {
  std::string name;  // in a formula's text
  std::string call;  // the function on formulas, in C++: "mine::softstep"
  int operands = 1;
  int ints = 0;  // integer parameters, after the operands in text, template ones in C++
};

struct Formula {
  expr::Expr graph;
  i64 dim = 0;
  std::string code;           // one C++ expression, of parts too
  std::vector<bool> depends;  // on each variable of the program: it stands in the code
};

struct Program {
  std::vector<Variable> variables;  // by position: first those of the texts, then those Grad adds
  std::string parts;                // lines of C++ that name parts of long formulas
  std::vector<Formula> formulas;    // in the order of the texts
};

// A formula: its text, or its graph, over the variables that aliases declare by position.
struct Source {
  std::string text = {};
  expr::Expr graph = {};
};

// An alias is "x = Vi(3)" (i-variable of dimension 3; Vj and Pm for j-variables and parameters; its
// position is its rank among the aliases), "x = Vi(0, 3)" or "x = Var(0, 3, 0)" (the position comes
// first, the category last), or any of these without the name. Vx and Vy are old names of Vi and
// Vj. In a formula a name followed by "(" is an operation, any other name an alias: an alias may be
// named like an operation. Variables may also stand in a formula by position, as Vi(0, 3) or Var(0,
// 3, 0), with or without an alias. The formulas share their variables, and may name operations of
// the user's own. Throws FormulaError, and std::invalid_argument where
// one of these operations has no name of its own, or a variable is an index in one formula and
// differentiated in another.
Program parse(std::span<const std::string> aliases, std::span<const Source> formulas,
              std::span<const UserOperation> own = {});

struct Declaration {
  i64 position;  // 0 where the text gives none
  Variable variable;
};
// The variable that an alias declares. Throws FormulaError.
Declaration declared(std::string_view alias);

}  // namespace keopsnb::parse
