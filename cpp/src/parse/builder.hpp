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

// What a part of the text is. Lists of integers and tuples of formulas are arguments, and never
// operands.
struct Parsed {
  enum class Kind { formula, list, tuple };

  Kind kind = Kind::formula;
  Place place = {};
  expr::Expr formula = {};
  std::optional<i64> integer = {};  // of a number that is an integer in the text
  std::vector<i64> ints = {};       // of a list
  std::vector<Parsed> parts = {};   // of a tuple
};

// `place` is the whole sub-formula, `at` the name or the operator that a message points at.
class Builder {
 public:
  explicit Builder(Variables& variables) : variables_(variables) {}

  Parsed variable(const Place& place, i64 position);
  Parsed number(const Token& token);
  Parsed literal(const Place& place, double value);
  Parsed zero(const Place& place, i64 dim);
  Parsed list(const Place& place, std::vector<i64> integers);
  Parsed tuple(const Place& place, std::vector<Parsed> formulas);

  Parsed minus(const Place& place, const Place& at, Parsed f);
  Parsed negation(const Place& at, const Parsed& f);
  Parsed infix(std::string_view row, const Place& at, const Parsed& f, const Parsed& g);
  Parsed power(const Place& at, const Parsed& f, const Parsed& exponent);
  Parsed modulo(const Place& at, const Parsed& f, const Parsed& g);

  // An operation of the catalogue; its integer parameters or lists come last among the arguments.
  Parsed call(const Row& row, const Place& place, const Place& at, std::vector<Parsed> arguments);
  // An operator of calculus.
  Parsed differential(const expr::Differential& row, const Place& place,
                      const std::vector<Parsed>& arguments);
  Parsed factorization(const Factorization& row, const Place& place,
                       const std::vector<Parsed>& arguments);

 private:
  // The node that `make` makes of operands, whose names in the text a misfit needs.
  template <class Make>
  Parsed made(const Place& place, const Place& at, const std::vector<Parsed>& operands,
              Make&& make);
  Parsed apply(const Row& row, const Place& place, const Place& at,
               const std::vector<Parsed>& operands, expr::Parameters parameters = {});
  Parsed differential_of_several(const expr::Differential& row, const Place& place,
                                 const std::vector<Parsed>& arguments);
  Parsed incoming(const Place& place, const Parsed& f, const Parsed& v);

  Variables& variables_;
};

}  // namespace keopsnb::parse
