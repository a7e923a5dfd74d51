// Builds the nodes of a tree and checks them: arity, integer parameters, dimensions, depth.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "lexer.hpp"
#include "tree.hpp"
#include "variables.hpp"

namespace keopsnb::parse {

// `place` is the whole sub-formula, `at` the name or the operator that a message points at.
class Builder {
 public:
  Builder(Tree& tree, Variables& variables) : tree_(tree), variables_(variables) {}

  Expr variable(const Place& place, i64 position);
  Expr number(const Token& token);
  Expr literal(const Place& place, double value);
  Expr zero(const Place& place, i64 dim);

  Expr minus(const Place& place, const Place& at, Expr f);
  Expr infix(std::string_view row, const Place& at, Expr f, Expr g);
  Expr power(const Place& at, Expr f, Expr exponent);

  // An operation of the catalogue; its integer parameters come last among the arguments.
  Expr call(const Row& row, const Place& place, const Place& at, std::vector<Expr> arguments);
  Expr grad(const Place& place, const std::vector<Expr>& arguments);

 private:
  Expr add(Node node);
  Expr apply(const Row& row, const Place& place, const Place& at, std::vector<Expr> operands,
             std::vector<i64> ints);

  Tree& tree_;
  Variables& variables_;
};

}  // namespace keopsnb::parse
