// Compile-time vocabulary: what <type_traits> and <concepts> would give, for compilers without them.
#pragma once
#include <keopsnb/config.hpp>

namespace keopsnb {

// The compiler's own where it has it: this is asked for every pair of nodes of a formula.
#if KEOPSNB_CUDA
template <class A, class B>
inline constexpr bool same = false;
template <class A>
inline constexpr bool same<A, A> = true;
#else
template <class A, class B>
inline constexpr bool same = __is_same(A, B);
#endif

template <bool C, class A, class B>
struct Choose {
  using type = A;
};
template <class A, class B>
struct Choose<false, A, B> {
  using type = B;
};
template <bool C, class A, class B>
using choose = typename Choose<C, A, B>::type;

// An integer as a type: f(Int<3>{}) passes 3 where a constant is needed.
template <i64 N>
struct Int {
  static constexpr i64 value = N;
  KEOPSNB_FN constexpr operator i64() const { return N; }
};

template <class... T>
struct List {
  static constexpr int size = sizeof...(T);
};

// f(Int<0>{}) ... f(Int<N-1>{}), in order.
template <int N, int I = 0, class F>
KEOPSNB_FN constexpr void repeat(F&& f) {
  if constexpr (I < N) {
    f(Int<I>{});
    repeat<N, I + 1>(f);
  }
}

}  // namespace keopsnb
