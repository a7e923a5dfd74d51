// Selections among derivatives.
//
// Where a selection did not take a branch, what it passes back to that branch is 0, and it has to
// stay 0 through operations whose derivative there is infinite or NaN. So a derivative that comes
// from a selection goes through the chain rule within a Gate, which says: its zeros are final.
//
//   p * Gate(g) = Gate(GatedProduct(g, p)),   which is 0 where g is, whatever p.
//
// Linear operations keep the gate, and a sum of gated and other terms has none. Formulas without
// selections never meet one, and no gate stays in a formula.
#pragma once
#include <keopsnb/ops.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

namespace op {

struct Gate {
  static constexpr i64 dim(i64 d) { return d; }
};

struct GatedProduct {
  using elementwise = void;
  static constexpr i64 dim(i64 g, i64 p) { return broadcast(g, p); }
  static constexpr int cost = 2;

  template <Number V>
  KEOPSNB_FN static V value(V g, V p) {
    return select<V>(g == V{}, V{}, g * p);
  }
  template <Formula S, Formula G, Formula P>
  static constexpr auto partial(Int<0>, S, G, P p) {
    return p;
  }
  template <Formula S, Formula G, Formula P>
  static constexpr auto partial(Int<1>, S, G, P) {
    return Node<Gate, G>{};
  }
};

}  // namespace op

namespace detail {

template <class F>
concept is_gated = is<op::Gate, F>;

template <Formula F>
constexpr auto ungated(F f) {
  if constexpr (is_gated<F>)
    return operand<0>(f);
  else
    return f;
}
template <Formula F>
constexpr auto gate(F f) {
  if constexpr (is_gated<F> || is_zero<F>)
    return f;
  else
    return Node<op::Gate, F>{};
}

// Operations with values 0, 1 and -1 alone, which no derivative goes through.
template <class Op>
inline constexpr bool selects =
    same<Op, op::Step> || same<Op, op::Sign> || op::compares<Op> || same<Op, op::And> ||
    same<Op, op::Or> || same<Op, op::Xor> || same<Op, op::Not>;
template <i64 N, i64 M>
inline constexpr bool selects<op::DiffClampInt<N, M>> = true;
template <i64 N>
inline constexpr bool selects<op::OneHot<N>> = true;
template <class Op>
inline constexpr bool selects<op::OfIntegers<Op>> = true;

template <class Op>
inline constexpr bool combines =
    same<Op, op::Add> || same<Op, op::Subtract> || same<Op, op::Minus> || same<Op, op::Mult>;
template <i64 N>
inline constexpr bool combines<op::SumT<N>> = true;
template <i64 S, i64 D>
inline constexpr bool combines<op::Extract<S, D>> = true;

// Whether F is made of masks and constants: finite, and 0 where a selection takes something else.
template <class F>
struct FiniteMask {
  enum : bool { value = is_lit<F> };
};
template <class Op, class... A>
struct FiniteMask<Node<Op, A...>> {
  enum : bool {
    value =
        selects<Op> || (combines<Op> && (static_cast<bool>(FiniteMask<unnamed<A>>::value) && ...))
  };
};
template <class F>
concept is_mask = static_cast<bool>(FiniteMask<unnamed<F>>::value) && !is_lit<F>;

// clang-format off
// g * p, and 0 where g is.
template <Formula G, Formula P>
constexpr auto gated_product(G g, P p) {
  constexpr i64 dim = broadcast(G::dim, P::dim);
  constexpr auto product = [](auto f, auto h) { return build<op::GatedProduct>(f, h); };
  constexpr auto times = [](auto f, auto h) { return build<op::Mult, true>(f, h); };
  if constexpr (is_null<G> || is_null<P>) return zero<dim>;
  else if constexpr (is_lit<G> || is_lit<P>) return times(g, p);
  else if constexpr (is<op::Minus, G>) return -product(operand<0>(g), p);
  else if constexpr (is<op::Minus, P>) return -product(g, operand<0>(p));
  else if constexpr (is_injected<G> && P::dim == 1)
    return extractt<G::op::start, dim>(product(operand<0>(g), p));
  else if constexpr (is_injected<G>)
    return extractt<G::op::start, dim>(
        product(operand<0>(g), extract<G::op::start, operand_type<0, G>::dim>(p)));
  else if constexpr (is_moderately_scaled<G>) return times(scale(g), product(unscaled(g), p));
  else if constexpr (is_moderately_scaled<P>) return times(scale(p), product(g, unscaled(p)));
  else if constexpr (G::dim == 1 && is_weighted<P>)
    return product(product(g, operand<0>(p)), operand<1>(p));
  else if constexpr (is_mask<P> && !is_mask<G>) return product(p, g);
  else return Node<op::GatedProduct, G, P>{};
}
// clang-format on
template <>
struct Simplify<op::GatedProduct> {
  template <bool, Formula G, Formula P>
  static constexpr auto apply(G g, P p) {
    return gated_product(g, p);
  }
};

// The derivative g (or a differential) times the partial derivative p.
template <Formula P, Formula G>
constexpr auto chained(P p, G g) {
  if constexpr (is_mask<P>)
    return gate(build<op::GatedProduct>(p, ungated(g)));
  else
    return build<op::Mult, true>(p, g);
}

template <class Op>
inline constexpr bool is_linear = requires {
  typename Op::linear;
} || same<Op, op::Add> || same<Op, op::Subtract> || same<Op, op::Minus> || same<Op, op::Sum>;
template <i64 N>
inline constexpr bool is_linear<op::SumT<N>> = true;
template <i64 S, i64 D>
inline constexpr bool is_linear<op::Extract<S, D>> = true;
template <i64 S, i64 D>
inline constexpr bool is_linear<op::ExtractT<S, D>> = true;

// Of a look-up by an index.
template <class Op>
inline constexpr bool looks_up = false;
template <i64 D>
inline constexpr bool looks_up<op::Take<D>> = true;
template <i64 N>
inline constexpr bool looks_up<op::TakeT<N>> = true;

template <class Op>
struct Gated {
  template <Formula... A>
  static constexpr auto apply(A... a) {
    constexpr bool passes = (is_linear<Op> && (... && (is_gated<A> || is_zero<A>))) || looks_up<Op>;
    if constexpr (passes)
      return gate(build<Op, true>(ungated(a)...));
    else
      return build<Op, true>(ungated(a)...);
  }
};
template <>
struct Gated<op::Mult> {
  template <Formula A, Formula B>
  static constexpr auto apply(A a, B b) {
    if constexpr (is_gated<A>)
      return gate(build<op::GatedProduct>(ungated(a), ungated(b)));
    else
      return gate(build<op::GatedProduct>(ungated(b), a));
  }
};
template <i64 DimA, i64 DimB, class... Axes>
struct Gated<op::Contract<DimA, DimB, Axes...>> {
  template <Formula A, Formula B>
  static constexpr auto apply(A a, B b) {
    if constexpr (is_gated<A>)
      return gate(gated_contract<Axes...>(ungated(a), ungated(b)));
    else
      return gate(gated_contract<TensorAxis<Axes::length, Axes::result, Axes::b, Axes::a>...>(
          ungated(b), a));
  }
};

template <class Op, Formula... A>
constexpr auto through_gate(A... a) {
  return Gated<Op>::apply(a...);
}

// A scalar is a factor of the sum.
template <Formula A>
constexpr auto sum_of_gated([[maybe_unused]] A a) {
  using G = operand_type<0, A>;
  using P = operand_type<1, A>;
  if constexpr (G::dim == 1)
    return build<op::GatedProduct>(G{}, build<op::Sum, true>(P{}));
  else if constexpr (P::dim == 1)
    return build<op::GatedProduct>(build<op::Sum, true>(G{}), P{});
  else
    return Node<op::Sum, A>{};
}

}  // namespace detail
}  // namespace keopsnb::inline KEOPSNB_TARGET
