// Nodes of a formula's text: those of expr/, whose misfits are shown in the text.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "expr/build.hpp"
#include "expr/differential.hpp"
#include "lexer.hpp"
#include "operations.hpp"
#include "variables.hpp"

namespace keopsnb::parse {

// The meaning of a part of the text. Lists of integers and tuples of formulas are arguments, never
// operands.
struct Parsed {
  enum class Kind { formula, list, tuple };

  Kind kind = Kind::formula;
  Span span = {};
  expr::Expr formula = {};
  std::optional<i64> integer = {};  // of a number that is an integer in the text
  std::vector<i64> ints = {};       // of a list
  std::vector<Parsed> parts = {};   // of a tuple
};

// `span` is the whole sub-formula, `at` the name or the operator that a message points at.
class Builder {
 public:
  explicit Builder(Variables& variables) : variables_(variables) {}

  Parsed variable(const Span& span, i64 position);
  Parsed number(const Token& token);
  Parsed literal(const Span& span, double value);
  Parsed zero(const Span& span, i64 dim);
  Parsed list(const Span& span, std::vector<i64> integers);
  Parsed tuple(const Span& span, std::vector<Parsed> formulas);

  Parsed minus(const Span& span, const Span& at, Parsed f);
  Parsed negation(const Span& at, const Parsed& f);
  Parsed infix(std::string_view row, const Span& at, const Parsed& f, const Parsed& g);
  // The row of g and f, of the same rule in both orders: what does not fit is said as it stands.
  Parsed swapped(std::string_view row, const Span& at, const Parsed& f, const Parsed& g);
  Parsed power(const Span& at, const Parsed& f, const Parsed& exponent);
  Parsed modulo(const Span& at, const Parsed& f, const Parsed& g);

  // An operation of the catalogue; its integer parameters or lists come last among the arguments.
  Parsed call(const OperationRow& row, const Span& span, const Span& at,
              std::vector<Parsed> arguments);
  // An operator of calculus.
  Parsed differential(const expr::Differential& row, const Span& span,
                      const std::vector<Parsed>& arguments);
  Parsed factorization(const Factorization& row, const Span& span,
                       const std::vector<Parsed>& arguments);

 private:
  // The node that `make` makes of operands, whose names in the text a misfit needs.
  template <class Make>
  Parsed made(const Span& span, const Span& at, const std::vector<Parsed>& operands, Make&& make);
  Parsed apply(const OperationRow& row, const Span& span, const Span& at,
               const std::vector<Parsed>& operands, expr::Parameters parameters = {});
  Parsed differential_of_several(const expr::Differential& row, const Span& span,
                                 const std::vector<Parsed>& arguments);
  Parsed incoming(const Span& span, const Parsed& f, const Parsed& v);

  Variables& variables_;
};

}  // namespace keopsnb::parse
