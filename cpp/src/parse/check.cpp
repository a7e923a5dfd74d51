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

// "Pow(f, n)", "Take(f, g[, n])" or "TensorDot(f, g, [...], [...][, [...]])".
std::string usage(const Row& row) {
  std::string text = std::string(row.name) + "(";
  const int operands = row.operands < 0 ? 2 : row.operands;
  for (int k = 0; k < operands; ++k)
    text += std::string(k > 0 ? ", " : "") + static_cast<char>('f' + k);
  if (row.operands < 0) text += ", ...";
  const int optional = row.lists > 0 ? row.optional_lists : row.optional;
  const int parameters = row.lists > 0 ? row.lists : row.ints;
  for (int k = 0; k < parameters; ++k) {
    if (k == parameters - optional) text += "[";
    text += ", ";
    text += row.lists > 0 ? "[...]" : std::string(1, "nmkl"[k % 4]);
  }
  return text + (optional > 0 ? "])" : ")");
}

bool fits_parameter(double n) { return std::abs(n) <= static_cast<double>(max_parameter); }

void check_parameter(const Place& place, double n) {
  if (!fits_parameter(n))
    fail(place, "An integer parameter lies between -" + std::to_string(max_parameter) + " and " +
                    std::to_string(max_parameter) + ", but this one is " + quote(place.spelling()) +
                    ".");
}

i64 integer_parameter(const Row& row, Expr argument) {
  const bool number = argument->kind == Node::Kind::literal;
  if (number) check_parameter(argument->place, argument->value);
  if (!number || !argument->integer)
    fail(argument->place, "Expected an integer, as in " + usage(row) + ", but found " +
                              quote(argument->place.spelling()) + ".");
  return *argument->integer;
}

const std::vector<i64>& list_parameter(const Row& row, Expr argument) {
  if (argument->kind != Node::Kind::list)
    fail(argument->place, "Expected a list of integers such as [0, 2], as in " + usage(row) +
                              ", but found " + quote(argument->place.spelling()) + ".");
  return argument->ints;
}

// The value of a formula of numbers alone; none if it is no arithmetic.
std::optional<double> constant_of(Expr f) {
  if (f->kind == Node::Kind::zero) return 0;
  return f->kind == Node::Kind::literal ? f->value : f->constant;
}
std::optional<double> arithmetic(std::string_view row, const std::vector<Expr>& operands) {
  std::vector<double> a;
  for (const Expr operand : operands) {
    const auto value = constant_of(operand);
    if (!value) return std::nullopt;
    a.push_back(*value);
  }
  if (row == "Add") return a[0] + a[1];
  if (row == "Subtract") return a[0] - a[1];
  if (row == "Mult") return a[0] * a[1];
  if (row == "Divide") return a[0] / a[1];
  if (row == "Minus") return -a[0];
  if (row == "Square") return a[0] * a[0];
  return std::nullopt;
}

// A divisor is neither 0 nor a formula less itself.
void check_divisor(Expr g) {
  if (constant_of(g) == 0.0)
    fail(g->place,
         "Here a formula is divided by " +
             std::string(g->kind == Node::Kind::call ? quote(g->place.spelling()) + ", which is 0."
                                                     : "the constant 0."));
  if (g->kind == Node::Kind::call && std::string_view(g->call) == "subtract" &&
      g->operands[0]->place.spelling() == g->operands[1]->place.spelling())
    fail(g->place, "Here a formula is divided by " + quote(g->place.spelling()) +
                       ", which is 0 where it is a number.");
}

void check_ints(const Row& row, const Place& place, const std::vector<i64>& ints) {
  for (const i64 n : ints)
    if (n < row.least || n > row.most)
      fail(place, "The integer parameter of " + std::string(row.name) + " lies between " +
                      std::to_string(row.least) + " and " + std::to_string(row.most) +
                      ", but this one is " + std::to_string(n) + ".");
}

std::string text_of(const std::vector<i64>& list) {
  std::string text = "[";
  for (std::size_t k = 0; k < list.size(); ++k)
    text += (k > 0 ? ", " : "") + std::to_string(list[k]);
  return text + "]";
}

}  // namespace

std::string dimension_of(Expr f) {
  return quote(f->place.spelling()) + " has dimension " + std::to_string(f->dim);
}

bool is_formula(Expr argument) {
  return argument->kind != Node::Kind::list && argument->kind != Node::Kind::tuple;
}

void refuse(Expr argument, const std::string& usage) {
  const bool list = argument->kind == Node::Kind::list;
  fail(argument->place,
       "Expected a formula, as in " + usage + ", but found the " + (list ? "list " : "tuple ") +
           quote(argument->place.spelling()) +
           (list ? "." : ": write Concat(f, g) to put vectors one after the other."));
}

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

Expr Builder::list(const Place& place, std::vector<i64> integers) {
  for (const i64 n : integers) check_parameter(place, static_cast<double>(n));
  return add({.kind = Node::Kind::list, .place = place, .ints = std::move(integers)});
}

Expr Builder::tuple(const Place& place, std::vector<Expr> formulas) {
  return add({.kind = Node::Kind::tuple, .place = place, .operands = std::move(formulas)});
}

Expr Builder::minus(const Place& place, const Place& at, Expr f) {
  if (f->kind != Node::Kind::literal) return apply(row_of("Minus"), place, at, {f});
  f->place = place;
  f->value = -f->value;
  if (f->integer) f->integer = -*f->integer;
  return f;
}

Expr Builder::infix(std::string_view row, const Place& at, Expr f, Expr g) {
  const bool swapped = f->place.begin > g->place.begin;
  const Place place = swapped ? from_to(g->place, f->place) : from_to(f->place, g->place);
  return apply(row_of(row), place, at, {f, g});
}

Expr Builder::negation(const Place& at, Expr f) {
  return apply(row_of("Not"), from_to(at, f->place), at, {f});
}

// A literal of the parser's own has no text, and no message speaks of it.
Expr Builder::modulo(const Place& at, Expr f, Expr g) {
  const Expr zero = literal({at.text, at.end, at.end}, 0);
  return apply(row_of("Mod"), from_to(f->place, g->place), at, {f, g, zero});
}

Expr Builder::power(const Place& at, Expr f, Expr exponent) {
  const Place place = from_to(f->place, exponent->place);
  const auto one = [&](const char* row, std::vector<i64> ints = {}) {
    return apply(row_of(row), place, at, {f}, {.ints = std::move(ints)});
  };
  if (exponent->kind == Node::Kind::literal) {
    const double n = exponent->value;
    if (n == 2) return one("Square");
    if (n == 0.5) return one("Sqrt");
    if (n == -0.5) return one("Rsqrt");
    // 3.0 as 3: the same power, and right for negative numbers too.
    if (n == std::trunc(n) && fits_parameter(n)) return one("Pow", {static_cast<i64>(n)});
  }
  return apply(row_of("Powf"), place, at, {f, exponent});
}

Expr Builder::call(const Row& row, const Place& place, const Place& at,
                   std::vector<Expr> arguments) {
  const auto given = static_cast<int>(arguments.size());
  const int parameters = row.lists > 0 ? row.lists : row.ints;
  const int most = std::max(row.operands, 1) + parameters;
  const int least = most - (row.lists > 0 ? row.optional_lists : row.optional);
  if (given < least || (row.operands >= 0 && given > most))
    fail(place, "Expected " + (least < most ? std::to_string(least) + " or " : "") +
                    counted(static_cast<std::size_t>(most), "argument") +
                    (row.operands < 0 ? " or more" : "") + ", as in " + usage(row) +
                    ", but found " + std::to_string(given) + ". " + row.name + " takes " +
                    row.signature + ".");
  const int operands = row.operands < 0 ? given - parameters : row.operands;
  Parameters found;
  for (int k = operands; k < given; ++k) {
    const Expr argument = arguments[static_cast<std::size_t>(k)];
    if (row.lists > 0)
      found.lists.push_back(list_parameter(row, argument));
    else
      found.ints.push_back(integer_parameter(row, argument));
  }
  if (row.lists > 0)
    found.absent = most - given;
  else
    found.ints.resize(static_cast<std::size_t>(row.ints), row.fallback);
  arguments.resize(static_cast<std::size_t>(operands));
  if (row.index >= 0) {
    const Expr index = arguments[static_cast<std::size_t>(row.index)];
    if (!is_formula(index)) refuse(index, usage(row));
    if (constant_of(index) || !index_formula(index))
      fail(index->place, "Argument " + std::to_string(row.index + 1) + " of " + row.name +
                             " is an integer, but " + quote(index->place.spelling()) +
                             " is none. Write a variable of integers, or sums, differences and "
                             "multiples of such variables, as i - j + 1.");
  }
  return apply(row, place, at, std::move(arguments), std::move(found));
}

// Whether f stays an integer when its variables are: those become variables of integers.
bool Builder::index_formula(Expr f) {
  if (f->kind == Node::Kind::variable) {
    variables_.index(f->variable, f->place);
    return true;
  }
  const bool literal = f->kind == Node::Kind::literal;
  if (literal) return f->value == std::trunc(f->value) && fits_parameter(f->value);
  if (f->kind != Node::Kind::call) return false;
  const std::string_view call = f->call;
  const auto small = [](Expr g) {
    return g->kind == Node::Kind::literal && std::abs(g->value) <= 1024;
  };
  const bool joins = call == "add" || call == "subtract" || call == "minus" || call == "elem" ||
                     (call == "mult" && (small(f->operands[0]) || small(f->operands[1])));
  return joins && std::all_of(f->operands.begin(), f->operands.end(),
                              [this](Expr g) { return index_formula(g); });
}

Expr Builder::apply(const Row& row, const Place& place, const Place& at, std::vector<Expr> operands,
                    Parameters parameters) {
  std::vector<i64> dims, ints = parameters.ints;
  for (const Expr operand : operands) {
    if (!is_formula(operand)) refuse(operand, usage(row));
    dims.push_back(operand->dim);
  }
  for (const std::vector<i64>& list : parameters.lists) {
    ints.push_back(static_cast<i64>(list.size()));
    ints.insert(ints.end(), list.begin(), list.end());
  }
  ints.resize(ints.size() + static_cast<std::size_t>(parameters.absent));  // each of length 0
  const std::string_view called = row.name;
  if (called == "Divide" || called == "FloorDivide") check_divisor(operands[1]);
  check_ints(row, place, parameters.ints);
  const std::optional<double> constant = arithmetic(called, operands);
  const i64 dim = row.dim(dims.data(), static_cast<int>(dims.size()), ints.data());
  const bool infix = at.spelling() != row.name;
  const std::string name =
      infix ? quote(at.spelling()) + ", or " + std::string(row.name) + "," : std::string(row.name);
  if (dim < 1) {
    std::vector<std::string> facts, values;
    for (const Expr operand : operands)
      if (!operand->place.spelling().empty()) facts.push_back(dimension_of(operand));
    for (const i64 n : parameters.ints) values.push_back(std::to_string(n));
    for (const std::vector<i64>& list : parameters.lists) values.push_back(text_of(list));
    if (!values.empty())
      facts.push_back((parameters.lists.empty() ? "the integer parameter" : "the list") +
                      std::string(values.size() > 1 ? "s are " : " is ") + enumerate(values));
    fail(infix ? at : place,
         name + " takes " + row.signature + ", but here " + enumerate(facts) + ".");
  }
  if (dim > max_dim)
    fail(place, "The result of " + name + " has dimension " + std::to_string(dim) +
                    " here, and the greatest dimension is " + std::to_string(max_dim) + ".");
  return add({.kind = Node::Kind::call,
              .place = place,
              .dim = dim,
              .constant = constant,
              .call = row.call,
              .operands = std::move(operands),
              .ints = std::move(parameters.ints),
              .lists = std::move(parameters.lists)});
}

}  // namespace keopsnb::parse
