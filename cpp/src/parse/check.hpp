// Builds the nodes of a tree and checks them: arity, integer parameters, dimensions, depth.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "lexer.hpp"
#include "operations.hpp"
#include "tree.hpp"
#include "variables.hpp"

namespace keopsnb::parse {

// What an operation takes besides formulas.
struct Parameters {
  std::vector<i64> ints = {};
  std::vector<std::vector<i64>> lists = {};
  int absent = 0;  // lists left out
};

// `place` is the whole sub-formula, `at` the name or the operator that a message points at.
class Builder {
 public:
  Builder(Tree& tree, Variables& variables) : tree_(tree), variables_(variables) {}

  Expr variable(const Place& place, i64 position);
  Expr number(const Token& token);
  Expr literal(const Place& place, double value);
  Expr zero(const Place& place, i64 dim);
  // Arguments that are no formulas.
  Expr list(const Place& place, std::vector<i64> integers);
  Expr tuple(const Place& place, std::vector<Expr> formulas);

  Expr minus(const Place& place, const Place& at, Expr f);
  Expr negation(const Place& at, Expr f);
  Expr infix(std::string_view row, const Place& at, Expr f, Expr g);
  Expr power(const Place& at, Expr f, Expr exponent);
  Expr modulo(const Place& at, Expr f, Expr g);

  // An operation of the catalogue; its integer parameters or lists come last among the arguments.
  Expr call(const Row& row, const Place& place, const Place& at, std::vector<Expr> arguments);
  // An operator of calculus (differential.cpp).
  Expr differential(const Differential& row, const Place& place,
                    const std::vector<Expr>& arguments);
  Expr factorization(const Factorization& row, const Place& place,
                     const std::vector<Expr>& arguments);

 private:
  Expr add(Node node);
  Expr apply(const Row& row, const Place& place, const Place& at, std::vector<Expr> operands,
             Parameters parameters = {});
  Expr differential_of_one(const Differential& row, const Place& place,
                           const std::vector<Expr>& arguments);
  Expr differential_of_several(const Differential& row, const Place& place,
                               const std::vector<Expr>& arguments);
  void check_differentiable(const Differential& row, Expr v);
  bool index_formula(Expr f);
  Expr incoming(const Place& place, Expr f, Expr v);

  Tree& tree_;
  Variables& variables_;
};

// "'x' has dimension 3".
std::string dimension_of(Expr f);
// Neither a list nor a tuple.
bool is_formula(Expr argument);
[[noreturn]] void refuse(Expr argument, const std::string& usage);

}  // namespace keopsnb::parse
