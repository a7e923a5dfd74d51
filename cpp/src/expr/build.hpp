// Checked nodes: each fits its operands, or a Misfit is thrown.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <catalogue/operations.hpp>

#include "expr/misfit.hpp"
#include "expr/node.hpp"

namespace keopsnb::expr {

// The integers that an operation takes besides formulas.
struct Parameters {
  std::vector<i64> ints = {};
  std::vector<std::vector<i64>> lists = {};
  int absent = 0;  // lists left out
};

Expr variable(const Variable& variable);
Expr literal(double value);
Expr zero(i64 dim);

// An operation of the catalogue, or of a user's.
Expr apply(const OperationRow& row, std::vector<Expr> operands, Parameters parameters = {});
// The same by its name, which the catalogue has.
Expr apply(std::string_view name, std::vector<Expr> operands, Parameters parameters = {});

// f to a constant power, by the operation that is exact for it.
Expr power(Expr f, double exponent);

// Adds a node whose operands fit; refuses one that is too deep or mixes indices and derivatives.
Expr add(Node node);

// The formulas with each variable replaced by a formula of its dimension.
std::vector<Expr> substituted(const std::vector<Expr>& formulas,
                              const std::function<Expr(const Variable&)>& replacement);

// "Pow(f, n)", "Take(f, g[, n])" or "TensorDot(f, g, [...], [...][, [...]])".
std::string usage(const OperationRow& row);

const OperationRow& row_of(std::string_view name);

}  // namespace keopsnb::expr
