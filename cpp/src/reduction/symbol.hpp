// Formulas with the operators and functions of C++ programs', so that a law, written once as a
// template (keopsnb/reductions/law.hpp), makes graphs as well as types.
#pragma once
#include <utility>

#include <keopsnb/reductions/law.hpp>

#include "expr/build.hpp"

namespace keopsnb::law {

class Symbol {
 public:
  Symbol(expr::Expr formula) : formula_(std::move(formula)) {}
  template <i64 M, int E>
  Symbol(Lit<M, E>) : formula_(expr::literal(Lit<M, E>::value)) {}

  const expr::Expr& formula() const { return formula_; }

 private:
  expr::Expr formula_;
};

#define KEOPSNB_UNARY(N, call, ...) \
  inline Symbol call(const Symbol& a) { return expr::apply(#N, {a.formula()}); }
#define KEOPSNB_UNARY_INT1(N, call, ...)                  \
  template <i64 n>                                        \
  Symbol call(const Symbol& a) {                          \
    return expr::apply(#N, {a.formula()}, {.ints = {n}}); \
  }
#define KEOPSNB_UNARY_INT2(N, call, ...)                     \
  template <i64 n, i64 m>                                    \
  Symbol call(const Symbol& a) {                             \
    return expr::apply(#N, {a.formula()}, {.ints = {n, m}}); \
  }
#define KEOPSNB_BINARY(N, call, ...)                     \
  inline Symbol call(const Symbol& a, const Symbol& b) { \
    return expr::apply(#N, {a.formula(), b.formula()});  \
  }
#define KEOPSNB_TERNARY(N, call, ...)                                     \
  inline Symbol call(const Symbol& a, const Symbol& b, const Symbol& c) { \
    return expr::apply(#N, {a.formula(), b.formula(), c.formula()});      \
  }
#include <keopsnb/ops.def>

inline Symbol operator+(const Symbol& a, const Symbol& b) { return add(a, b); }
inline Symbol operator-(const Symbol& a, const Symbol& b) { return subtract(a, b); }
inline Symbol operator*(const Symbol& a, const Symbol& b) {
  if (b.formula()->constant == 1.0) return a;
  return mult(a, b);
}
inline Symbol weighed(const Symbol& f, const Symbol& g) {
  return g.formula()->constant ? f * g : keopsnb::weighed<Symbol, Symbol>(f, g);
}
inline Symbol operator/(const Symbol& a, const Symbol& b) { return divide(a, b); }
inline Symbol operator-(const Symbol& a) { return minus(a); }

}  // namespace keopsnb::law
