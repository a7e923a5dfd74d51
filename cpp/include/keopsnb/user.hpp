// A user's own operations and reductions.
//
// A header of the user's, compiled with this one, defines operations by the rows
//
//   KEOPSNB_UNARY_OPERATION(Mish, mish, a * tanh(log1p(exp(a))), ...)
//
// with, as in ops.def, the name in formulas, that in C++, the value over numbers in a, b, c, and
// for each operand the partial derivative over formulas in a, b, c and `self`. They broadcast, and
// have derivatives of any order and direction, as operations of the catalogue. Its reductions are
// monoids as in reductions/monoid.hpp, announced by
//
//   KEOPSNB_REDUCTION(MaxAbs, max_abs_reduction, values)
//
// with the name in reduction_op, a function of a formula that makes one, and what it gives: values,
// indices or both, one for each component of the formula.
#pragma once
#include <keopsnb/diff.hpp>
#include <keopsnb/reductions.hpp>

#define KEOPSNB_UNARY_OPERATION(N, call, v, ...) \
  namespace keopsnb {                            \
  namespace op {                                 \
  struct N {                                     \
    KEOPSNB_UNARY_BODY(v, (__VA_ARGS__))         \
  };                                             \
  }                                              \
  template <Formula A>                           \
  constexpr auto call(A a) {                     \
    return build<op::N>(a);                      \
  }                                              \
  }

#define KEOPSNB_BINARY_OPERATION(N, call, v, da, ...) \
  namespace keopsnb {                                 \
  namespace op {                                      \
  struct N {                                          \
    KEOPSNB_BINARY_BODY(v, da, (__VA_ARGS__))         \
  };                                                  \
  }                                                   \
  template <Formula A, Formula B>                     \
  constexpr auto call(A a, B b) {                     \
    return build<op::N>(a, b);                        \
  }                                                   \
  }

#define KEOPSNB_TERNARY_OPERATION(N, call, v, da, db, ...) \
  namespace keopsnb {                                      \
  namespace op {                                           \
  struct N {                                               \
    KEOPSNB_TERNARY_BODY(v, da, db, (__VA_ARGS__))         \
  };                                                       \
  }                                                        \
  template <Formula A, Formula B, Formula C>               \
  constexpr auto call(A a, B b, C c) {                     \
    return build<op::N>(a, b, c);                          \
  }                                                        \
  }

#define KEOPSNB_REDUCTION(N, call, gives) \
  static_assert(true, "keopsnb: what the module reads, not the compiler")

namespace keopsnb::inline KEOPSNB_TARGET {

// That a user's reduction gives what its announcement says, as memory for it is laid out by that.
template <bool Values, bool Indices, i64 Dim, class R>
constexpr auto as_announced(R r) {
  static_assert(
      R::values == Values && R::indices == Indices,
      "keopsnb: KEOPSNB_REDUCTION(name, function, values | indices | both) says something "
      "else than the members `values` and `indices` of the reduction");
  static_assert(
      R::dim == Dim && R::ranks == 1,
      "keopsnb: a reduction of a header has one result for each component of its formula");
  return r;
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
