// A node is built: which of the identities are asked.
#pragma once
#include <keopsnb/gate.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {
namespace detail {

// An operand of an elementwise operation that is replicated anyway need not be:
// SumT(s) * v = s * v.
template <bool Strip, Formula A>
constexpr auto stripped(A a) {
  if constexpr (Strip && is_sumt<A>)
    return operand<0>(a);
  else
    return a;
}

}  // namespace detail

template <class Op, bool Free, Formula... A>
constexpr auto build(A... a) {
  static_assert(Op::dim(A::dim...) >= 1,
                "keopsnb: the operands' dimensions do not fit this operation");
  if constexpr ((detail::is<op::Gate, A> || ...)) {
    return detail::through_gate<Op>(a...);
  } else if constexpr (op::TakesIntegers<Op>) {
    return detail::Simplify<Op>::template apply<Free>(a...);
  } else if constexpr (op::compares<Op> && (IntegerVariable<A> && ...)) {
    return Node<op::OfIntegers<Op>, A...>{};
  } else if constexpr (detail::compares_integers<Op, A...>) {
    return detail::Simplify<Op>::template apply<Free>(as_number(build<op::Subtract>(a...)), 0_c);
  } else if constexpr (detail::divides_integers<Op, A...>) {
    return detail::divided_integers<Op>(a...);
  } else if constexpr (detail::stays_integer<Op, A...>) {
    return Node<op::OnIntegers<Op>, A...>{};
  } else if constexpr ((detail::is_integer<A> || ...)) {
    return build<Op, Free>(as_number(a)...);
  } else if constexpr (op::Elementwise<Op> && (detail::is_sumt<A> || ...)) {
    constexpr i64 dim = Op::dim(A::dim...);
    constexpr bool vectors = ((A::dim == dim && !detail::is_sumt<A>) || ...);
    if constexpr (vectors)
      return detail::Simplify<Op>::template apply<Free>(detail::stripped<true>(a)...);
    else
      return sumt<dim>(detail::Simplify<Op>::template apply<Free>(detail::stripped<true>(a)...));
  } else {
    return detail::Simplify<Op>::template apply<Free>(a...);
  }
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
