// The law by which a reduction differentiates, said once, for formulas and for whatever has their
// operators and functions.
//
// With f the formula, g the weights (1 where there are none), a the result, k what is kept of the
// forward computation and e the gradient of one output, all but f and g held fixed, an output gives
// a term (S, C). For variables v and directions u of these
//
//   the gradient in v       is the sum of grad(S, v, C), over the index that v does not hang on,
//   the tangent of the output   is C at e = Sum diff(S, v, u).
//
// C multiplies e component by component, so that it is its own transpose; where S names e, it is 1
// along a tangent.
//
// A quotient of e by a number of its row is written inv(number) * e: among derivatives scalars come
// together, and a pair has one product more instead of a division for each component of e. A number
// of each component is divided by as often either way.
//
//   keeps                   numbers beside the result, of a row or of each component of f
//   result(o, e)            the term of the result
//   kept(Int<n>, o, e)      that of kept number n, or `constant`
//
// where o.f, o.g, o.a, o.n (the reduction's option) and o.k[...] are the operands. A reduction that
// keeps something has keep<C, n>(state, c): kept number n of component c, from its state. Where
// there is no term it is finite.
#pragma once
#include <keopsnb/reductions/keep.hpp>
#include <keopsnb/symbol.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

template <Keep... K>
struct Keeps {
  static constexpr int size = sizeof...(K);
  // Columns of the numbers before the n-th, for a formula of dimension D.
  KEOPSNB_FN static constexpr i64 columns(i64 D, int n = size) {
    i64 total = 0;
    [[maybe_unused]] int k = 0;
    ((total += k++ < n ? (K == Keep::of_row ? 1 : D) : 0), ...);
    return total;
  }
};

// Kept numbers, taken apart by auto [first, second] = k.
template <class... X>
struct KeptNumbers {};
template <class A>
struct KeptNumbers<A> {
  A first;
};
template <class A, class B>
struct KeptNumbers<A, B> {
  A first;
  B second;
};
template <class A, class B, class C>
struct KeptNumbers<A, B, C> {
  A first;
  B second;
  C third;
};
template <class A, class B, class C, class D>
struct KeptNumbers<A, B, C, D> {
  A first;
  B second;
  C third;
  D fourth;
};

template <class F, class G, class A, class N, class K>
struct LawOperands {
  F f;
  G g;
  A a;
  N n;
  K k;
};

template <class S, class C>
struct Term {
  S s;
  C c;
};
template <class S, class C>
constexpr Term<S, C> term(S s, C c) {
  return {s, c};
}

// f g, and what g is 0 for passes 0 back to f, whatever f: a selection, though of f alone, which is
// what a gate goes behind (gate.hpp).
template <class F, class G>
constexpr auto weighed(F f, G g) {
  if constexpr (requires { G::value; })
    return f * g;
  else
    return where(logical_or(g, 1_c), f, 0_c) * g;
}

// Of an output that is held fixed.
struct Constant {};
inline constexpr Constant constant_output{};
template <class T>
concept is_constant = same<const T, const Constant>;

// Of results that are integers or truth values, and of reductions without a law.
struct NoLaw {
  using keeps = Keeps<>;
};
// Of terms that were picked: their derivatives are those of the formula at the indices.
struct PickingLaw {
  using keeps = Keeps<>;
};

}  // namespace keopsnb::inline KEOPSNB_TARGET
