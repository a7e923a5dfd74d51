#include "builder.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "number.hpp"

namespace keopsnb::parse {
namespace {

using expr::max_parameter;
using expr::usage;

bool is_formula(const Parsed& argument) { return argument.kind == Parsed::Kind::formula; }

bool is_literal(const Parsed& argument) {
  return is_formula(argument) && argument.formula->kind == expr::Node::Kind::literal;
}

[[noreturn]] void refuse(const Parsed& argument, const std::string& as) {
  const bool list = argument.kind == Parsed::Kind::list;
  fail(argument.span,
       "Expected a formula, as in " + as + ", but found the " + (list ? "list " : "tuple ") +
           quote(argument.span.spelling()) +
           (list ? "." : ": write Concat(f, g) to put vectors one after the other."));
}

void check_formulas(const std::vector<Parsed>& arguments, const std::string& as) {
  for (const Parsed& argument : arguments)
    if (!is_formula(argument)) refuse(argument, as);
}

void check_parameter(const Span& span, double n) {
  if (std::abs(n) > static_cast<double>(max_parameter))
    fail(span, "An integer parameter lies between -" + std::to_string(max_parameter) + " and " +
                   std::to_string(max_parameter) + ", but this one is " + quote(span.spelling()) +
                   ".");
}

i64 integer_parameter(const OperationRow& row, const Parsed& argument) {
  if (is_literal(argument)) check_parameter(argument.span, argument.formula->value);
  if (!argument.integer)
    fail(argument.span, "Expected an integer, as in " + usage(row) + ", but found " +
                            quote(argument.span.spelling()) + ".");
  return *argument.integer;
}

const std::vector<i64>& list_parameter(const OperationRow& row, const Parsed& argument) {
  if (argument.kind != Parsed::Kind::list)
    fail(argument.span, "Expected a list of integers such as [0, 2], as in " + usage(row) +
                            ", but found " + quote(argument.span.spelling()) + ".");
  return argument.ints;
}

std::string usage_of(const expr::Differential& row) {
  std::string text = row.usage;
  if (row.least < row.most) {
    // Without the optional arguments: those after the last needed one.
    std::size_t end = 0;
    for (int k = 0; k < row.least; ++k) end = text.find(',', end + 1);
    text += " or " + text.substr(0, end) + ")";
  }
  return text;
}

std::vector<expr::Expr> formulas_of(const std::vector<Parsed>& parsed) {
  std::vector<expr::Expr> all;
  for (const Parsed& p : parsed) all.push_back(p.formula);
  return all;
}

}  // namespace

template <class Make>
Parsed Builder::made(const Span& span, const Span& at, const std::vector<Parsed>& operands,
                     Make&& make) {
  try {
    return {.span = span, .formula = make()};
  } catch (const expr::Misfit& misfit) {
    const auto spelling = [&](int k) {
      return quote(operands[static_cast<std::size_t>(k)].span.spelling());
    };
    const bool infix = !operands.empty() && at.begin != span.begin;
    const auto operation = [&](const std::string& name) {
      return at.spelling() == name ? name : quote(at.spelling()) + ", or " + name + ",";
    };
    const Span& shown = misfit.at == expr::At::operand
                            ? operands[static_cast<std::size_t>(misfit.operand)].span
                        : misfit.at == expr::At::operation && infix ? at
                                                                    : span;
    fail(shown, misfit.worded(spelling, operation));
  }
}

Parsed Builder::variable(const Span& span, i64 position) {
  const Variable& v = variables_.at(position);
  return {.span = span, .formula = expr::variable({position, v.dim, v.category})};
}

Parsed Builder::number(const Token& token) {
  const auto value = to_double(token.span.spelling());
  if (!value)
    fail(token.span, "The number " + quote(token.span.spelling()) + " is too large for float64.");
  Parsed parsed = literal(token.span, *value);
  if (token.kind == Token::Kind::integer) parsed.integer = to_integer(token.span.spelling());
  return parsed;
}

Parsed Builder::literal(const Span& span, double value) {
  return {.span = span, .formula = expr::literal(value)};
}

Parsed Builder::zero(const Span& span, i64 dim) {
  return made(span, span, {}, [&] { return expr::zero(dim); });
}

Parsed Builder::list(const Span& span, std::vector<i64> integers) {
  for (const i64 n : integers) check_parameter(span, static_cast<double>(n));
  return {.kind = Parsed::Kind::list, .span = span, .ints = std::move(integers)};
}

Parsed Builder::tuple(const Span& span, std::vector<Parsed> formulas) {
  return {.kind = Parsed::Kind::tuple, .span = span, .parts = std::move(formulas)};
}

Parsed Builder::minus(const Span& span, const Span& at, Parsed f) {
  if (!is_literal(f)) return apply(expr::row_of("Minus"), span, at, {f});
  Parsed negative = literal(span, -f.formula->value);
  if (f.integer) negative.integer = -*f.integer;
  return negative;
}

Parsed Builder::infix(std::string_view row, const Span& at, const Parsed& f, const Parsed& g) {
  return apply(expr::row_of(row), from_to(f.span, g.span), at, {f, g});
}

Parsed Builder::swapped(std::string_view row, const Span& at, const Parsed& f, const Parsed& g) {
  const Span span = from_to(f.span, g.span);
  try {
    return apply(expr::row_of(row), span, at, {g, f});
  } catch (const FormulaError&) {
    apply(expr::row_of(row), span, at, {f, g});
    throw;
  }
}

Parsed Builder::negation(const Span& at, const Parsed& f) {
  return apply(expr::row_of("Not"), from_to(at, f.span), at, {f});
}

// A literal of the parser's own has no text, and no message speaks of it.
Parsed Builder::modulo(const Span& at, const Parsed& f, const Parsed& g) {
  const Parsed zero = literal({at.text, at.end, at.end}, 0);
  return apply(expr::row_of("Mod"), from_to(f.span, g.span), at, {f, g, zero});
}

Parsed Builder::power(const Span& at, const Parsed& f, const Parsed& exponent) {
  const Span span = from_to(f.span, exponent.span);
  if (!is_formula(f)) refuse(f, "f**g");
  if (is_literal(exponent))
    return made(span, at, {f, exponent},
                [&] { return expr::power(f.formula, exponent.formula->value); });
  return apply(expr::row_of("Powf"), span, at, {f, exponent});
}

Parsed Builder::call(const OperationRow& row, const Span& span, const Span& at,
                     std::vector<Parsed> arguments) {
  const auto given = static_cast<int>(arguments.size());
  const int parameters = row.lists > 0 ? row.lists : row.ints;
  const int most = std::max(row.operands, 1) + parameters;
  const int least = most - (row.lists > 0 ? row.optional_lists : row.optional);
  if (given < least || (row.operands >= 0 && given > most))
    fail(span, "Expected " + (least < most ? std::to_string(least) + " or " : "") +
                   counted(static_cast<std::size_t>(most), "argument") +
                   (row.operands < 0 ? " or more" : "") + ", as in " + usage(row) + ", but found " +
                   std::to_string(given) + ". " + row.name + " takes " + row.signature + ".");
  const int operands = row.operands < 0 ? given - parameters : row.operands;
  expr::Parameters found;
  for (int k = operands; k < given; ++k) {
    const Parsed& argument = arguments[static_cast<std::size_t>(k)];
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
  return apply(row, span, at, arguments, std::move(found));
}

Parsed Builder::apply(const OperationRow& row, const Span& span, const Span& at,
                      const std::vector<Parsed>& operands, expr::Parameters parameters) {
  check_formulas(operands, usage(row));
  return made(span, at, operands,
              [&] { return expr::apply(row, formulas_of(operands), std::move(parameters)); });
}

Parsed Builder::differential(const expr::Differential& row, const Span& span,
                             const std::vector<Parsed>& arguments) {
  const auto given = static_cast<int>(arguments.size());
  if (given < row.least || given > row.most)
    fail(span, "Expected " + usage_of(row) + ", for a formula f and a variable v, but found " +
                   counted(arguments.size(), "argument") + ".");
  if (!is_formula(arguments[0])) refuse(arguments[0], row.usage);
  const Parsed& v = arguments[1];
  if (v.kind == Parsed::Kind::tuple) return differential_of_several(row, span, arguments);
  if (v.kind == Parsed::Kind::list)
    fail(v.span, "The second argument of " + std::string(row.name) + " is a variable, but " +
                     quote(v.span.spelling()) +
                     " is not one. Write the name of a variable, or Var(position, dimension, "
                     "category).");
  check_formulas(arguments, row.usage);
  std::vector<Parsed> operands = arguments;
  if (std::string_view(row.name) == "Grad" && arguments.size() == 2 &&
      v.formula->kind == expr::Node::Kind::variable)
    operands.push_back(incoming(span, arguments[0], v));
  return made(span, span, operands, [&] { return expr::differential(row, formulas_of(operands)); });
}

// The variable that stands for what comes into a gradient.
Parsed Builder::incoming(const Span& span, const Parsed& f, const Parsed& v) {
  const i64 dim = f.formula->dim;
  const Category category = v.formula->variable.category;
  if (category == Category::parameter)
    fail(v.span, quote(v.span.spelling()) +
                     " is a parameter, and the gradient in a parameter "
                     "needs its third argument: write Grad(f, v, e), with e a formula of "
                     "dimension " +
                     std::to_string(dim) + ".");
  const Category other = category == Category::i ? Category::j : Category::i;
  return {.span = span, .formula = expr::variable({variables_.append(dim, other), dim, other})};
}

Parsed Builder::differential_of_several(const expr::Differential& row, const Span& span,
                                        const std::vector<Parsed>& arguments) {
  const Parsed& variables = arguments[1];
  if (std::string_view(row.name) != "Diff")
    fail(variables.span, "The second argument of " + std::string(row.name) +
                             " is one variable; only Diff(f, (v, w), (u, t)) takes several.");
  const Parsed& directions = arguments[2];
  if (directions.kind != Parsed::Kind::tuple || directions.parts.size() != variables.parts.size())
    fail(directions.span,
         "Expected a direction for each variable, as in Diff(f, (v, w), (u, t)), but found " +
             quote(directions.span.spelling()) + " for the " +
             counted(variables.parts.size(), "variable") + " " + quote(variables.span.spelling()) +
             ".");
  std::vector<Parsed> operands{arguments[0]};
  for (std::size_t k = 0; k < variables.parts.size(); ++k) {
    operands.push_back(variables.parts[k]);
    operands.push_back(directions.parts[k]);
  }
  check_formulas(operands, row.usage);
  return made(span, span, operands,
              [&] { return expr::differential_of_several(row, formulas_of(operands)); });
}

Parsed Builder::factorization(const Factorization& row, const Span& span,
                              const std::vector<Parsed>& arguments) {
  if (arguments.size() != row.arguments)
    fail(span, std::string("Expected ") + row.usage + ", but found " +
                   counted(arguments.size(), "argument") + ".");
  check_formulas(arguments, row.usage);
  Parsed whole = arguments[0];
  whole.span = span;
  return whole;
}

}  // namespace keopsnb::parse
