// Derivatives of reductions as C++ programs write them. Each is a Sum.
//
//   a_i = log Sum_j exp(f)      logsumexp_over_j(f)
//   its gradient in y_j         grad(logsumexp_over_j(f), y, e, a), over i
//   its tangent along u_j       diff(logsumexp_over_j(f), y, u, a), over j
//
// where e is the gradient of the result and a the rows that the reduction gave: most often
// variables of positions of their own. A reduction that keeps something for its derivatives, as
// Mean, Variance, Prod and SumSoftMaxWeight do, is computed as kept(reduction), and a has the
// columns of that. All but v is held fixed: a second derivative goes through a as well, by the
// gradient in a, which is one of all columns of kept(reduction) and goes into grad(kept(reduction),
// v, e, a).
#pragma once
#include <keopsnb/axis_reduction.hpp>
#include <keopsnb/diff.hpp>
#include <keopsnb/forward.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {
namespace detail {

// Stands for the result where none is given.
template <i64 D>
using MissingResult = Var<missing_position, D, Category::parameter>;

// The law of a reduction, over its formulas. Output 0 is the result; behind it is what is kept, if
// the reduction gives it.
template <class R>
struct LawOf {
  using law = typename R::law;
  using keeps = typename law::keeps;
  static_assert(!same<law, PickingLaw>,
                "keopsnb: greatest and least terms have the derivatives of f at their indices: ask "
                "for these, as max_argmax_reduction does, and differentiate f there");
  static_assert(same<law, PickingLaw> || !same<law, NoLaw>,
                "keopsnb: this reduction has no derivative: it gives indices, counts or truth "
                "values, or it is a program's own without a law (reductions/law.hpp)");
  using F = at<0, typename R::formulas>;
  static constexpr i64 result = R::dim, columns = result + keeps::columns(F::dim);
  static constexpr bool gives_kept = R::kept_dim > 0;
  static constexpr int outputs = gives_kept ? 1 + keeps::size : 1;
  static constexpr i64 gradient_dim = gives_kept ? columns : result;

  // The columns of output n.
  static constexpr i64 begin(int n) { return n == 0 ? 0 : result + keeps::columns(F::dim, n - 1); }
  template <int N, Formula A>
  static constexpr auto part(A a) {
    if constexpr (N == 0 && A::dim == result)
      return a;
    else
      return extract<begin(N), begin(N + 1) - begin(N)>(a);
  }

  static constexpr auto weights() {
    if constexpr (R::formulas::size > 1)
      return at<1, typename R::formulas>{};
    else
      return 1_c;
  }
  static constexpr auto option() { return cst<R::option>; }
  template <Formula A>
  static constexpr auto operands(A a) {
    return [&]<int... N>(Ints<N...>) {
      using K = KeptNumbers<decltype(part<N + 1>(a))...>;
      return LawOperands<F, decltype(weights()), decltype(part<0>(a)), decltype(option()), K>{};
    }(up_to<keeps::size>{});
  }
  template <int N, class O, Formula E>
  static constexpr auto term_of(O o, E e) {
    if constexpr (N == 0)
      return law::result(o, e);
    else
      return law::kept(Int<N - 1>{}, o, e);
  }

  template <int N, Formula V, Formula E, Formula A>
  static constexpr auto gradient(V v, E e, A a) {
    const auto term = term_of<N>(operands(a), part<N>(e));
    if constexpr (is_constant<decltype(term)>)
      return zero<V::dim>;
    else
      return grad(term.s, v, term.c);
  }
  // Along `directions`, pairs of a variable and a direction.
  template <int N, Formula A, class... Directions>
  static constexpr auto tangent(A a, Directions... directions) {
    const auto term = term_of<N>(operands(a), 1_c);
    if constexpr (is_constant<decltype(term)>)
      return zero<begin(N + 1) - begin(N)>;
    else
      return term_of<N>(operands(a), diff(term.s, directions...)).c;
  }
};

// Whether F has one value for each output.
template <Output Out, class F>
concept of_outputs = (Out == Output::i || !depends<Category::i, F>) &&
                     (Out == Output::j || !depends<Category::j, F>);

template <class R, Output Out, class A>
constexpr void check_result() {
  static_assert(
      A::dim == LawOf<R>::columns,
      "keopsnb: in grad and diff of a reduction, a is the rows that kept(reduction) gives: "
      "the result and, of some reductions, what they keep");
  static_assert(
      of_outputs<Out, A>,
      "keopsnb: in grad and diff of a reduction, e and a have a row for each output: of a "
      "reduction over j they hang on i, over i on j, over both on neither");
}

// A derivative that was found, of a reduction that a was given for.
template <class Found, class A>
constexpr void check_given() {
  static_assert(!occurs<Found, MissingResult<A::dim>>,
                "keopsnb: the derivatives of this reduction take its result: write grad(reduction, "
                "v, e, a) or diff(reduction, v, u, a), where a is the rows that kept(reduction) "
                "gives");
}

constexpr Output over_others(Category c) {
  return c == Category::i ? Output::i : c == Category::j ? Output::j : Output::one;
}

template <class R, Output Out, class A, class All, int... K, int... N>
constexpr auto tangents(A a, All, Ints<K...>, Ints<N...>) {
  using Law = LawOf<R>;
  const auto found = concat(Law::template tangent<N>(a, at<K, All>{}...)...);
  check_given<decltype(found), A>();
  return AxisReduction<decltype(sum_reduction(found)), Out>{};
}

}  // namespace detail

// The same, with the numbers that its law keeps behind the result.
template <class R, Output Out>
constexpr auto kept(AxisReduction<R, Out>) {
  return AxisReduction<decltype(kept(R{})), Out>{};
}

// The gradient in v of the sum of e times the result: for each i of an i-variable, for each j of a
// j-variable, of a parameter one.
template <class R, Output Out, Formula V, Formula E,
          Formula A = detail::MissingResult<detail::LawOf<R>::columns>>
constexpr auto grad(AxisReduction<R, Out>, V v, E e, A a = {}) {
  using Law = detail::LawOf<R>;
  static_assert(NumberVariable<V>,
                "keopsnb: in grad(reduction, v, e, a), v is a variable of numbers, such as "
                "vi<0, 3>");
  static_assert(E::dim == Law::gradient_dim,
                "keopsnb: in grad(reduction, v, e, a), e has the dimension of the reduction");
  static_assert(detail::of_outputs<Out, E>,
                "keopsnb: in grad(reduction, v, e, a), e has a row for each output: of a reduction "
                "over j it hangs on i, over i on j, over both on neither");
  static_assert(!occurs<A, V>,
                "keopsnb: in grad(reduction, v, e, a), a is held fixed: v may not occur in it");
  detail::check_result<R, Out, A>();
  const auto found = [&]<int... N>(Ints<N...>) {
    return (Law::template gradient<N>(v, e, a) + ...);
  }(up_to<Law::outputs>{});
  detail::check_given<decltype(found), A>();
  return AxisReduction<decltype(sum_reduction(found)), detail::over_others(V::category)>{};
}

// The tangent of the result along the direction u of v, and of more variables and their directions,
// then a, if it is needed: diff(reduction, v, u, w, t, ..., a).
template <class R, Output Out, Formula V, Formula U, Formula... More>
constexpr auto diff(AxisReduction<R, Out>, V, U, More...) {
  using All = List<V, U, More..., detail::MissingResult<detail::LawOf<R>::columns>>;
  constexpr int pairs = (2 + sizeof...(More)) / 2;
  using A = at<2 * pairs, All>;
  detail::check_result<R, Out, A>();
  return detail::tangents<R, Out>(A{}, All{}, up_to<2 * pairs>{},
                                  up_to<detail::LawOf<R>::outputs>{});
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
