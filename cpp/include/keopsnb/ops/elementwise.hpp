// Elementwise operations: what the rows of ops.def become.
#pragma once
#include <keopsnb/math.hpp>
#include <keopsnb/partials.hpp>
#include <keopsnb/tile.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

template <class... D>
constexpr i64 broadcast(D... dims) {
  i64 d = 1;
  ((d = d == 1 || dims == 1 || d == dims ? (dims == 1 ? d : dims) : -1), ...);
  return d;
}

// A number of V's kind from a constant of the table: `2_c * a` in a value.
template <i64 M, int E, Number V>
KEOPSNB_FN V operator+(Lit<M, E> c, V a) {
  return constant<V>(c.value) + a;
}
template <i64 M, int E, Number V>
KEOPSNB_FN V operator-(Lit<M, E> c, V a) {
  return constant<V>(c.value) - a;
}
template <i64 M, int E, Number V>
KEOPSNB_FN V operator*(Lit<M, E> c, V a) {
  return constant<V>(c.value) * a;
}
template <i64 M, int E, Number V>
KEOPSNB_FN V operator/(Lit<M, E> c, V a) {
  return constant<V>(c.value) / a;
}

// Pass 1 over the table: a tag for each operation, and its function on formulas.
namespace op {
#define KEOPSNB_UNARY(N, ...) struct N;
#define KEOPSNB_UNARY_INT1(N, call, cost, n, ...) \
  template <i64 n>                                \
  struct N;
#define KEOPSNB_UNARY_INT2(N, call, cost, n, m, ...) \
  template <i64 n, i64 m>                            \
  struct N;
#define KEOPSNB_BINARY(N, ...) struct N;
#define KEOPSNB_TERNARY(N, ...) struct N;
#include <keopsnb/ops.def>
}  // namespace op

#define KEOPSNB_UNARY(N, call, ...) \
  template <Formula A>              \
  constexpr auto call(A a) {        \
    return build<op::N>(a);         \
  }
#define KEOPSNB_UNARY_INT1(N, call, cost, n, ...) \
  template <i64 n, Formula A>                     \
  constexpr auto call(A a) {                      \
    return build<op::N<n>>(a);                    \
  }
#define KEOPSNB_UNARY_INT2(N, call, cost, n, m, ...) \
  template <i64 n, i64 m, Formula A>                 \
  constexpr auto call(A a) {                         \
    return build<op::N<n, m>>(a);                    \
  }
#define KEOPSNB_BINARY(N, call, ...) \
  template <Formula A, Formula B>    \
  constexpr auto call(A a, B b) {    \
    return build<op::N>(a, b);       \
  }
#define KEOPSNB_TERNARY(N, call, ...)        \
  template <Formula A, Formula B, Formula C> \
  constexpr auto call(A a, B b, C c) {       \
    return build<op::N>(a, b, c);            \
  }
#include <keopsnb/ops.def>

template <Formula A, Formula B>
constexpr auto operator+(A a, B b) {
  return build<op::Add>(a, b);
}
template <Formula A, Formula B>
constexpr auto operator-(A a, B b) {
  return build<op::Subtract>(a, b);
}
template <Formula A, Formula B>
constexpr auto operator*(A a, B b) {
  return build<op::Mult>(a, b);
}
template <Formula A, Formula B>
constexpr auto operator/(A a, B b) {
  static_assert(!detail::is_null<B>, "keopsnb: division by the constant 0");
  return build<op::Divide>(a, b);
}
template <Formula A>
constexpr auto operator-(A a) {
  return build<op::Minus>(a);
}

// Pass 2: value and partial derivatives.
namespace op {

template <class Op>
concept Elementwise = requires { typename Op::elementwise; };

#define KEOPSNB_PARTIAL(k, arity, d)                                                       \
  template <Formula S, KEOPSNB_##arity(Formula)>                                           \
  static constexpr auto partial(Int<k>, [[maybe_unused]] S self, KEOPSNB_##arity##_ARGS) { \
    return d;                                                                              \
  }
#define KEOPSNB_1(kind) kind A
#define KEOPSNB_2(kind) kind A, kind B
#define KEOPSNB_3(kind) kind A, kind B, kind C
#define KEOPSNB_1_ARGS [[maybe_unused]] A a
#define KEOPSNB_2_ARGS [[maybe_unused]] A a, [[maybe_unused]] B b
#define KEOPSNB_3_ARGS [[maybe_unused]] A a, [[maybe_unused]] B b, [[maybe_unused]] C c
#define KEOPSNB_COMMON                  \
  using elementwise = void;             \
  template <class... D>                 \
  static constexpr i64 dim(D... dims) { \
    return broadcast(dims...);          \
  }

#define KEOPSNB_UNARY_BODY(v, da)  \
  KEOPSNB_COMMON                   \
  template <Number V>              \
  KEOPSNB_FN static V value(V a) { \
    return v;                      \
  }                                \
  KEOPSNB_PARTIAL(0, 1, da)

#define KEOPSNB_UNARY(N, call, price, v, da) \
  struct N {                                 \
    static constexpr int cost = price;       \
    KEOPSNB_UNARY_BODY(v, da)                \
  };
#define KEOPSNB_UNARY_INT1(N, call, price, n, v, da) \
  template <i64 n>                                   \
  struct N {                                         \
    static constexpr int cost = price;               \
    KEOPSNB_UNARY_BODY(v, da)                        \
  };
#define KEOPSNB_UNARY_INT2(N, call, price, n, m, v, da) \
  template <i64 n, i64 m>                               \
  struct N {                                            \
    static constexpr int cost = price;                  \
    KEOPSNB_UNARY_BODY(v, da)                           \
  };
#define KEOPSNB_BINARY_BODY(v, da, db)  \
  KEOPSNB_COMMON                        \
  template <Number V>                   \
  KEOPSNB_FN static V value(V a, V b) { \
    return v;                           \
  }                                     \
  KEOPSNB_PARTIAL(0, 2, da)             \
  KEOPSNB_PARTIAL(1, 2, db)
#define KEOPSNB_TERNARY_BODY(v, da, db, dc)  \
  KEOPSNB_COMMON                             \
  template <Number V>                        \
  KEOPSNB_FN static V value(V a, V b, V c) { \
    return v;                                \
  }                                          \
  KEOPSNB_PARTIAL(0, 3, da)                  \
  KEOPSNB_PARTIAL(1, 3, db)                  \
  KEOPSNB_PARTIAL(2, 3, dc)

#define KEOPSNB_BINARY(N, call, price, v, da, db) \
  struct N {                                      \
    static constexpr int cost = price;            \
    KEOPSNB_BINARY_BODY(v, da, db)                \
  };
#define KEOPSNB_TERNARY(N, call, price, v, da, db, dc) \
  struct N {                                           \
    static constexpr int cost = price;                 \
    KEOPSNB_TERNARY_BODY(v, da, db, dc)                \
  };
#include <keopsnb/ops.def>

}  // namespace op
}  // namespace keopsnb::inline KEOPSNB_TARGET
