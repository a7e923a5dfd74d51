// The variables of lanes that one component of a vector is made of, in registers for all steps.
//
// A compiler may read a variable again at each step, as an operand in memory: the loads of sums
// over long vectors are then twice as many, and bound them. What it cannot trace it keeps. There is
// one reading for all readers, as two would be two numbers to the compiler: the difference of two
// equal products would be a rounding error where one of them is joined to it.
#pragma once
#include <keopsnb/eval.hpp>
#include <keopsnb/kernel/layout.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

namespace detail {

// What the evaluation of a component of F reads of a variable V: that component, or others.
enum Reads : int { nothing = 0, own_component = 1, others = 2 };

template <class Plan, class V, class F>
constexpr int reads_of();
template <class Plan, class V, class... A>
constexpr int reads_of_operands(List<A...>) {
  return (0 | ... | reads_of<Plan, V, A>());
}
template <class Plan, class V, class F>
constexpr int reads_of() {
  if constexpr (same<F, V>)
    return own_component;
  else if constexpr (operands_of<F>::size == 0 || Plan::template slotted<F>)
    return nothing;
  else if constexpr (op::Elementwise<typename F::op>)
    return reads_of_operands<Plan, V>(operands_of<F>{});
  else
    return occurs<F, V> ? others : nothing;
}

template <class Plan, class F>
struct ReadAlike {
  template <class V>
  static constexpr bool keeps = V::dim == F::dim && reads_of<Plan, V, F>() == own_component;
};

}  // namespace detail

// Of variables V, those of which the evaluation of a component of F reads that component alone;
// none where they are too many for registers.
template <class Plan, class F, class Variables>
using read_alike =
    filter<detail::ReadAlike<Plan, F>, choose<Variables::size <= 8, Variables, List<>>>;

template <class V, class T>
struct Held {
  T tile;
};

template <class X, class Variables>
struct Component;
// The evaluation X at component c of what has the variables V read alike.
template <class X, class... V>
struct Component<X, List<V...>>
    : EvaluationOf<typename X::plan, typename X::pack, X::lanes, X::packs, X::steps>,
      Held<V, Tile<typename X::pack, X::packs, 1>>... {
  static constexpr bool calls = X::calls;
  X& all;

  KEOPSNB_FN Component(X& evaluation, i64 c) : all(evaluation) { (hold<V>(c), ...); }

  KEOPSNB_FN auto at_step(int s) { return OneStep<Component>{*this, s}; }
  template <class F>
  KEOPSNB_FN decltype(auto) slot_at(i64 c) {
    return all.template slot_at<F>(c);
  }
  template <class F, int J>
  KEOPSNB_FN auto variable_at(i64 c, int s) {
    if constexpr ((same<F, V> || ...))
      return held<F>();
    else
      return all.template variable_at<F, J>(c, s);
  }

 private:
  template <class F>
  KEOPSNB_FN auto& held() {
    return static_cast<Held<F, Tile<typename X::pack, X::packs, 1>>&>(*this).tile;
  }
  template <class F>
  KEOPSNB_FN void hold(i64 c) {
    held<F>() = all.template variable_at<F, 1>(c, 0);
    KEOPSNB_UNROLL
    for (int p = 0; p < X::packs; ++p) held<F>().at(p, 0) = in_register(held<F>().at(p, 0));
  }
};

// x, or x with what it reads alike.
template <class F, class X, class Variables>
KEOPSNB_FN decltype(auto) component_of(X& x, i64 c, Variables) {
  using Alike = read_alike<typename X::plan, F, Variables>;
  if constexpr (Alike::size > 0)
    return Component<X, Alike>(x, c);
  else
    return (x);
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
