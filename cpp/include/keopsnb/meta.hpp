// Compile-time vocabulary: what <type_traits> and <concepts> would give, for compilers without
// them.
#pragma once
#include <keopsnb/config.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

// The compiler's own test where it has one, which instantiates nothing. Neither an enumerator nor a
// concept is an object: NVRTC would put each `same<A, B>`, with its name, into the kernel's code.
#if KEOPSNB_CUDA
namespace detail {
template <class A, class B>
struct Same {
  enum : bool { value = false };
};
template <class A>
struct Same<A, A> {
  enum : bool { value = true };
};
}  // namespace detail
#define KEOPSNB_SAME(A, B) (static_cast<bool>(::keopsnb::detail::Same<A, B>::value))
#else
#define KEOPSNB_SAME(A, B) __is_same(A, B)
#endif
template <class A, class B>
concept same = KEOPSNB_SAME(A, B);

namespace detail {
template <bool C>
struct Choose {
  template <class A, class B>
  using type = A;
};
template <>
struct Choose<false> {
  template <class A, class B>
  using type = B;
};
}  // namespace detail
template <bool C, class A, class B>
using choose = typename detail::Choose<C>::template type<A, B>;

template <class T>
struct NoReference {
  using type = T;
};
template <class T>
struct NoReference<T&> {
  using type = T;
};
template <class T>
struct NoReference<const T&> {
  using type = T;
};
template <class T>
using no_reference = typename NoReference<T>::type;

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

}  // namespace detail

// Ints<0, ..., N-1>.
template <int N>
using up_to = typename detail::UpTo<N>::type;

namespace detail {

template <int I, class T>
struct Indexed {};
template <class I, class L>
struct Indices;
template <int... I, class... T>
struct Indices<Ints<I...>, List<T...>> : Indexed<I, T>... {};
template <int I, class T>
T find_indexed(Indexed<I, T>*);
template <class T, int I>
Int<I> find_index(Indexed<I, T>*);
template <class T>
void find_index(...);

// Of T among the types of L, which are all different; L::size if it is none of them.
template <class T, class L>
constexpr int index_in() {
  using Found = decltype(find_index<T>(static_cast<Indices<up_to<L::size>, L>*>(nullptr)));
  if constexpr (same<Found, void>)
    return L::size;
  else
    return static_cast<int>(Found::value);
}

// Lists one after the other, several a step: compilers limit how deep templates may go.
template <class... L>
struct Joined;
template <class... T>
struct Joined<List<T...>> {
  using type = List<T...>;
};
template <class... T, class... U, class... More>
struct Joined<List<T...>, List<U...>, More...> : Joined<List<T..., U...>, More...> {};
template <class... T, class... A, class... B, class... C, class... D, class... E, class... F,
          class... G, class... H, class... More>
struct Joined<List<T...>, List<A...>, List<B...>, List<C...>, List<D...>, List<E...>, List<F...>,
              List<G...>, List<H...>, More...>
    : Joined<List<T..., A..., B..., C..., D..., E..., F..., G..., H...>, More...> {};

template <class Rule, class L>
struct Filter;
template <class Rule, class... T>
struct Filter<Rule, List<T...>>
    : Joined<List<>, choose<Rule::template keeps<T>, List<T>, List<>>...> {};
}  // namespace detail

// Of the types of the list L, in their order, those that Rule keeps.
template <class Rule, class L>
using filter = typename detail::Filter<Rule, L>::type;

namespace detail {
template <int I, class L>
struct At {
  using type = decltype(find_indexed<I>(static_cast<Indices<up_to<L::size>, L>*>(nullptr)));
};
template <class A, class... More>
struct At<0, List<A, More...>> {
  using type = A;
};
template <class A, class B, class... More>
struct At<1, List<A, B, More...>> {
  using type = B;
};
}  // namespace detail

// The I-th type of the list L.
template <int I, class L>
using at = typename detail::At<I, L>::type;

}  // namespace keopsnb::inline KEOPSNB_TARGET
