// Compile-time vocabulary: what <type_traits> and <concepts> would give, for compilers without
// them.
#pragma once
#include <keopsnb/config.hpp>

namespace keopsnb {

// The compiler's own test where it has one, which instantiates nothing.
#if KEOPSNB_CUDA
namespace detail {
template <class A, class B>
inline constexpr bool is_same = false;
template <class A>
inline constexpr bool is_same<A, A> = true;
}  // namespace detail
#define KEOPSNB_SAME(A, B) (::keopsnb::detail::is_same<A, B>)
#else
#define KEOPSNB_SAME(A, B) __is_same(A, B)
#endif
template <class A, class B>
inline constexpr bool same = KEOPSNB_SAME(A, B);

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

template <int... I>
struct Ints {};

namespace detail {
template <class A, class B>
struct Join;
template <int... I, int... J>
struct Join<Ints<I...>, Ints<J...>> {
  using type = Ints<I..., (static_cast<int>(sizeof...(I)) + J)...>;
};
template <int N>
struct UpTo {
  using type = typename Join<typename UpTo<N / 2>::type, typename UpTo<N - N / 2>::type>::type;
};
template <>
struct UpTo<0> {
  using type = Ints<>;
};
template <>
struct UpTo<1> {
  using type = Ints<0>;
};

template <int I, class T>
struct Indexed {};
template <class I, class L>
struct Indices;
template <int... I, class... T>
struct Indices<Ints<I...>, List<T...>> : Indexed<I, T>... {};
template <int I, class T>
T find_indexed(Indexed<I, T>*);
}  // namespace detail

// Ints<0, ..., N-1>.
template <int N>
using up_to = typename detail::UpTo<N>::type;

// The I-th type of the list L.
template <int I, class L>
using at =
    decltype(detail::find_indexed<I>(static_cast<detail::Indices<up_to<L::size>, L>*>(nullptr)));

}  // namespace keopsnb
