// Evaluation of formulas: each component of a formula is a Tile (tile.hpp), in an evaluation X that
// says where variables and slots are.
#pragma once
#include <keopsnb/share.hpp>

KEOPSNB_EXACT_BEGIN
namespace keopsnb::inline KEOPSNB_TARGET {

// Slots of the sub-formulas Kept.
template <class F, class T>
struct Slot {
  T value[F::dim];
};
template <class X, class Kept>
struct Slots;

template <class X, class... F>
struct Slots<X, List<F...>> : Slot<F, tile_of<X, F>>... {};

template <class F, class T>
KEOPSNB_FN T& slot(Slot<F, T>& s, i64 c) {
  return s.value[F::dim == 1 ? 0 : c];
}

// Of the plan's nodes, those with a slot that vary (or not) with the reduced index, in order.
template <class Plan, bool Varying>
struct SlotRule {
  template <class F>
  static constexpr bool keeps = Plan::template slotted<F> && Plan::template varies<F> == Varying;
};
template <class Plan, bool Varying>
using slots_of = filter<SlotRule<Plan, Varying>, typename Plan::nodes>;

template <class F>
struct Evaluate;

// All evaluations have these: a plan, the type of numbers in a tile, the category of the variables
// that its lanes are of, and how many packs of outputs and reduced indices it holds.
template <class Plan, class P, Category Lanes, int Packs, int Steps>
struct EvaluationOf {
  using plan = Plan;
  using pack = P;
  using scalar = scalar_of<P>;
  static constexpr Category lanes = Lanes, reduced = opposite(Lanes);
  static constexpr int packs = Packs, steps = Steps;
};

// The evaluation X at one of its reduced indices.
template <class X>
struct OneStep : EvaluationOf<typename X::plan, typename X::pack, X::lanes, X::packs, 1> {
  KEOPSNB_FN OneStep(X& evaluation, int at) : all(evaluation), step(at) {}

  X& all;
  int step;

  KEOPSNB_FN OneStep& at_step(int) { return *this; }

  template <class F>
  KEOPSNB_FN tile_of<OneStep, F> slotted(i64 c) {
    const auto& t = keopsnb::get<F>(all, c);
    tile_of<OneStep, F> r;
    KEOPSNB_UNROLL
    for (int p = 0; p < r.packs; ++p) r.at(p, 0) = t.at(p, step);
    return r;
  }
  template <class V>
  KEOPSNB_FN tile_of<OneStep, V> variable(i64 c) {
    return all.template variable_at<V, 1>(c, step);
  }
};

namespace detail {
template <class X>
inline constexpr bool calls = false;
template <class X>
  requires X::calls
inline constexpr bool calls<X> = true;
template <class X>
inline constexpr bool calls<OneStep<X>> = calls<X>;
template <class X, class Op>
inline constexpr Mapping mapping_of = op_cost<Op> <= dear               ? Mapping::flat
                                      : calls<X> && code_length<Op> > 0 ? Mapping::calls
                                                                        : Mapping::loops;
}  // namespace detail

// Component c of F, in the evaluation x: from its slot, which x.slot_at gives to be filled; what is
// written to one place and read from another is read by x.slotted.
template <class F, class X>
KEOPSNB_FN decltype(auto) get(X& x, i64 c) {
  if constexpr (!X::plan::template slotted<F>)
    return Evaluate<F>::at(x, F::dim == 1 ? 0 : c);
  else if constexpr (requires { x.template slotted<F>(c); })
    return x.template slotted<F>(c);
  else
    return x.template slot_at<F>(c);
}

// The evaluation x for component c of F, and no other.
template <class F, class X>
KEOPSNB_FN decltype(auto) at_component(X& x, i64 c) {
  if constexpr (requires { x.template at_component<F>(c); })
    return x.template at_component<F>(c);
  else
    return (x);
}

template <i64 D>
struct Evaluate<Zero<D>> {
  template <class X>
  KEOPSNB_FN static auto at(X&, i64) {
    return tile_of<X, Zero<D>>{};
  }
};

template <i64 M, int E>
struct Evaluate<Lit<M, E>> {
  template <class X>
  KEOPSNB_FN static auto at(X&, i64) {
    using S = typename X::scalar;
    S number = static_cast<S>(Lit<M, E>::value);
#if !KEOPSNB_CUDA
    // g++ takes a product of packs with a 0 that it sees for 0, at infinities and NaN as well.
    if constexpr (sizeof(S) == 4 && M != 0 && detail::magnitude(Lit<M, E>::value) <= 0x1p-150)
      __asm__("" : "+m"(number));
#endif
    return tile_of<X, Lit<M, E>>{{number}};
  }
};

template <int Pos, i64 D, Category C>
struct Evaluate<Var<Pos, D, C>> {
  template <class X>
  KEOPSNB_FN static auto at(X& x, i64 c) {
    return x.template variable<Var<Pos, D, C>>(c);
  }
};

template <int Pos, i64 D, Category C>
struct Evaluate<IVar<Pos, D, C>> {
  template <class X>
  KEOPSNB_FN static auto at(X& x, i64 c) {
    return x.template variable<IVar<Pos, D, C>>(c);
  }
};

template <class Op, class... A>
struct Evaluate<Node<Op, A...>> {
  template <class X>
  KEOPSNB_FN static auto at(X& x, i64 c) {
    if constexpr (op::Elementwise<Op>)
      return map_tiles<Op, tile_of<X, A...>, detail::mapping_of<X, Op>>(keopsnb::get<A>(x, c)...);
    else
      return Op::template at<A...>(x, c);
  }

  // All components at once, into out(c).
  template <class X, class Out>
  KEOPSNB_FN static void fill(X& x, Out out) {
    Op::template fill<A...>(x, out);
  }
};

template <class F>
  requires detail::is_named<F>
struct Evaluate<F> : Evaluate<unnamed<F>> {};

// Fills the slot of F = Op(A...), and of the nodes N, in order. A scalar is evaluated here, without
// a function of its own: there would be as many as nodes.
template <class F, class X, class... A>
KEOPSNB_FN void fill_one(X& x, List<A...>) {
  using Op = typename F::op;
  if constexpr (detail::is_joint<F>)
    Evaluate<F>::fill(x, [&](i64 c) KEOPSNB_LAMBDA -> auto& { return x.template slot_at<F>(c); });
  else if constexpr (F::dim == 1 && op::Elementwise<Op>)
    x.template slot_at<F>(0) =
        map_tiles<Op, tile_of<X, A...>, detail::mapping_of<X, Op>>(keopsnb::get<A>(x, 0)...);
  else if constexpr (F::dim == 1)
    x.template slot_at<F>(0) = Evaluate<F>::at(x, 0);
  else
    for_components<F::dim>(
        [&](i64 c) KEOPSNB_LAMBDA { x.template slot_at<F>(c) = Evaluate<F>::at(x, c); });
}
template <class X, class... N>
KEOPSNB_FN void fill(X& x, List<N...>) {
  (keopsnb::fill_one<N>(x, operands_of<N>{}), ...);
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
KEOPSNB_EXACT_END
