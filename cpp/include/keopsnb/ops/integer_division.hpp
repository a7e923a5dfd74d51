// Remainders and quotients of integers: taken exactly, then numbers.
#pragma once
#include <keopsnb/math.hpp>
#include <keopsnb/ops/elementwise.hpp>
#include <keopsnb/ops/integers.hpp>
#include <keopsnb/terms.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {
namespace op {
struct Mod;
struct FloorDivide;

// a % b or a // b, of the sign that Python gives them. A divisor of 0 and one of -1, by which the
// least integer has no quotient, are taken as 1.
template <class Op, class I>
KEOPSNB_FN I divide_integers(I a, I b) {
  const I divisor = b == 0 || b == -1 ? 1 : b;
  const I rest = a % divisor;
  const bool outside = rest != 0 && (rest < 0) != (divisor < 0);
  if constexpr (same<Op, Mod>)
    return outside ? rest + divisor : rest;
  else
    return a / divisor - (outside ? 1 : 0);
}

// The same in every lane: no machine divides packs of integers.
template <class Op, Number V>
KEOPSNB_FN V divided(integer_of<V> a, integer_of<V> b) {
  if constexpr (width_of<V> == 1) {
    return to_numbers<V>(divide_integers<Op>(a, b));
  } else {
    integer_of<V> r{};
    for (int lane = 0; lane < width_of<V>; ++lane) r[lane] = divide_integers<Op>(a[lane], b[lane]);
    return to_numbers<V>(r);
  }
}

// Op of two integers, rounded once. Where one of them does not fit its type, and by 0 and -1, the
// rounded numbers are divided.
template <class Op>
struct DividesIntegers {
  using takes_integers = void;
  static constexpr i64 dim(i64 a, i64 b) { return broadcast(a, b); }

  template <Formula A, Formula B, class X>
  KEOPSNB_FN static auto at(X& x, i64 c) {
    using V = typename tile_of<X, A, B>::number;
    return map_operands<A, B>(x, c, [&](const auto& a, const auto& b, int p, int j) KEOPSNB_LAMBDA {
      const V left = Rounded<unnamed<A>>::template at<V>(x, A::dim == 1 ? 0 : c, p, j);
      const V right = Rounded<unnamed<B>>::template at<V>(x, B::dim == 1 ? 0 : c, p, j);
      const auto fit = fits<A>(left);
      const auto fits_too = fits<B>(right);
      const auto whole = fit & fits_too & (right != V{}) & (right != constant<V>(-1));
      const V exact = divided<Op, V>(integer_operand<A, V>(a), integer_operand<B, V>(b));
      return select<V>(whole, exact, of_numbers(left, right));
    });
  }

 private:
  template <Number V>
  KEOPSNB_FN static V of_numbers(V a, V b) {
    if constexpr (same<Op, Mod>)
      return mod(a, b, V{});
    else
      return floor_divide(a, b);
  }
};

}  // namespace op

namespace detail {
// A // B, or A % B brought into [C, C + B), of integers of which not all are constants.
template <class Op, class... A>
concept divides_integers =
    (same<Op, op::FloorDivide> || same<Op, op::Mod>) && (is_integer<A> || ...) &&
    ((is_integer<A> || is_integer_constant<A>) && ...);

// a // b of integers, and a % b, brought into [c, c + b), which is c + (a - c) % b.
template <class Op, Formula A, Formula B>
constexpr auto divided_integers(A, B) {
  return Node<op::DividesIntegers<Op>, A, B>{};
}
template <class Op, Formula A, Formula B, Formula C>
constexpr auto divided_integers(A a, B b, C c) {
  if constexpr (is_null<C>)
    return divided_integers<Op>(a, b);
  else
    return build<op::Add>(as_number(c), divided_integers<Op>(build<op::Subtract>(a, c), b));
}
}  // namespace detail

}  // namespace keopsnb::inline KEOPSNB_TARGET
