// Operations and a reduction of a user's own, for the tests.
#include <keopsnb/user.hpp>

KEOPSNB_UNARY_OPERATION(Softstep, softstep, a / (constant<V>(1) + abs(a)), square(1_c - abs(self)))
// A second one, whose name a comment does not hide: KEOPSNB_UNARY_OPERATION(No, no, a, 1_c)
KEOPSNB_BINARY_OPERATION(Swish2, swish2, a* b / (constant<V>(1) + exp(-a)),
                         b*(self / (a * b) + softstep(0_c) +
                            a * exp(-a) * square(inv(1_c + exp(-a)))),
                         self / b)

namespace mine {
using namespace keopsnb;

// The greatest |F|.
template <Formula F>
struct MaxAbs : ReductionBase<F> {
  using formulas = List<F>;
  template <class Part>
  using part = MaxAbs<Part>;
  using ReductionBase<F>::dim;
  static constexpr bool direct = true;
  static constexpr i64 state_dim(i64 c) { return c; }

  template <Number V>
  KEOPSNB_FN static V identity(i64) {
    return V{};
  }
  template <i64 C = dim, class State, class X>
  KEOPSNB_FN static void step(State&& state, X& x, i64 first = 0) {
    using V = typename X::pack;
    for_terms<F, C>(x, first, [&](i64 c, int, int p, V t) KEOPSNB_LAMBDA {
      state(c, p) = max(abs(t), state(c, p));
    });
  }
  template <i64 C = dim, class State, class Other>
  KEOPSNB_FN static void merge(State&& state, Other&& other) {
    for_components<C>([&](i64 c) KEOPSNB_LAMBDA { state(c) = max(other(c), state(c)); });
  }
  template <i64 C = dim, class State>
  KEOPSNB_FN static auto finish(State&& state, i64 c, i64 = 0) {
    return state(c);
  }
};

template <Formula F>
constexpr auto max_abs(F) {
  return MaxAbs<F>{};
}
}  // namespace mine
KEOPSNB_REDUCTION(MaxAbs, mine::max_abs, values);
