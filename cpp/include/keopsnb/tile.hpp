// The abstract number that formulas are evaluated over.
//
// A Tile holds the values of one component for P packs of outputs and J reduced indices at once.
// A value that does not depend on the outputs is a scalar, and one that does not depend on the
// reduced index is held once, both by type: nothing is computed in more lanes than it varies over.
#pragma once
#include <keopsnb/pack.hpp>
#include <keopsnb/symbol.hpp>

KEOPSNB_EXACT_BEGIN
namespace keopsnb::inline KEOPSNB_TARGET {

template <class V, int P, int J>
struct Tile {
  using number = V;
  static constexpr int packs = P, steps = J;
  V v[P * J];

  KEOPSNB_FN const V& at(int p, int j) const { return v[(P == 1 ? 0 : p) * J + (J == 1 ? 0 : j)]; }
  KEOPSNB_FN V& at(int p, int j) { return v[(P == 1 ? 0 : p) * J + (J == 1 ? 0 : j)]; }
};

template <class V, class U>
KEOPSNB_FN V to_number(U u) {
  if constexpr (same<U, V>)
    return u;
  else
    return splat<V>(u);
}

template <class R, class A>
KEOPSNB_FN R convert(const A& a) {
  R r;
  KEOPSNB_UNROLL
  for (int p = 0; p < R::packs; ++p) KEOPSNB_UNROLL
  for (int j = 0; j < R::steps; ++j) r.at(p, j) = to_number<typename R::number>(a.at(p, j));
  return r;
}

// Ways to apply an operation to the numbers of tiles: one after the other, in loops that compilers
// unroll, or by calls.
enum class Mapping { flat, loops, calls };

namespace detail {
#if !KEOPSNB_CUDA
// Static, so that compilers know which registers it leaves alone.
template <class Op, class V, class... A>
KEOPSNB_NOINLINE static V called_value(A... a) {
  return Op::value(a...);
}
#endif
template <class Op, class R, Mapping How, class... A>
KEOPSNB_FN typename R::number map_one(int p, int j, const A&... a) {
  using V = typename R::number;
#if !KEOPSNB_CUDA
  if constexpr (How == Mapping::calls) return called_value<Op, V>(to_number<V>(a.at(p, j))...);
#endif
  return Op::value(to_number<V>(a.at(p, j))...);
}
template <class Op, class R, Mapping How, int... I, class... A>
KEOPSNB_FN R map_each(Ints<I...>, const A&... a) {
  return R{{map_one<Op, R, How>(I / R::steps, I % R::steps, a...)...}};
}
}  // namespace detail

// Op on every number of the operands, brought to one shape R. Loops unroll late, and until then
// each is an array in memory that the compiler searches for aliases.
template <class Op, class R, Mapping How, class... A>
KEOPSNB_FN R map_tiles(const A&... a) {
  if constexpr (How == Mapping::loops) {
    R r;
    KEOPSNB_UNROLL
    for (int p = 0; p < R::packs; ++p) KEOPSNB_UNROLL
    for (int j = 0; j < R::steps; ++j) r.at(p, j) = detail::map_one<Op, R, How>(p, j, a...);
    return r;
  } else {
    return detail::map_each<Op, R, How>(up_to<R::packs * R::steps>{}, a...);
  }
}

// f(c) for the components c < D. Short loops unroll, so that arrays stay in registers.
template <i64 D, class F>
KEOPSNB_FN void for_components(F&& f) {
  if constexpr (D <= KEOPSNB_UNROLLED_DIM) {
    KEOPSNB_UNROLL
    for (i64 c = 0; c < D; ++c) f(c);
  } else {
    for (i64 c = 0; c < D; ++c) f(c);
  }
}

// The type of a formula's components in the evaluation X: what varies over what.
template <class X, class... F>
using tile_of = Tile<choose<(depends<X::lanes, F> || ...), typename X::pack, typename X::scalar>,
                     (depends<X::lanes, F> || ...) ? X::packs : 1,
                     (depends<X::reduced, F> || ...) ? X::steps : 1>;

// Component c of F in the evaluation x, and x for what that is made of (eval.hpp).
template <class F, class X>
KEOPSNB_FN decltype(auto) get(X& x, i64 c);
template <class F, class X>
KEOPSNB_FN decltype(auto) at_component(X& x, i64 c);

}  // namespace keopsnb::inline KEOPSNB_TARGET
KEOPSNB_EXACT_END
