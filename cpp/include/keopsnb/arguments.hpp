// Pointers that C++ programs hand to a reduction, checked against its formula when they compile.
#pragma once
#include <keopsnb/graph.hpp>
#include <keopsnb/kernel/layout.hpp>
#include <keopsnb/storage.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

namespace detail {

struct IsVariable {
  template <class F>
  static constexpr bool keeps = requires { F::category; };
};

// The variables of formulas, in the order of their first use.
template <class L>
struct VariablesOfFormulas;
template <class... F>
struct VariablesOfFormulas<List<F...>> {
  using type = filter<IsVariable, distinct<F...>>;
};

// V shares its position with no other variable.
template <class V, class... Other>
constexpr bool alone_at_position(List<Other...>) {
  return ((V::position != Other::position || same<V, Other>) && ...);
}
template <class... V>
constexpr bool positions_differ([[maybe_unused]] List<V...> all) {
  return (alone_at_position<V>(all) && ...);
}

// The elements of the variable at position K.
enum class Element { none, number, integer };
template <int K, class... V>
constexpr Element element_at(List<V...>) {
  Element found = Element::none;
  ((found = V::position != K     ? found
            : IntegerVariable<V> ? Element::integer
                                 : Element::number),
   ...);
  return found;
}

template <class U>
struct NoConst {
  using type = U;
};
template <class U>
struct NoConst<const U> {
  using type = U;
};

// The type that a pointer leads to; `none` of one to pointers, and of anything else.
struct none;
template <class P>
struct PointerTo {
  using type = none;
};
template <class U>
struct PointerTo<U*> {
  using type = U;
};
template <class U>
struct PointerTo<U**> {
  using type = none;
};
template <class U>
struct PointerTo<U* const*> {
  using type = none;
};
template <>
struct PointerTo<decltype(nullptr)> {
  using type = void;
};
template <class P>
using pointer_to = typename PointerTo<P>::type;

// Types of other libraries, as CUDA's __half, lie in memory as narrow numbers of that size do.
template <class S, class U>
inline constexpr bool stores =
    same<S, U> || (NarrowStorage<S> && !Storage<U> && __is_class(U) && sizeof(U) == sizeof(S));

}  // namespace detail

// One pointer for each position of a formula: to rows of S, or for variables of integers of int, of
// long long beside double. A position that the formula does not read takes any pointer, and so does
// `const void*` anywhere: it is not checked.
template <class S, class Formulas>
class Inputs {
  using variables = typename detail::VariablesOfFormulas<Formulas>::type;

 public:
  static constexpr int positions = larger(1, positions_of(variables{}));
  const void* at[positions];

  // As in {xs, ys, bs}.
  template <class... P>
    requires(!same<detail::pointer_to<P>, detail::none> && ...)
  constexpr Inputs(P... pointer) : at{} {
    constexpr int given = static_cast<int>(sizeof...(P));
    check_count<given>();
    []<int... K>(Ints<K...>) { (check_type<K, detail::pointer_to<P>>(), ...); }(up_to<given>{});
    int k = 0;
    ((k < positions ? void(at[k] = pointer) : void(), ++k), ...);
  }
  // An array of pointers of one type.
  template <class U, int N>
  constexpr Inputs(U* const (&pointers)[N]) : at{} {
    check_count<N>();
    []<int... K>(Ints<K...>) { (check_type<K, U>(), ...); }(up_to<N>{});
    for (int k = 0; k < positions; ++k) at[k] = pointers[k];
  }

 private:
  template <int Given>
  static constexpr void check_count() {
    static_assert(
        detail::positions_differ(variables{}),
        "keopsnb: two different variables have the same position; a position is one of i, "
        "j and parameters, of one dimension, and holds numbers or integers");
    static_assert(Given >= positions,
                  "keopsnb: fewer pointers are given than the formula has positions; give one for "
                  "each position, in their order");
  }
  template <int K, class U>
  static constexpr void check_type() {
    using Given = typename detail::NoConst<U>::type;
    constexpr auto element = detail::element_at<K>(variables{});
    if constexpr (!same<Given, void> && element == detail::Element::number)
      static_assert(detail::stores<S, Given>,
                    "keopsnb: a pointer is not to the numbers that the reduction computes with: "
                    "reduce<float> reads arrays of float, reduce<double> those of double; convert "
                    "the array, or change the type");
    if constexpr (!same<Given, void> && element == detail::Element::integer)
      static_assert(same<Given, integer_of<computed_in<S>>>,
                    "keopsnb: a variable of integers reads an array of int, or of long long beside "
                    "double");
  }
};

// Memory for a reduction's results: numbers, indices of the reduced side (or counts), or both, as
// it gives them. Arrays (M, dim), (N, dim) or (1, dim).
template <class S, class Reduction>
struct Results {
  S* values = nullptr;
  i64* indices = nullptr;

  template <class U>
  constexpr Results(U* out) {
    static_assert(!(Reduction::values && Reduction::indices),
                  "keopsnb: this reduction gives numbers and indices; give where both go, as in "
                  "{numbers, indices}");
    if constexpr (Reduction::values)
      set_values(out);
    else
      set_indices(out);
  }
  template <class U, class I>
  constexpr Results(U* out, I* places) {
    static_assert(
        Reduction::values && Reduction::indices,
        "keopsnb: this reduction does not give both numbers and indices; give one pointer");
    set_values(out);
    set_indices(places);
  }

 private:
  template <class U>
  constexpr void set_values(U* out) {
    static_assert(detail::stores<S, U>,
                  "keopsnb: the numbers of a reduction go to an array of its own type, that is not "
                  "const: float* for reduce<float>, double* for reduce<double>");
    if constexpr (same<S, U>)
      values = out;
    else
      values = reinterpret_cast<S*>(out);
  }
  template <class I>
  constexpr void set_indices(I* places) {
    static_assert(same<I, i64>,
                  "keopsnb: the indices or counts of a reduction go to an array of long long "
                  "(keopsnb::i64)");
    indices = places;
  }
};

}  // namespace keopsnb::inline KEOPSNB_TARGET
