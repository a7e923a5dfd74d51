// Checks of the operators of calculus: Grad(f, v, e), Diff(f, v, u), Laplacian(f, v), ...
#include <array>

#include "check.hpp"

namespace keopsnb::parse {
namespace {

using Size = Differential::Size;

constexpr std::array<const char*, 4> ordinals = {"first", "second", "third", "fourth"};

std::string usage_of(const Differential& row) {
  std::string text = row.usage;
  if (row.least < row.most) {
    // Without the optional arguments: those after the last needed one.
    std::size_t end = 0;
    for (int k = 0; k < row.least; ++k) end = text.find(',', end + 1);
    text += " or " + text.substr(0, end) + ")";
  }
  return text;
}

// Whether a formula has the wanted size, beside f and v.
bool fits(Size size, Expr formula, Expr f, Expr v) {
  switch (size) {
    case Size::one:
      return formula->dim == 1;
    case Size::f:
      return formula->dim == f->dim;
    case Size::v:
      return formula->dim == v->dim;
    case Size::f_or_one:
      return formula->dim == 1 || formula->dim == f->dim;
    case Size::v_or_one:
      return formula->dim == 1 || formula->dim == v->dim;
    case Size::any:
    case Size::product:
      break;
  }
  return true;
}

// Argument k of an operator that is called with f and v.
void check_size(const Differential& row, Size size, std::size_t k, Expr argument, Expr f, Expr v) {
  if (fits(size, argument, f, v)) return;
  const std::string who = "The " + std::string(ordinals[k]) + " argument of " + row.name + " has ";
  if (size == Size::one)
    fail(argument->place, who + "dimension 1, but " + dimension_of(argument) + ".");
  const bool of_f = size == Size::f || size == Size::f_or_one;
  const bool or_one = size == Size::f_or_one || size == Size::v_or_one;
  fail(argument->place, who + "the dimension of the " + ordinals[of_f ? 0 : 1] +
                            (or_one ? ", or 1" : "") + ", but " + dimension_of(of_f ? f : v) +
                            " and " + dimension_of(argument) + ".");
}

}  // namespace

Expr Builder::differential(const Differential& row, const Place& place,
                           const std::vector<Expr>& arguments) {
  const auto given = static_cast<int>(arguments.size());
  if (given < row.least || given > row.most)
    fail(place, "Expected " + usage_of(row) + ", for a formula f and a variable v, but found " +
                    counted(arguments.size(), "argument") + ".");
  if (!is_formula(arguments[0])) refuse(arguments[0], row.usage);
  if (arguments[1]->kind == Node::Kind::tuple)
    return differential_of_several(row, place, arguments);
  return differential_of_one(row, place, arguments);
}

void Builder::check_differentiable(const Differential& row, Expr v) {
  if (v->kind != Node::Kind::variable)
    fail(v->place, "The second argument of " + std::string(row.name) + " is a variable, but " +
                       quote(v->place.spelling()) +
                       " is not one. Write the name of a variable, or Var(position, dimension, "
                       "category).");
  variables_.differentiate(v->variable, v->place);
}

// The variable that stands for what comes into a gradient.
Expr Builder::incoming(const Place& place, Expr f, Expr v) {
  const Category category = variables_.at(v->variable).category;
  if (category == Category::parameter)
    fail(v->place, quote(v->place.spelling()) +
                       " is a parameter, and the gradient in a parameter "
                       "needs its third argument: write Grad(f, v, e), with e a formula of "
                       "dimension " +
                       std::to_string(f->dim) + ".");
  return add(
      {.kind = Node::Kind::variable,
       .place = place,
       .dim = f->dim,
       .variable = variables_.append(f->dim, category == Category::i ? Category::j : Category::i)});
}

Expr Builder::differential_of_one(const Differential& row, const Place& place,
                                  const std::vector<Expr>& arguments) {
  const Expr f = arguments[0], v = arguments[1];
  check_differentiable(row, v);
  check_size(row, row.formula, 0, f, f, v);
  std::vector<Expr> operands = arguments;
  const Size sizes[] = {row.third, row.fourth};
  for (std::size_t k = 2; k < arguments.size(); ++k) {
    if (!is_formula(arguments[k])) refuse(arguments[k], row.usage);
    check_size(row, sizes[k - 2], k, arguments[k], f, v);
  }
  if (std::string_view(row.name) == "Grad" && arguments.size() == 2)
    operands.push_back(incoming(place, f, v));
  const i64 dim = row.result == Size::one ? 1
                  : row.result == Size::f ? f->dim
                  : row.result == Size::v ? v->dim
                                          : f->dim * v->dim;
  if (dim > max_dim)
    fail(place, "The result of " + std::string(row.name) + " has dimension " + std::to_string(dim) +
                    " here, and the greatest dimension is " + std::to_string(max_dim) + ".");
  return add({.kind = Node::Kind::call,
              .place = place,
              .dim = dim,
              .call = row.call,
              .operands = std::move(operands)});
}

// Diff(f, (v, w), (u, t)) = Diff(f, v, u) + Diff(f, w, t).
Expr Builder::differential_of_several(const Differential& row, const Place& place,
                                      const std::vector<Expr>& arguments) {
  const Expr f = arguments[0], variables = arguments[1];
  if (std::string_view(row.name) != "Diff")
    fail(variables->place, "The second argument of " + std::string(row.name) +
                               " is one variable; only Diff(f, (v, w), (u, t)) takes several.");
  const Expr directions = arguments[2];
  if (directions->kind != Node::Kind::tuple ||
      directions->operands.size() != variables->operands.size())
    fail(directions->place,
         "Expected a direction for each variable, as in Diff(f, (v, w), (u, t)), but found " +
             quote(directions->place.spelling()) + " for the " +
             counted(variables->operands.size(), "variable") + " " +
             quote(variables->place.spelling()) + ".");
  std::vector<Expr> operands{f};
  for (std::size_t k = 0; k < variables->operands.size(); ++k) {
    const Expr v = variables->operands[k], u = directions->operands[k];
    check_differentiable(row, v);
    if (u->dim != v->dim)
      fail(u->place, "A direction has the dimension of its variable, but " + dimension_of(v) +
                         " and " + dimension_of(u) + ".");
    operands.push_back(v);
    operands.push_back(u);
  }
  return add({.kind = Node::Kind::call,
              .place = place,
              .dim = f->dim,
              .call = row.call,
              .operands = std::move(operands)});
}

Expr Builder::factorization(const Factorization& row, const Place& place,
                            const std::vector<Expr>& arguments) {
  if (arguments.size() != row.arguments)
    fail(place, std::string("Expected ") + row.usage + ", but found " +
                    counted(arguments.size(), "argument") + ".");
  for (const Expr argument : arguments)
    if (!is_formula(argument)) refuse(argument, row.usage);
  arguments[0]->place = place;
  return arguments[0];
}

}  // namespace keopsnb::parse
