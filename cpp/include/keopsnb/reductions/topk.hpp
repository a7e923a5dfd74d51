// The K greatest or least terms in order, and their indices.
//
// Law: the state holds the K or more first terms seen so far, in the order of their values and,
// where these are equal, of their indices; NaN is never among them. A place that no term takes
// holds -inf or inf, and index 0. Into a short list a term is inserted as it comes. Of a long one,
// the terms that come before its last are gathered, and sorted and merged into it when there are
// some: the cost of K is paid for these alone, and once for all of them.
#pragma once
#include <keopsnb/reductions/bitonic.hpp>
#include <keopsnb/reductions/extremum.hpp>

KEOPSNB_EXACT_BEGIN
namespace keopsnb::inline KEOPSNB_TARGET {

// Longer lists gather terms.
inline constexpr i64 longest_inserted = 32;

// Terms that are to enter a list. Numbers: what they come before; how many there are, as an
// integer; the value and the index of each.
struct Gathered {
  // So many are merged. More make the list late in telling what enters; fewer, merges frequent.
  static constexpr i64 enough = 64;
  // The last place is written to by lanes that have nothing to add.
  static constexpr i64 capacity = enough + default_block, size = 2 + 2 * (capacity + 1);
  static constexpr i64 before = 0, count = 1;
  static constexpr i64 value(i64 k) { return 2 + 2 * k; }
  static constexpr i64 index(i64 k) { return 3 + 2 * k; }

  // Term t with an index in each lane: to the next place of the lanes where it enters.
  template <Number V, class Mask, class At>
  KEOPSNB_FN static void add(At at, Mask enters, V t, V place) {
    using T = scalar_of<V>;
    for (int l = 0; l < width_of<V>; ++l) {
      const auto number = [&](i64 s)
                              KEOPSNB_LAMBDA -> T& { return reinterpret_cast<T*>(&at(s))[l]; };
      const auto n = integer_bits(number(count));
      number(value(n)) = lane(t, l);
      number(index(n)) = lane(place, l);
      bool more;
      if constexpr (width_of<V> == 1)
        more = enters;
      else
        more = enters[l] != 0;
      number(count) = from_integer_bits<T>(n + static_cast<integer_of<T>>(more));
    }
  }
};

// Numbers of a state: 2 (c L + k) and the next for the value and the index of rank k, component c,
// of lists of L >= K terms.
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
  static constexpr bool values = Values, indices = Indices;
  static constexpr bool direct = K <= longest_inserted;
  static constexpr i64 length = direct ? K : whole_length(K);
  static constexpr i64 state_dim(i64 c) { return 2 * length * c; }
  static constexpr i64 block_dim(i64 c) { return direct ? 0 : Gathered::size * c; }

  template <Number V>
  KEOPSNB_FN static V identity(i64 s) {
    return s % 2 == 0 ? order::template last<V>() : V{};
  }
  template <Number V>
  KEOPSNB_FN static V block_identity(i64 s) {
    return s % Gathered::size == Gathered::before ? order::template last<V>() : V{};
  }
  template <i64 C = dim, class Block, class State>
    requires(!direct)
  KEOPSNB_FN static void begin(Block&& block, State&& state) {
    for_components<C>([&](i64 c) KEOPSNB_LAMBDA {
      block(Gathered::size * c + Gathered::before) = state(2 * (length * c + K - 1));
    });
  }

  // The term t with an index in each lane, into the list that begins at at(0), behind what is as
  // good and was there before.
  template <Number V, class At>
  KEOPSNB_FN static void insert(At&& at, V t, V index) {
    // From where it enters, every entry makes place for the one before.
    decltype(order::before(t, t)) moves{};
    KEOPSNB_UNROLL_BY(K)
    for (i64 k = 0; k < length; ++k) {
      V& value = at(2 * k);
      V& place = at(2 * k + 1);
      moves = moves | order::before(t, value);
      const V moved = value, moved_place = place;
      value = select<V>(moves, t, moved);
      place = select<V>(moves, index, moved_place);
      t = select<V>(moves, moved, t);
      index = select<V>(moves, moved_place, index);
    }
  }

  template <i64 C = dim, class Numbers, class X>
  KEOPSNB_FN static void step(Numbers&& numbers, X& x, i64 first = 0) {
    using V = typename X::pack;
    for_terms<F, C>(x, first, [&](i64 c, int s, int p, V t) KEOPSNB_LAMBDA {
      const i64 begin = (direct ? 2 * length : Gathered::size) * c;
      const auto at = [&](i64 n) KEOPSNB_LAMBDA -> V& { return numbers(begin + n, p); };
      const auto enters = order::before(t, at(direct ? 2 * (K - 1) : Gathered::before));
      if (!any_lane<V>(enters)) return;
      if constexpr (direct)
        insert<V>(at, t, index_bits<V>(x, s));
      else
        Gathered::add<V>(at, enters, t, index_bits<V>(x, s));
    });
  }

  template <i64 C = dim, class Block>
    requires(!direct)
  KEOPSNB_FN static bool is_full(Block&& block) {
    bool full = false;
    for (i64 c = 0; c < C; ++c)
      full |= most_of(block(Gathered::size * c + Gathered::count)) >= Gathered::enough;
    return full;
  }
  template <class V>
  KEOPSNB_FN static i64 most_of(V counts) {
    i64 most = 0;
    for (int l = 0; l < width_of<V>; ++l) {
      const i64 n = integer_bits(lane(counts, l));
      most = n > most ? n : most;
    }
    return most;
  }

  template <i64 C = dim, class State, class Block>
  KEOPSNB_FN static void absorb(State&& state, Block&& block) {
    for (i64 c = 0; c < C; ++c)
      absorb_one([&](i64 s) KEOPSNB_LAMBDA -> auto& { return state(2 * length * c + s); },
                 [&](i64 s) KEOPSNB_LAMBDA -> auto& { return block(Gathered::size * c + s); });
  }
  template <class At, class Block>
  KEOPSNB_FN static void absorb_one(At at, Block block) {
    using V = no_reference<decltype(at(0))>;
    const auto counts = integer_bits(block(Gathered::count));
    const i64 most = most_of(block(Gathered::count));
    const auto there = [&](i64 k) KEOPSNB_LAMBDA {
      return integer_of<V>{} + static_cast<integer_of<scalar_of<V>>>(k) < counts;
    };
    const V none = order::template last<V>();
    using I = integer_of<scalar_of<V>>;
    const auto behind = integer_of<V>{} + static_cast<I>(~(1ull << (8 * sizeof(I) - 1)));
    // By as many as there are, up to a power of two; the others come behind everything.
    constexpr i64 longest = length < default_block ? length : default_block;
    for (i64 begin = 0; begin < most; begin += longest) {
      i64 size = 1;
      while (size < most - begin && size < longest) size *= 2;
      for (i64 k = begin; k < begin + size; ++k) {
        V& value = block(Gathered::value(k));
        V& index = block(Gathered::index(k));
        value = select<V>(there(k), value, none);
        index = select<V>(there(k), index, from_integer_bits<V>(behind));
      }
      const auto sorted = [&](i64 s)
                              KEOPSNB_LAMBDA -> V& { return block(Gathered::value(begin) + s); };
      bitonic_sort<order, V>(sorted, size);
      merge_list(at, sorted, size);
    }
  }

  // The first `length` of a list and of another sorted one, of `size`.
  template <class At, class Other>
  KEOPSNB_FN static void merge_list(At&& at, Other&& other, i64 size) {
    using V = no_reference<decltype(at(0))>;
    // The last of the one against the first of the other: what is kept ascends, then descends.
    for (i64 k = 0; k < size; ++k) {
      V& value = at(2 * (length - 1 - k));
      V& place = at(2 * (length - 1 - k) + 1);
      const V theirs = other(2 * k), their_place = other(2 * k + 1);
      const auto better = order::before(theirs, their_place, value, place);
      if (!any_lane<V>(better)) {
        if (k == 0) return;
        break;
      }
      value = select<V>(better, theirs, value);
      place = select<V>(better, their_place, place);
    }
    bitonic_merge<order, V>(at, length);
  }

  template <i64 C = dim, class State, class Other>
  KEOPSNB_FN static void merge(State&& state, Other&& other) {
    for_components<C>([&](i64 c) KEOPSNB_LAMBDA {
      const i64 begin = 2 * length * c;
      if constexpr (!direct) {
        merge_list([&](i64 s) KEOPSNB_LAMBDA -> auto& { return state(begin + s); },
                   [&](i64 s) KEOPSNB_LAMBDA { return other(begin + s); }, length);
      } else {
        KEOPSNB_UNROLL_BY(1)
        for (i64 k = 0; k < K; ++k) {
          auto value = other(begin + 2 * k);
          auto place = other(begin + 2 * k + 1);
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
        }
      }
    });
  }

  template <i64 C = dim, class State>
  KEOPSNB_FN static auto finish(State&& state, i64 c, i64 k) {
    return state(2 * (length * c + k));
  }
  template <i64 C = dim, class State>
  KEOPSNB_FN static i64 index(State&& state, i64 c, i64 k) {
    return integer_bits(state(2 * (length * c + k) + 1));
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
