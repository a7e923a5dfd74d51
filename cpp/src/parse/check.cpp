#include "check.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "number.hpp"

namespace keopsnb::parse {
namespace {

const Row& row_of(std::string_view name) {
  const Row* row = find_row(name);
  if (!row) throw std::logic_error("The catalogue lacks the operation " + std::string(name) + ".");
  return *row;
}

// "Pow(f, n)".
std::string usage(const Row& row) {
  std::string text = std::string(row.name) + "(";
  const int operands = row.operands < 0 ? 2 : row.operands;
  for (int k = 0; k < operands; ++k)
    text += std::string(k > 0 ? ", " : "") + static_cast<char>('f' + k);
  if (row.operands < 0) text += ", ...";
  for (int k = 0; k < row.ints; ++k) text += std::string(", ") + "nmkl"[k % 4];
  return text + ")";
}

std::string dimension_of(Expr f) {
  return quote(f->place.spelling()) + " has dimension " + std::to_string(f->dim);
}

i64 integer_parameter(const Row& row, Expr argument) {
  const bool number = argument->kind == Node::Kind::literal;
  if (number && std::abs(argument->value) > static_cast<double>(max_parameter))
    fail(argument->place, "An integer parameter lies between -" + std::to_string(max_parameter) +
                              " and " + std::to_string(max_parameter) + ", but this one is " +
                              quote(argument->place.spelling()) + ".");
  if (!number || !argument->integer)
    fail(argument->place, "Expected an integer, as in " + usage(row) + ", but found " +
                              quote(argument->place.spelling()) + ".");
  return *argument->integer;
}

}  // namespace

Expr Builder::add(Node node) {
  for (const Expr operand : node.operands) node.depth = std::max(node.depth, operand->depth + 1);
  if (node.depth > max_depth)
    fail(node.place, "This formula holds more than " + std::to_string(max_depth) +
                         " operations inside one another. Group the terms of a long sum with "
                         "parentheses, as in (a + b) + (c + d).");
  return &tree_.emplace_back(std::move(node));
}

Expr Builder::variable(const Place& place, i64 position) {
  return add({.kind = Node::Kind::variable,
              .place = place,
              .dim = variables_.at(position).dim,
              .variable = position});
}

Expr Builder::number(const Token& token) {
  const auto value = to_double(token.place.spelling());
  if (!value)
    fail(token.place, "The number " + quote(token.place.spelling()) + " is too large for float64.");
  const Expr node = literal(token.place, *value);
  if (token.kind == Token::Kind::integer) node->integer = to_integer(token.place.spelling());
  return node;
}

Expr Builder::literal(const Place& place, double value) {
  return add({.kind = Node::Kind::literal, .place = place, .value = value});
}

Expr Builder::zero(const Place& place, i64 dim) {
  if (dim < 1 || dim > max_dim)
    fail(place, "The dimension of Zero lies between 1 and " + std::to_string(max_dim) +
                    ", but this one is " + std::to_string(dim) + ".");
  return add({.kind = Node::Kind::zero, .place = place, .dim = dim});
}

Expr Builder::minus(const Place& place, const Place& at, Expr f) {
  if (f->kind != Node::Kind::literal) return apply(row_of("Minus"), place, at, {f}, {});
  f->place = place;
  f->value = -f->value;
  if (f->integer) f->integer = -*f->integer;
  return f;
}

Expr Builder::infix(std::string_view row, const Place& at, Expr f, Expr g) {
  const bool swapped = f->place.begin > g->place.begin;
  const Place place = swapped ? from_to(g->place, f->place) : from_to(f->place, g->place);
  return apply(row_of(row), place, at, {f, g}, {});
}

Expr Builder::power(const Place& at, Expr f, Expr exponent) {
  const Place place = from_to(f->place, exponent->place);
  const auto one = [&](const char* row, std::vector<i64> ints = {}) {
    return apply(row_of(row), place, at, {f}, std::move(ints));
  };
  if (exponent->kind == Node::Kind::literal) {
    const double n = exponent->value;
    if (n == 2) return one("Square");
    if (n == 0.5) return one("Sqrt");
    if (n == -0.5) return one("Rsqrt");
    // 3.0 as 3: the same power, and right for negative numbers too.
    if (n == std::trunc(n) && std::abs(n) <= static_cast<double>(max_parameter))
      return one("Pow", {static_cast<i64>(n)});
  }
  return apply(row_of("Powf"), place, at, {f, exponent}, {});
}

Expr Builder::call(const Row& row, const Place& place, const Place& at,
                   std::vector<Expr> arguments) {
  const auto given = static_cast<int>(arguments.size());
  const int least = std::max(row.operands, 1) + row.ints;
  if (given < least || (row.operands >= 0 && given > least))
    fail(place, "Expected " + counted(static_cast<std::size_t>(least), "argument") +
                    (row.operands < 0 ? " or more" : "") + ", as in " + usage(row) +
                    ", but found " + std::to_string(given) + ". " + row.name + " takes " +
                    row.signature + ".");
  std::vector<i64> ints;
  for (int k = given - row.ints; k < given; ++k)
    ints.push_back(integer_parameter(row, arguments[static_cast<std::size_t>(k)]));
  arguments.resize(static_cast<std::size_t>(given - row.ints));
  return apply(row, place, at, std::move(arguments), std::move(ints));
}

Expr Builder::apply(const Row& row, const Place& place, const Place& at, std::vector<Expr> operands,
                    std::vector<i64> ints) {
  std::vector<i64> dims;
  for (const Expr operand : operands) dims.push_back(operand->dim);
  const i64 dim = row.dim(dims.data(), static_cast<int>(dims.size()), ints.data());
  const bool infix = at.spelling() != row.name;
  const std::string name =
      infix ? quote(at.spelling()) + ", or " + std::string(row.name) + "," : std::string(row.name);
  if (dim < 1) {
    std::vector<std::string> facts;
    for (const Expr operand : operands) facts.push_back(dimension_of(operand));
    if (!ints.empty()) {
      std::vector<std::string> values;
      for (const i64 n : ints) values.push_back(std::to_string(n));
      facts.push_back(std::string("the integer parameter") + (ints.size() > 1 ? "s are " : " is ") +
                      enumerate(values));
    }
    fail(infix ? at : place,
         name + " takes " + row.signature + ", but here " + enumerate(facts) + ".");
  }
  if (dim > max_dim)
    fail(place, "The result of " + name + " has dimension " + std::to_string(dim) +
                    " here, and the greatest dimension is " + std::to_string(max_dim) + ".");
  return add({.kind = Node::Kind::call,
              .place = place,
              .dim = dim,
              .row = &row,
              .operands = std::move(operands),
              .ints = std::move(ints)});
}

Expr Builder::grad(const Place& place, const std::vector<Expr>& arguments) {
  if (arguments.size() != 2 && arguments.size() != 3)
    fail(place,
         "Expected Grad(f, v, e), for a formula f, a variable v and a formula e of the "
         "dimension of f, or Grad(f, v), but found " +
             counted(arguments.size(), "argument") + ".");
  const Expr f = arguments[0], v = arguments[1];
  if (v->kind != Node::Kind::variable)
    fail(v->place, "The second argument of Grad is a variable, but " + quote(v->place.spelling()) +
                       " is not one. Write the name of a variable, or Var(position, dimension, "
                       "category).");
  Expr e = nullptr;
  if (arguments.size() == 3) {
    e = arguments[2];
    if (e->dim != f->dim)
      fail(e->place, "The third argument of Grad has the dimension of the first, but " +
                         dimension_of(f) + " and " + dimension_of(e) + ".");
  } else {
    const Category category = variables_.at(v->variable).category;
    if (category == Category::parameter)
      fail(v->place, quote(v->place.spelling()) +
                         " is a parameter, and the gradient in a parameter "
                         "needs its third argument: write Grad(f, v, e), with e a formula of "
                         "dimension " +
                         std::to_string(f->dim) + ".");
    e = add({.kind = Node::Kind::variable,
             .place = place,
             .dim = f->dim,
             .variable =
                 variables_.append(f->dim, category == Category::i ? Category::j : Category::i)});
  }
  return add({.kind = Node::Kind::grad,
              .place = place,
              .dim = v->dim,
              .variable = v->variable,
              .operands = {f, e}});
}

}  // namespace keopsnb::parse
