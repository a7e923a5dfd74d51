// The K greatest or least terms in order, and their indices.
//
// Law: the state holds the K first terms seen so far, in the order of their values and, where these
// are equal, of their indices; NaN is never among them. A place that no term takes holds -inf or
// inf, and index 0. Few are kept sorted; many in a heap with the last one at its root, so that a
// term that enters costs log K, and are sorted once at the end.
#pragma once
#include <keopsnb/reductions/extremum.hpp>

KEOPSNB_EXACT_BEGIN
namespace keopsnb::inline KEOPSNB_TARGET {

// Longer lists are heaps.
inline constexpr i64 longest_sorted = 32;

// Scalars at(0), ..., at(2K - 1): K pairs of a value and the bits of its index.
template <i64 K, class Order, class At>
struct RankedHeap {
  At at;

  KEOPSNB_FN bool before(i64 a, i64 b) const {
    return Order::before(at(2 * a), at(2 * a + 1), at(2 * b), at(2 * b + 1));
  }
  KEOPSNB_FN void swap(i64 a, i64 b) {
    for (i64 t = 0; t < 2; ++t) {
      const auto kept = at(2 * a + t);
      at(2 * a + t) = at(2 * b + t);
      at(2 * b + t) = kept;
    }
  }
  // Restores the order of the heap of the first `size`, broken at its root only.
  KEOPSNB_FN void sift(i64 size) {
    for (i64 root = 0, child = 1; child < size; child = 2 * root + 1) {
      if (child + 1 < size && before(child, child + 1)) ++child;
      if (!before(root, child)) return;
      swap(root, child);
      root = child;
    }
  }
  template <class T>
  KEOPSNB_FN void insert(T value, T index) {
    if (!Order::before(value, index, at(0), at(1))) return;
    at(0) = value;
    at(1) = index;
    sift(K);
  }
  KEOPSNB_FN void sort() {
    for (i64 size = K - 1; size > 0; --size) {
      swap(0, size);
      sift(size);
    }
  }
};

template <i64 K, class Order, class At>
KEOPSNB_FN auto ranked_heap(At at) {
  return RankedHeap<K, Order, At>{at};
}

// Numbers of a state: 2 (c K + k) and the next for the value and the index of rank k, component c.
template <Formula F, i64 K, bool Greatest, bool Values, bool Indices>
struct TopKReduction : ReductionBase<F> {
  static_assert(K >= 1, "keopsnb: K is 1 or more");
  using formulas = List<F>;
  template <class Part>
  using part = TopKReduction<Part, K, Greatest, Values, Indices>;
  using law = choose<Values, PickingLaw, NoLaw>;
  using ReductionBase<F>::dim;
  using order = Order<Greatest>;
  static constexpr i64 ranks = K;
  static constexpr bool values = Values, indices = Indices, direct = true;
  static constexpr bool sorted = K <= longest_sorted;
  static constexpr i64 state_dim(i64 c) { return 2 * K * c; }

  template <Number V>
  KEOPSNB_FN static V identity(i64 s) {
    return s % 2 == 0 ? order::template last<V>() : V{};
  }

  // The term t with an index in each lane, behind what is as good and was there before.
  template <class State, class V>
  KEOPSNB_FN static void insert(State&& state, i64 c, int p, V t, V index) {
    const i64 begin = 2 * K * c;
    auto entering = order::before(t, state(begin + (sorted ? 2 * (K - 1) : 0), p));
    if (!any_lane<V>(entering)) return;
    if constexpr (sorted) {
      // From where it enters, every entry makes place for the one before.
      decltype(entering) moves{};
      KEOPSNB_UNROLL_BY(K)
      for (i64 k = 0; k < K; ++k) {
        V& value = state(begin + 2 * k, p);
        V& place = state(begin + 2 * k + 1, p);
        moves = moves | order::before(t, value);
        const V moved = value, moved_place = place;
        value = select<V>(moves, t, moved);
        place = select<V>(moves, index, moved_place);
        t = select<V>(moves, moved, t);
        index = select<V>(moves, moved_place, index);
      }
    } else {
      for (int l = 0; l < width_of<V>; ++l) {
        using T = scalar_of<V>;
        const T value = lane(t, l), place = lane(index, l);
        ranked_heap<K, order>([&](i64 s) KEOPSNB_LAMBDA -> T& {
          return reinterpret_cast<T*>(&state(begin + s, p))[l];
        }).insert(value, place);
      }
    }
  }

  template <i64 C = dim, class State, class X>
  KEOPSNB_FN static void step(State&& state, X& x, i64 first = 0) {
    using V = typename X::pack;
    for_terms<F, C>(x, first, [&](i64 c, int s, int p, V t) KEOPSNB_LAMBDA {
      insert(state, c, p, t, index_bits<V>(x, s));
    });
  }

  template <i64 C = dim, class State, class Other>
  KEOPSNB_FN static void merge(State&& state, Other&& other) {
    for_components<C>([&](i64 c) KEOPSNB_LAMBDA {
      const i64 begin = 2 * K * c;
      KEOPSNB_UNROLL_BY(1)
      for (i64 k = 0; k < K; ++k) {
        auto value = other(begin + 2 * k);
        auto place = other(begin + 2 * k + 1);
        if constexpr (sorted) {
          KEOPSNB_UNROLL_BY(K)
          for (i64 r = 0; r < K; ++r) {
            auto& kept = state(begin + 2 * r);
            auto& kept_place = state(begin + 2 * r + 1);
            const bool moves = order::before(value, place, kept, kept_place);
            const auto moved = kept, moved_place = kept_place;
            kept = moves ? value : moved;
            kept_place = moves ? place : moved_place;
            value = moves ? moved : value;
            place = moves ? moved_place : place;
          }
        } else {
          ranked_heap<K, order>([&](i64 s) KEOPSNB_LAMBDA -> auto& {
            return state(begin + s);
          }).insert(value, place);
        }
      }
    });
  }

  template <i64 C = dim, class State>
  KEOPSNB_FN static void settle(State&& state) {
    if constexpr (!sorted)
      for (i64 c = 0; c < C; ++c)
        ranked_heap<K, order>([&](i64 s) KEOPSNB_LAMBDA -> auto& {
          return state(2 * K * c + s);
        }).sort();
  }

  template <i64 C = dim, class State>
  KEOPSNB_FN static auto finish(State&& state, i64 c, i64 k) {
    return state(2 * (K * c + k));
  }
  template <i64 C = dim, class State>
  KEOPSNB_FN static i64 index(State&& state, i64 c, i64 k) {
    return integer_bits(state(2 * (K * c + k) + 1));
  }
};

#define KEOPSNB_TOPK(name, ...)                                     \
  template <i64 K, Formula F>                                       \
  constexpr auto name(F f) {                                        \
    return TopKReduction<decltype(as_number(f)), K, __VA_ARGS__>{}; \
  }
KEOPSNB_TOPK(kmin_reduction, false, true, false)
KEOPSNB_TOPK(argkmin_reduction, false, false, true)
KEOPSNB_TOPK(kmin_argkmin_reduction, false, true, true)
KEOPSNB_TOPK(kmax_reduction, true, true, false)
KEOPSNB_TOPK(argkmax_reduction, true, false, true)
KEOPSNB_TOPK(kmax_argkmax_reduction, true, true, true)
#undef KEOPSNB_TOPK

}  // namespace keopsnb::inline KEOPSNB_TARGET
KEOPSNB_EXACT_END
