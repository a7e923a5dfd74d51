// The plan of kernels for long vectors: which sums over vectors are done for a whole tile of pairs,
// and which scalars are kept.
#pragma once
#include <keopsnb/kernel/gpu/plan.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {
namespace detail {
// Whether component c of F needs no component but c of vectors of dimension D.
template <i64 D, class F>
inline constexpr bool streams = F::dim == 1 || F::dim == D;
template <i64 D, class Op, class... A>
inline constexpr bool streams<D, Node<Op, A...>> =
    Node<Op, A...>::dim == 1 ||
    (Node<Op, A...>::dim == D && op::Elementwise<Op> && (streams<D, unnamed<A>> && ...));
template <i64 D, i64 N, class A>
inline constexpr bool streams<D, Node<op::SumT<N>, A>> = N == D;
template <i64 D, class A>
inline constexpr bool streams<D, Node<op::FromInteger, A>> = A::dim == 1 || A::dim == D;
template <i64 D, class Op, class A, class B>
inline constexpr bool streams<D, Node<op::OfIntegers<Op>, A, B>> =
    (A::dim == 1 || A::dim == D) && (B::dim == 1 || B::dim == D);
template <i64 D, class Op, class A, class B>
inline constexpr bool streams<D, Node<op::DividesIntegers<Op>, A, B>> =
    streams<D, Node<op::OfIntegers<Op>, A, B>>;

// The variables of dimension D and category C that component c of F reads, scalars left out.
template <i64 D, Category C, class Kept, class F>
struct Streamed {
  using type = Kept;
};
template <i64 D, Category C, class... K, class V>
  requires(operands_of<V>::size == 0 && V::dim == D && depends<C, V>)
struct Streamed<D, C, List<K...>, V> {
  using type = choose<contains<V, List<K...>>, List<K...>, List<K..., V>>;
};
template <i64 D, Category C, class Kept, class Operands>
struct StreamedAll {
  using type = Kept;
};
template <i64 D, Category C, class Kept, class A, class... More>
struct StreamedAll<D, C, Kept, List<A, More...>> {
  using type = typename StreamedAll<D, C, typename Streamed<D, C, Kept, unnamed<A>>::type,
                                    List<More...>>::type;
};
template <i64 D, Category C, class Kept, class Op, class... A>
  requires(Node<Op, A...>::dim == D)
struct Streamed<D, C, Kept, Node<Op, A...>> {
  using type = typename StreamedAll<D, C, Kept, List<A...>>::type;
};
}  // namespace detail

// Formulas whose component c can be evaluated from component c of its variables.
template <class F>
inline constexpr bool streams = detail::streams<F::dim, unnamed<F>>;
template <Category C, class F>
using streamed = typename detail::Streamed<F::dim, C, List<>, unnamed<F>>::type;

// A plan in which only scalars have slots: vectors are long. Contractions, sums over long vectors
// for each pair, are held for the whole tile of pairs, and so is what they read; other scalars only
// for one reduced index at a time.
template <Category Lanes, class Formulas>
struct GpuLongPlan : GpuPlan<Lanes, Formulas> {
  using plan = GpuPlan<Lanes, Formulas>;
  using nodes = typename plan::nodes;
  template <class F>
  static constexpr bool slotted = operands_of<F>::size > 0 && F::dim == 1;

  template <class F>
  struct Contracted {
    static constexpr bool value = false;
  };
  // More than four vectors at a time would take too much shared memory.
  template <class A>
  struct Contracted<Node<op::Sum, A>> {
    static constexpr int vectors = streamed<Category::i, A>::size + streamed<Category::j, A>::size;
    static constexpr bool value = plan::template stage<A> == Stage::pair && A::dim > 8 &&
                                  streams<A>&& vectors >= 1 && vectors <= 4;
  };
  template <class F>
  static constexpr bool contracted = Contracted<unnamed<F>>::value;

  struct ContractionRule {
    template <class F>
    static constexpr bool keeps = contracted<F>;
  };
  using contractions = filter<ContractionRule, nodes>;

  template <class F>
  static constexpr bool held =
      slotted<F> && (plan::template stage<F> == Stage::row || [] {
        return []<class... C>(List<C...>) { return (occurs<C, F> || ...); }(contractions{});
      }());

  struct FixedRule {
    template <class F>
    static constexpr bool keeps = slotted<F> && plan::template stage<F> == Stage::fixed;
  };
  struct HeldRule {
    template <class F>
    static constexpr bool keeps = plan::template varies<F> && held<F>;
  };
  struct LocalRule {
    template <class F>
    static constexpr bool keeps = slotted<F> && plan::template varies<F> && !held<F>;
  };
  // In the order in which they are computed.
  using fixed_slots = filter<FixedRule, nodes>;
  using held_slots = filter<HeldRule, nodes>;
  using local_slots = filter<LocalRule, nodes>;
};

}  // namespace keopsnb::inline KEOPSNB_TARGET
