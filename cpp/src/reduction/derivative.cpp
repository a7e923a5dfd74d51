#include "reduction/derivative.hpp"

#include <algorithm>
#include <stdexcept>

#include "expr/build.hpp"
#include "expr/differential.hpp"

namespace keopsnb::law {
namespace {

using expr::Expr;

bool mentions(const Expr& formula, const Expr& variable) {
  return std::ranges::find(formula->variables, variable.get()) != formula->variables.end();
}

Expr extract(const Expr& f, i64 begin, i64 count) {
  return f->dim == count ? f : expr::apply("Extract", {f}, {.ints = {begin, count}});
}

const expr::Differential& row(const char* name) { return *expr::find_differential(name); }

}  // namespace

i64 Subject::columns(int n) const {
  if (n == 0) return result;
  return law.keeps[static_cast<std::size_t>(n - 1)] == Keep::of_row ? 1 : program.formulas[0].dim;
}

i64 Subject::columns_before(int n) const {
  i64 total = 0;
  for (int k = 0; k < n; ++k) total += columns(k);
  return total;
}

Derivative::Derivative(const Subject& subject)
    : subject_(subject), variables_(subject.program.variables) {
  const int all = 1 + static_cast<int>(subject.law.keeps.size());
  const Expr rows = add(subject.columns_before(all), subject.category);
  const auto output = [&](int n) {
    return extract(rows, subject.columns_before(n), subject.columns(n));
  };
  operands_ = {.formula = subject.program.formulas[0].graph,
               .weights = subject.program.formulas.size() > 1 ? subject.program.formulas[1].graph
                                                              : expr::literal(1),
               .result = output(0),
               .option = expr::literal(static_cast<double>(subject.option)),
               .kept = {}};
  for (int n = 1; n < all; ++n) operands_.kept.push_back(output(n));
  const std::optional<OutputTerm> result = term(0, expr::literal(1));
  if (mentions(result->function, rows) || mentions(result->cotangent, rows))
    rows_ = rows;
  else
    variables_.pop_back();
}

Expr Derivative::add(i64 dim, parse::Category category) {
  variables_.push_back({.name = "", .dim = dim, .category = category});
  return variable(variables_.size() - 1);
}

// As it stands in the formulas, or else as they would have it.
Expr Derivative::variable(std::size_t k) const {
  const i64 number = static_cast<i64>(k);
  for (const parse::Formula& f : subject_.program.formulas)
    for (const expr::Node* v : f.graph->variables)
      if (v->variable.number == number) return expr::variable(v->variable);
  return expr::variable(
      {.number = number, .dim = variables_[k].dim, .category = variables_[k].category});
}

std::optional<OutputTerm> Derivative::term(int n, const Expr& e) const {
  return subject_.law.term(n, operands_, e);
}

Expr Derivative::gradient(const Expr& v, const Expr& e) const {
  Expr sum;
  for (int n = 0; n < subject_.outputs(); ++n) {
    const auto found = term(n, extract(e, subject_.columns_before(n), subject_.columns(n)));
    if (!found) continue;
    const Expr one = expr::differential(row("Grad"), {found->function, v, found->cotangent});
    sum = sum ? expr::apply("Add", {sum, one}) : one;
  }
  return sum;
}

Expr Derivative::tangent(const std::vector<Expr>& directions) const {
  std::vector<Expr> outputs;
  for (int n = 0; n < subject_.outputs(); ++n) {
    const auto found = term(n, expr::literal(1));
    if (!found) {
      outputs.push_back(expr::zero(subject_.columns(n)));
      continue;
    }
    std::vector<Expr> operands{found->function};
    operands.insert(operands.end(), directions.begin(), directions.end());
    const auto make = directions.size() == 2 ? expr::differential : expr::differential_of_several;
    outputs.push_back(term(n, make(row("Diff"), std::move(operands)))->cotangent);
  }
  return side_by_side(std::move(outputs));
}

std::vector<std::string> aliases(const std::vector<parse::Variable>& variables, bool printed) {
  std::vector<std::string> all;
  for (const parse::Variable& v : variables) {
    const std::string number = std::to_string(all.size());
    const std::string name = printed ? "v" + number : v.name;
    all.push_back((name.empty() ? "" : name + " = ") + "Var(" + number + ", " +
                  std::to_string(v.dim) + ", " + std::to_string(static_cast<int>(v.category)) +
                  ")");
  }
  return all;
}

Expr side_by_side(std::vector<Expr> formulas) {
  return formulas.size() == 1 ? formulas[0] : expr::apply("Concat", std::move(formulas));
}

void refuse(const expr::Misfit& misfit) {
  throw std::invalid_argument(
      "The derivative of this reduction is no formula: " +
      misfit.worded([](int k) { return "operand " + std::to_string(k + 1); },
                    [](const std::string& name) { return name; }));
}

}  // namespace keopsnb::law
