// The changes of a formula by fast mathematics, which KEOPSNB_FAST_MATH asks for.
//
// The exponential of a GPU is that of base 2. In exp(-c |x - y|^2) the factor c log2(e) is moved
// into the points, by its square root: one instruction less for each pair, of nine. The points are
// rounded once more, which matters where they are close to each other and far from the origin.
#pragma once
#include <keopsnb/diff.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {
namespace op {

// 2^a, within 2 ULP; 0 instead of denormal numbers.
struct FastExp2 {
  using elementwise = void;
  template <class... D>
  static constexpr i64 dim(D... dims) {
    return broadcast(dims...);
  }
  template <Number V>
  KEOPSNB_FN static V value(V a) {
    if constexpr (same<V, float>)
      return exp2_approximate(a);
    else
      return exp(a * constant<V>(0.69314718055994531));
  }
};

// -a^2: no instruction changes the sign of the sum of these.
struct NegativeSquare {
  using elementwise = void;
  template <class... D>
  static constexpr i64 dim(D... dims) {
    return broadcast(dims...);
  }
  template <Number V>
  KEOPSNB_FN static V value(V a) {
    return -a * a;
  }
};

}  // namespace op

namespace detail {

constexpr double square_root(double a) {
  double x = a > 1 ? a : 1;
  for (int k = 0; k < 100; ++k) x = (x + a / x) / 2;
  return x;
}
inline constexpr double log2_e = 1.4426950408889634;

// c where F = -c A, with a constant c > 0; else 0.
template <class F>
inline constexpr double negative_factor = [] {
  if constexpr (is_scaled<F>)
    return operand_type<0, F>::value < 0 ? -operand_type<0, F>::value : 0.0;
  else
    return is<op::Minus, F> ? 1.0 : 0.0;
}();

template <class F>
using last_operand = operand_type<operands_of<F>::size - 1, F>;

// Whether X and Y are short vectors, one of the outputs and one of the reduced side.
template <class X, class Y>
concept are_points =
    X::dim == Y::dim && X::dim <= 8 && depends<Category::i, X> != depends<Category::j, X> &&
    depends<Category::i, Y> != depends<Category::j, Y> &&
    depends<Category::i, X> != depends<Category::i, Y>;

// |X - Y|^2 of such vectors, and neither the difference nor its square used elsewhere among the
// nodes.
template <class Nodes, class F>
concept is_distance = is<op::Sum, F> && is<op::Square, operand_type<0, F>> &&
                      is<op::Subtract, operand_type<0, operand_type<0, F>>> &&
                      are_points<operand_type<0, operand_type<0, operand_type<0, F>>>,
                                 operand_type<1, operand_type<0, operand_type<0, F>>>> &&
                      Edges<Nodes>::template readers<operand_type<0, F>>() == 1 &&
                      Edges<Nodes>::template readers<operand_type<0, operand_type<0, F>>>() == 1;

template <class Scale, class F>
constexpr auto negative_scaled_distance(Scale s, F) {
  using Difference = operand_type<0, operand_type<0, F>>;
  return Node<op::Sum, Node<op::NegativeSquare, decltype(s * operand_type<0, Difference>{} -
                                                         s * operand_type<1, Difference>{})>>{};
}

// F, which is a formula with these nodes or a part of it; as it is where nothing in it changes.
template <class Nodes, class F, class Operands = operands_of<F>>
struct Rewritten {
  using type = F;
};
template <class Nodes, class F, class A, class... More>
struct Rewritten<Nodes, F, List<A, More...>> {
  template <class... New>
  using of = choose<same<List<New...>, List<A, More...>>, F, Node<typename F::op, New...>>;
  using type = of<typename Rewritten<Nodes, A>::type, typename Rewritten<Nodes, More>::type...>;
};
template <class Nodes, class F, class A>
  requires(is<op::Exp, F> && negative_factor<A> > 0 && is_distance<Nodes, last_operand<A>>)
struct Rewritten<Nodes, F, List<A>> {
  static constexpr auto scale = lit_of([] { return square_root(negative_factor<A> * log2_e); });
  using type = Node<op::FastExp2, decltype(negative_scaled_distance(scale, last_operand<A>{}))>;
};

template <class R>
struct Faster {
  using type = R;
};
#ifdef KEOPSNB_FAST_MATH
template <class R>
  requires requires { typename R::template part<typename R::result>; }
struct Faster<R> {
  using F = typename R::result;
  using type = typename R::template part<typename Rewritten<distinct<F>, F>::type>;
};
#endif

}  // namespace detail

// The reduction, with fast mathematics where that is asked for.
template <class R>
using faster = typename detail::Faster<R>::type;

}  // namespace keopsnb::inline KEOPSNB_TARGET
