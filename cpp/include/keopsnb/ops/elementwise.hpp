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
#define KEOPSNB_UNARY(N, call, ...) \
  namespace op {                    \
  struct N;                         \
  }                                 \
  template <Formula A>              \
  constexpr auto call(A a) {        \
    return build<op::N>(a);         \
  }
#define KEOPSNB_UNARY_INT1(N, call, cost, n, ...) \
  namespace op {                                  \
  template <i64 n>                                \
  struct N;                                       \
  }                                               \
  template <i64 n, Formula A>                     \
  constexpr auto call(A a) {                      \
    return build<op::N<n>>(a);                    \
  }
#define KEOPSNB_UNARY_INT2(N, call, cost, n, m, ...) \
  namespace op {                                     \
  template <i64 n, i64 m>                            \
  struct N;                                          \
  }                                                  \
  template <i64 n, i64 m, Formula A>                 \
  constexpr auto call(A a) {                         \
    return build<op::N<n, m>>(a);                    \
  }
#define KEOPSNB_BINARY(N, call, ...) \
  namespace op {                     \
  struct N;                          \
  }                                  \
  template <Formula A, Formula B>    \
  constexpr auto call(A a, B b) {    \
    return build<op::N>(a, b);       \
  }
#define KEOPSNB_TERNARY(N, call, ...)        \
  namespace op {                             \
  struct N;                                  \
  }                                          \
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

// Members of an operation, in this file's table and in a user's (user.hpp).
#define KEOPSNB_UNARY_BODY(v, da)                                                        \
  using elementwise = void;                                                              \
  static constexpr i64 dim(i64 a) { return a; }                                          \
  template <Number V>                                                                    \
  KEOPSNB_FN static V value(V a) {                                                       \
    return v;                                                                            \
  }                                                                                      \
  template <Formula S, Formula A>                                                        \
  static constexpr auto partial(Int<0>, [[maybe_unused]] S self, [[maybe_unused]] A a) { \
    return da;                                                                           \
  }
#define KEOPSNB_BINARY_BODY(v, da, db)                                                 \
  using elementwise = void;                                                            \
  static constexpr i64 dim(i64 a, i64 b) { return broadcast(a, b); }                   \
  template <Number V>                                                                  \
  KEOPSNB_FN static V value(V a, V b) {                                                \
    return v;                                                                          \
  }                                                                                    \
  template <i64 K, Formula S, Formula A, Formula B>                                    \
  static constexpr auto partial(Int<K>, [[maybe_unused]] S self, [[maybe_unused]] A a, \
                                [[maybe_unused]] B b) {                                \
    if constexpr (K == 0)                                                              \
      return da;                                                                       \
    else                                                                               \
      return db;                                                                       \
  }
#define KEOPSNB_TERNARY_BODY(v, da, db, dc)                                            \
  using elementwise = void;                                                            \
  static constexpr i64 dim(i64 a, i64 b, i64 c) { return broadcast(a, b, c); }         \
  template <Number V>                                                                  \
  KEOPSNB_FN static V value(V a, V b, V c) {                                           \
    return v;                                                                          \
  }                                                                                    \
  template <i64 K, Formula S, Formula A, Formula B, Formula C>                         \
  static constexpr auto partial(Int<K>, [[maybe_unused]] S self, [[maybe_unused]] A a, \
                                [[maybe_unused]] B b, [[maybe_unused]] C c) {          \
    if constexpr (K == 0)                                                              \
      return da;                                                                       \
    else if constexpr (K == 1)                                                         \
      return db;                                                                       \
    else                                                                               \
      return dc;                                                                       \
  }

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
