// The formulas of derivatives, by the law of a reduction.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "expr/misfit.hpp"
#include "parse/formula.hpp"
#include "reduction/laws.hpp"

namespace keopsnb::law {

// The subject of differentiation: a reduction of a formula with weights, or none.
struct Subject {
  const Law& law;
  const parse::Program& program;
  i64 option, result;        // its option, and the dimension of its result
  bool whole;                // whether what is kept is among the outputs
  parse::Category category;  // which index the result hangs on

  int outputs() const { return whole ? 1 + static_cast<int>(law.keeps.size()) : 1; }
  // Of output n.
  i64 columns(int n) const;
  // Of the outputs before output n.
  i64 columns_before(int n) const;
};

// Makes formulas over the variables of the subject, then the rows that it gave, if its law reads
// them, and then what is added here. Throws Misfit where a formula is too deep.
class Derivative {
 public:
  explicit Derivative(const Subject& subject);

  bool takes_rows() const { return rows_ != nullptr; }
  const std::vector<parse::Variable>& variables() const { return variables_; }
  expr::Expr variable(std::size_t k) const;
  expr::Expr add(i64 dim, parse::Category category);

  // The gradient in v is the Sum of this, for the gradient e of the outputs.
  expr::Expr gradient(const expr::Expr& v, const expr::Expr& e) const;
  // The tangent of the outputs is the Sum of this; `directions` are variables, each before the
  // direction along it.
  expr::Expr tangent(const std::vector<expr::Expr>& directions) const;

 private:
  std::optional<OutputTerm> term(int n, const expr::Expr& e) const;

  const Subject& subject_;
  std::vector<parse::Variable> variables_;
  Operands operands_ = {};
  expr::Expr rows_ = {};
};

// Declarations of the variables, by their names, or as v0, v1, ... as graphs are printed.
std::vector<std::string> aliases(const std::vector<parse::Variable>& variables,
                                 bool printed = false);

// Formulas side by side.
expr::Expr side_by_side(std::vector<expr::Expr> formulas);

[[noreturn]] void refuse(const expr::Misfit& misfit);
// The value of `make`; a formula that cannot be made is a std::invalid_argument.
template <class Make>
auto checked(Make&& make) {
  try {
    return make();
  } catch (const expr::Misfit& misfit) {
    refuse(misfit);
  }
}

}  // namespace keopsnb::law
