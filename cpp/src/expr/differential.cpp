#include "expr/differential.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "expr/build.hpp"

namespace keopsnb::expr {
namespace {

using Size = Differential::Size;

constexpr Differential rows[] = {
    {"Grad", "grad", "Grad(f, v, e)", 2, 3, Size::any, Size::f, Size::any, Size::v,
     "Gradient: the adjoint of the differential of f in v, applied to e. Without e, a variable of "
     "the dimension of f that comes after all others."},
    {"GradMatrix", "grad_matrix", "GradMatrix(f, v)", 2, 2, Size::any, Size::any, Size::any,
     Size::product,
     "The gradients in v of the components of f, one after the other: the transpose of the "
     "Jacobian. As long to compute as that many gradients."},
    {"Diff", "diff", "Diff(f, v, u)", 3, 3, Size::any, Size::v, Size::any, Size::f,
     "Differential of f in v, applied to u: the derivative along u. Of several variables at once "
     "as Diff(f, (v, w), (u, t))."},
    {"Divergence", "divergence", "Divergence(f, v)", 2, 2, Size::v, Size::any, Size::any, Size::one,
     "Divergence, the trace of the differential of f in v."},
    {"Laplacian", "laplacian", "Laplacian(f, v)", 2, 2, Size::one, Size::any, Size::any, Size::one,
     "Laplacian, the divergence of the gradient of f in v."},
    {"TraceOperator", "trace_operator", "TraceOperator(f, v, w)", 2, 3, Size::v_or_one,
     Size::v_or_one, Size::any, Size::one,
     "Trace of f, which is linear in v: Sum(w * diagonal) of its matrix, with w = 1 if left out. "
     "An f of dimension 1 counts as a vector of that component."},
    {"AdjointOperator", "adjoint_operator", "AdjointOperator(f, v, u)", 3, 3, Size::any, Size::f,
     Size::any, Size::v, "The transposed matrix of f, which is linear in v, times u."},
    {"SumLinOperator", "sum_lin_operator", "SumLinOperator(f, v, wl, wr)", 2, 4, Size::any,
     Size::f_or_one, Size::v_or_one, Size::one,
     "Sum of all entries of the matrix of f, which is linear in v, its rows weighted by wl and its "
     "columns by wr, which are 1 if left out."},
};

constexpr std::array<const char*, 4> ordinals = {"first", "second", "third", "fourth"};

// Whether a formula has the wanted size, beside f and v.
bool fits(Size size, const Node& formula, const Node& f, const Node& v) {
  switch (size) {
    case Size::one:
      return formula.dim == 1;
    case Size::f:
      return formula.dim == f.dim;
    case Size::v:
      return formula.dim == v.dim;
    case Size::f_or_one:
      return formula.dim == 1 || formula.dim == f.dim;
    case Size::v_or_one:
      return formula.dim == 1 || formula.dim == v.dim;
    case Size::any:
    case Size::product:
      break;
  }
  return true;
}

Misfit& say_dimension(Misfit& misfit, int k, const std::vector<Expr>& operands) {
  return misfit.say_operand(k).say(" has dimension " +
                                   std::to_string(operands[static_cast<std::size_t>(k)]->dim));
}

void check_size(const Differential& row, Size size, int k, const std::vector<Expr>& operands) {
  if (fits(size, *operands[static_cast<std::size_t>(k)], *operands[0], *operands[1])) return;
  Misfit misfit(At::operand, k);
  misfit.say("The " + std::string(ordinals[static_cast<std::size_t>(k)]) + " argument of " +
             row.name + " has ");
  if (size == Size::one) throw say_dimension(misfit.say("dimension 1, but "), k, operands).say(".");
  const bool of_f = size == Size::f || size == Size::f_or_one;
  const bool or_one = size == Size::f_or_one || size == Size::v_or_one;
  misfit.say(std::string("the dimension of the ") + ordinals[of_f ? 0 : 1] +
             (or_one ? ", or 1" : "") + ", but ");
  say_dimension(misfit, of_f ? 0 : 1, operands).say(" and ");
  throw say_dimension(misfit, k, operands).say(".");
}

void check_variable(const Differential& row, int k, const std::vector<Expr>& operands) {
  const Node& v = *operands[static_cast<std::size_t>(k)];
  if (v.kind != Node::Kind::variable) {
    Misfit misfit(At::operand, k);
    misfit.say("The second argument of " + std::string(row.name) + " is a variable, but ");
    throw misfit.say_operand(k).say(
        " is not one. Write the name of a variable, or Var(position, dimension, category).");
  }
  for (const Expr& operand : operands)
    if (std::ranges::binary_search(operand->indices, v.variable.number)) {
      Misfit misfit(At::operand, k);
      throw misfit.say_operand(k).say(
          " is an index elsewhere, a variable of integers, in which there is no derivative. Write "
          "another variable in one of the two places.");
    }
}

Expr made(const Differential& row, i64 dim, std::vector<Expr> operands) {
  return add({.kind = Node::Kind::call,
              .dim = dim,
              .operation = {row.name, row.call},
              .operands = std::move(operands),
              .calculus = true});
}

}  // namespace

std::span<const Differential> differentials() { return rows; }

const Differential* find_differential(std::string_view name) {
  for (const Differential& row : rows)
    if (row.name == name) return &row;
  return nullptr;
}

Expr differential(const Differential& row, std::vector<Expr> operands) {
  check_variable(row, 1, operands);
  check_size(row, row.formula, 0, operands);
  const Size sizes[] = {row.third, row.fourth};
  for (std::size_t k = 2; k < operands.size(); ++k)
    check_size(row, sizes[k - 2], static_cast<int>(k), operands);
  const i64 f = operands[0]->dim, v = operands[1]->dim;
  const i64 dim = row.result == Size::one ? 1
                  : row.result == Size::f ? f
                  : row.result == Size::v ? v
                                          : f * v;
  if (dim > max_dim) {
    Misfit misfit(At::whole);
    throw misfit.say("The result of " + std::string(row.name) + " has dimension " +
                     std::to_string(dim) + " here, and the greatest dimension is " +
                     std::to_string(max_dim) + ".");
  }
  return made(row, dim, std::move(operands));
}

// Diff(f, (v, w), (u, t)) = Diff(f, v, u) + Diff(f, w, t).
Expr differential_of_several(const Differential& row, std::vector<Expr> operands) {
  for (std::size_t k = 1; k < operands.size(); k += 2) {
    const int v = static_cast<int>(k);
    check_variable(row, v, operands);
    if (operands[k]->dim == operands[k + 1]->dim) continue;
    Misfit misfit(At::operand, v + 1);
    misfit.say("A direction has the dimension of its variable, but ");
    say_dimension(misfit, v, operands).say(" and ");
    throw say_dimension(misfit, v + 1, operands).say(".");
  }
  const i64 dim = operands[0]->dim;
  return made(row, dim, std::move(operands));
}

}  // namespace keopsnb::expr
