// Differential operators, composed of grad and diff, through every operation and nested at will.
//
// A formula f that is linear in v has a matrix M there, f = M v. The operators that take such an f
// refuse one whose differential in v still holds v; of an affine one they see the linear part.
#pragma once
#include <keopsnb/diff.hpp>
#include <keopsnb/forward.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {
namespace detail {

template <i64 D, i64 C>
inline constexpr auto unit_vector = elemt<D, C>(1_c);

// A direction that no program has among its variables, and no result of an operator holds.
template <i64 D>
using Probe = Var<probe_position, D, Category::parameter>;

template <class F, class V>
inline constexpr bool linear = !occurs<decltype(diff(F{}, V{}, Probe<V::dim>{})), V>;

// trace_of<O>(l, u, w) = Sum_c w_c (L e_{c+O})_c over the components c of l = L u, where e_k is the
// k-th unit vector of the dimension of u, and 0 outside of it; w has the dimension of l, or 1.
// O says where the component 0 of l stands in a vector of the dimension of u.
template <i64 O, Formula L, Formula U, Formula W>
constexpr auto trace_of(L l, U u, W w);

// Through an operation without a rule, one unit vector after the other: D differentials.
template <i64 O, i64 Lo, i64 Hi, Formula L, Formula U, Formula W>
constexpr auto trace_by_units(L l, U u, W w) {
  if constexpr (Hi - Lo == 1) {
    const auto column = diff(l, u, unit_vector<U::dim, Lo + O>);
    if constexpr (W::dim == 1)
      return w * elem<Lo>(column);
    else
      return elem<Lo>(w) * elem<Lo>(column);
  } else {
    constexpr i64 middle = (Lo + Hi) / 2;
    return trace_by_units<O, Lo, middle>(l, u, w) + trace_by_units<O, middle, Hi>(l, u, w);
  }
}

// The components of w from Start on; a scalar stands for all of them.
template <i64 Start, i64 D, Formula W>
constexpr auto part_of(W w) {
  if constexpr (W::dim == 1)
    return w;
  else
    return extract<Start, D>(w);
}

// The rules, by the operation on top of l. Exactly one factor of a product holds u.
template <class Op>
struct Trace {
  template <i64 O, Formula L, Formula U, Formula W>
  static constexpr auto of(L l, U u, W w) {
    constexpr i64 lo = O < 0 ? -O : 0, hi = O + L::dim > U::dim ? U::dim - O : L::dim;
    return trace_by_units<O, lo, hi>(l, u, w);
  }
};
template <>
struct Trace<op::Add> {
  template <i64 O, Formula A, Formula B, Formula U, Formula W>
  static constexpr auto of(Node<op::Add, A, B> l, U u, W w) {
    return trace_of<O>(spread<l.dim>(A{}), u, w) + trace_of<O>(spread<l.dim>(B{}), u, w);
  }
};
template <>
struct Trace<op::Subtract> {
  template <i64 O, Formula A, Formula B, Formula U, Formula W>
  static constexpr auto of(Node<op::Subtract, A, B> l, U u, W w) {
    return trace_of<O>(spread<l.dim>(A{}), u, w) - trace_of<O>(spread<l.dim>(B{}), u, w);
  }
};
template <>
struct Trace<op::Minus> {
  template <i64 O, Formula A, Formula U, Formula W>
  static constexpr auto of(Node<op::Minus, A>, U u, W w) {
    return -trace_of<O>(A{}, u, w);
  }
};
template <>
struct Trace<op::Mult> {
  template <i64 O, Formula A, Formula B, Formula U, Formula W>
  static constexpr auto of(Node<op::Mult, A, B> l, U u, W w) {
    if constexpr (occurs<A, U>)
      return weighted<O, l.dim>(A{}, B{}, u, w);
    else
      return weighted<O, l.dim>(B{}, A{}, u, w);
  }
  // Of a(u) * b, of dimension D.
  template <i64 O, i64 D, Formula A, Formula B, Formula U, Formula W>
  static constexpr auto weighted(A a, B b, U u, W w) {
    if constexpr (B::dim == 1)
      return b * trace_of<O>(a, u, w);
    else
      return trace_of<O>(spread<D>(a), u, w * b);
  }
};
// A zero of g that is final is so in the trace.
template <>
struct Trace<op::GatedProduct> {
  template <i64 O, Formula G, Formula P, Formula U, Formula W>
  static constexpr auto of(Node<op::GatedProduct, G, P> l, U u, W w) {
    if constexpr (occurs<G, U>)
      return Trace<op::Mult>::weighted<O, l.dim>(G{}, P{}, u, w);
    else if constexpr (G::dim == 1)
      return build<op::GatedProduct>(G{}, trace_of<O>(spread<l.dim>(P{}), u, w));
    else
      return trace_of<O>(spread<l.dim>(P{}), u, build<op::GatedProduct>(G{}, w));
  }
};
template <>
struct Trace<op::Divide> {
  template <i64 O, Formula A, Formula B, Formula U, Formula W>
  static constexpr auto of(Node<op::Divide, A, B> l, U u, W w) {
    return trace_of<O>(spread<l.dim>(A{}), u, w / B{});
  }
};
// A linear form s in every component: <w, components O and on of the gradient of s>.
template <i64 D>
struct Trace<op::SumT<D>> {
  template <i64 O, Formula S, Formula U, Formula W>
  static constexpr auto of(Node<op::SumT<D>, S>, U u, W w) {
    constexpr i64 lo = O < 0 ? -O : 0, hi = O + D > U::dim ? U::dim - O : D;
    return sum(part_of<lo, hi - lo>(w) * extract<lo + O, hi - lo>(grad(S{}, u, 1_c)));
  }
};
template <i64 Start, i64 D>
struct Trace<op::Extract<Start, D>> {
  template <i64 O, Formula A, Formula U, Formula W>
  static constexpr auto of(Node<op::Extract<Start, D>, A>, U u, W w) {
    return trace_of<O - Start>(A{}, u, extractt<Start, A::dim>(spread<D>(w)));
  }
};
template <i64 Start, i64 D>
struct Trace<op::ExtractT<Start, D>> {
  template <i64 O, Formula A, Formula U, Formula W>
  static constexpr auto of(Node<op::ExtractT<Start, D>, A>, U u, W w) {
    return trace_of<O + Start>(A{}, u, part_of<Start, A::dim>(w));
  }
};
template <>
struct Trace<op::Concat> {
  template <i64 O, Formula... A, Formula U, Formula W>
  static constexpr auto of(Node<op::Concat, A...>, U u, W w) {
    return blocks<O, 0>(List<A...>{}, u, w);
  }
  template <i64 O, i64 Start, Formula A, Formula... More, Formula U, Formula W>
  static constexpr auto blocks(List<A, More...>, U u, W w) {
    const auto first = trace_of<O + Start>(A{}, u, part_of<Start, A::dim>(w));
    if constexpr (sizeof...(More) == 0)
      return first;
    else
      return first + blocks<O, Start + A::dim>(List<More...>{}, u, w);
  }
};

template <class Op, Formula... A>
Op operation_of(Node<Op, A...>);

template <i64 O, Formula L, Formula U, Formula W>
constexpr auto trace_of(L l, U u, W w) {
  if constexpr (!occurs<L, U> || O <= -L::dim || O >= U::dim || (same<L, U> && O != 0))
    return zero<1>;
  else if constexpr (same<L, U>)
    return sum(spread<U::dim>(w));
  else if constexpr (L::dim == 1)
    return w * elem<O>(grad(l, u, 1_c));
  else
    return Trace<decltype(operation_of(l))>::template of<O>(l, u, w);
}

template <Formula F, Formula V, int... K>
constexpr auto gradients(F f, V v, Ints<K...>) {
  return concat(grad(f, v, unit_vector<F::dim, K>)...);
}

}  // namespace detail

// The transpose of the Jacobian of f in v: the gradients of the components of f, one after the
// other. Of f.dim gradients.
template <Formula F, Formula V>
constexpr auto grad_matrix(F f, V v) {
  return detail::gradients(f, v, up_to<static_cast<int>(F::dim)>{});
}

// Sum_c d f_c / d v_c. As few nodes as one differential where f is made of sums, products with
// scalars and vectors, and elementwise operations; else of f.dim differentials.
template <Formula F, Formula V>
constexpr auto divergence(F f, V v) {
  static_assert(F::dim == V::dim, "keopsnb: in divergence(f, v), f has the dimension of v");
  constexpr detail::Probe<V::dim> u{};
  return detail::trace_of<0>(diff(f, v, u), u, 1_c);
}

// Sum_c d^2 f / d v_c^2.
template <Formula F, Formula V>
constexpr auto laplacian(F f, V v) {
  static_assert(F::dim == 1, "keopsnb: laplacian(f, v) takes a formula f of dimension 1");
  return divergence(grad(f, v, 1_c), v);
}

// Sum_c w_c M_cc for f = M v. An f of dimension 1 stands for a vector of the dimension of v.
template <Formula F, Formula V, Formula W = Lit<1, 0>>
constexpr auto trace_operator(F f, V v, W w = {}) {
  static_assert(F::dim == V::dim || F::dim == 1,
                "keopsnb: in trace_operator(f, v, w), f has the dimension of v, or 1");
  static_assert(W::dim == V::dim || W::dim == 1,
                "keopsnb: in trace_operator(f, v, w), w has the dimension of v, or 1");
  static_assert(
      detail::linear<F, V>,
      "keopsnb: in trace_operator(f, v, w), f is linear in v: v is not in its derivative");
  constexpr detail::Probe<V::dim> u{};
  return detail::trace_of<0>(detail::spread<V::dim>(diff(f, v, u)), u, w);
}

// M^T u for f = M v.
template <Formula F, Formula V, Formula U>
constexpr auto adjoint_operator(F f, V v, U u) {
  static_assert(F::dim == U::dim,
                "keopsnb: in adjoint_operator(f, v, u), u has the dimension of f");
  static_assert(
      detail::linear<F, V>,
      "keopsnb: in adjoint_operator(f, v, u), f is linear in v: v is not in its derivative");
  return grad(f, v, u);
}

// Sum_kc left_k M_kc right_c for f = M v.
template <Formula F, Formula V, Formula L = Lit<1, 0>, Formula R = Lit<1, 0>>
constexpr auto sum_lin_operator(F f, V v, L left = {}, R right = {}) {
  static_assert(L::dim == F::dim || L::dim == 1,
                "keopsnb: in sum_lin_operator(f, v, wl, wr), wl has the dimension of f, or 1");
  static_assert(R::dim == V::dim || R::dim == 1,
                "keopsnb: in sum_lin_operator(f, v, wl, wr), wr has the dimension of v, or 1");
  static_assert(
      detail::linear<F, V>,
      "keopsnb: in sum_lin_operator(f, v, wl, wr), f is linear in v: v is not in its derivative");
  return sum(left * diff(f, v, detail::spread<V::dim>(right)));
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
