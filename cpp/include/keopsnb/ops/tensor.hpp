// Matrix, outer and tensor products: contractions whose strides come from lists of dimensions.
// Vectors hold tensors in row-major order.
#pragma once
#include <keopsnb/ops/contract.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

namespace detail {
constexpr i64 matvecmult_dim(i64 a, i64 b) { return a % b == 0 ? a / b : -1; }
constexpr i64 vecmatmult_dim(i64 b, i64 a) { return matvecmult_dim(a, b); }
}  // namespace detail

// a: a matrix (n, p), b: a vector (p).
template <Formula A, Formula B>
constexpr auto matvecmult(A a, B b) {
  constexpr i64 n = detail::matvecmult_dim(A::dim, B::dim);
  static_assert(n > 0,
                "keopsnb: in matvecmult(A, b), the dimension of A is a multiple of that of b");
  return contract<TensorAxis<n, 1, B::dim, 0>, TensorAxis<B::dim, 0, 1, 1>>(a, b);
}
// b: a vector (n), a: a matrix (n, p).
template <Formula B, Formula A>
constexpr auto vecmatmult(B b, A a) {
  constexpr i64 p = detail::vecmatmult_dim(B::dim, A::dim);
  static_assert(p > 0,
                "keopsnb: in vecmatmult(b, A), the dimension of A is a multiple of that of b");
  return contract<TensorAxis<p, 1, 0, 1>, TensorAxis<B::dim, 0, 1, p>>(b, a);
}
template <Formula A, Formula B>
constexpr auto tensorprod(A a, B b) {
  return contract<TensorAxis<A::dim, B::dim, 1, 0>, TensorAxis<B::dim, 1, 0, 1>>(a, b);
}

namespace detail {

inline constexpr int most_axes = 32;

// The layout of a product of two tensors: its dimension, negative where the lists do not fit, the
// axes of the result, in order, and then those that are summed.
struct TensorLayout {
  i64 dim = -1;
  int axes = 0;
  i64 length[2 * most_axes] = {}, result[2 * most_axes] = {};
  i64 a[2 * most_axes] = {}, b[2 * most_axes] = {};
};

struct AxisList {
  int size;
  const i64* at;
};

struct Strides {
  i64 total = -1, at[most_axes] = {};
  bool summed[most_axes] = {};
};

// Row-major strides of a tensor of these dimensions, with the axes that are summed; a total of -1:
// the dimensions are none, or an axis is named twice or not there.
constexpr Strides strides_of(AxisList dims, AxisList summed) {
  Strides s;
  i64 total = 1;
  if (dims.size > most_axes) return s;
  for (int k = dims.size - 1; k >= 0; --k) {
    s.at[k] = total;
    if (dims.at[k] < 1 || total > (i64{1} << 40) / dims.at[k]) return s;
    total *= dims.at[k];
  }
  for (int k = 0; k < summed.size; ++k) {
    const i64 axis = summed.at[k];
    if (axis < 0 || axis >= dims.size || s.summed[axis]) return s;
    s.summed[axis] = true;
  }
  s.total = total;
  return s;
}

// As numpy.tensordot of tensors of dimensions `left` and `right` over the axes sum_left of one and
// sum_right of the other; the k-th axis of that is then axis to[k] of the result.
constexpr TensorLayout tensor_layout(i64 dim_a, i64 dim_b, AxisList left, AxisList right,
                                     AxisList sum_left, AxisList sum_right, AxisList to) {
  TensorLayout layout;
  const Strides a = strides_of(left, sum_left), b = strides_of(right, sum_right);
  if (a.total != dim_a || b.total != dim_b || sum_left.size != sum_right.size) return layout;
  for (int k = 0; k < left.size; ++k)
    if (!a.summed[k]) {
      layout.length[layout.axes] = left.at[k];
      layout.a[layout.axes++] = a.at[k];
    }
  for (int k = 0; k < right.size; ++k)
    if (!b.summed[k]) {
      layout.length[layout.axes] = right.at[k];
      layout.b[layout.axes++] = b.at[k];
    }
  const int kept = layout.axes;
  if (to.size != 0 && to.size != kept) return layout;
  i64 total = 1;
  for (int place = kept - 1; place >= 0; --place) {
    int found = to.size == 0 ? place : -1;
    for (int k = 0; k < to.size; ++k)
      if (to.at[k] == place) found = k;
    if (found < 0) return layout;
    layout.result[found] = total;
    total *= layout.length[found];
  }
  for (int k = 0; k < sum_left.size; ++k) {
    const i64 p = sum_left.at[k], q = sum_right.at[k];
    if (left.at[p] != right.at[q]) return layout;
    layout.length[layout.axes] = left.at[p];
    layout.a[layout.axes] = a.at[p];
    layout.b[layout.axes++] = b.at[q];
  }
  layout.dim = total;
  return layout;
}

template <class L>
struct IntsOf;
template <int... I>
struct IntsOf<Ints<I...>> {
  static constexpr i64 at[sizeof...(I) + 1] = {I...};
  static constexpr AxisList list{sizeof...(I), at};
};

// The axes of two tensors of rank n in the result of numpy.kron: in turns.
struct Turns {
  i64 at[2 * most_axes] = {};
  constexpr explicit Turns(int n) {
    for (int k = 0; k < n && n <= most_axes; ++k) {
      at[k] = 2 * k;
      at[n + k] = 2 * k + 1;
    }
  }
};
constexpr TensorLayout kron_layout(i64 dim_a, i64 dim_b, AxisList left, AxisList right) {
  if (left.size != right.size) return {};
  const Turns turns(left.size);
  return tensor_layout(dim_a, dim_b, left, right, {}, {}, {2 * left.size, turns.at});
}

template <Formula A, Formula B, class... Lists>
inline constexpr TensorLayout layout_of = tensor_layout(A::dim, B::dim, IntsOf<Lists>::list...);
template <Formula A, Formula B, class... Lists>
inline constexpr TensorLayout kron_layout_of = kron_layout(A::dim, B::dim, IntsOf<Lists>::list...);

template <const TensorLayout& P, int... K, Formula A, Formula B>
constexpr auto contract_by(Ints<K...>, A a, B b) {
  return contract<TensorAxis<P.length[K], P.result[K], P.a[K], P.b[K]>...>(a, b);
}

}  // namespace detail

// tensordot<Ints<2, 3>, Ints<3, 4>, Ints<1>, Ints<0>>(a, b) is numpy.tensordot of a, of shape
// (2, 3), and b, of shape (3, 4), over axis 1 of a and 0 of b.
template <class DimsA, class DimsB, class SumA, class SumB, class To = Ints<>, Formula A, Formula B>
constexpr auto tensordot(A a, B b) {
  constexpr auto& layout = detail::layout_of<A, B, DimsA, DimsB, SumA, SumB, To>;
  static_assert(layout.dim >= 1, "keopsnb: the lists of tensordot do not fit its operands");
  return detail::contract_by<layout>(up_to<layout.axes>{}, a, b);
}

// kron<Ints<2, 3>, Ints<4, 5>>(a, b) is numpy.kron of a, of shape (2, 3), and b, of shape (4, 5).
template <class DimsA, class DimsB, Formula A, Formula B>
constexpr auto kron(A a, B b) {
  constexpr auto& layout = detail::kron_layout_of<A, B, DimsA, DimsB>;
  static_assert(layout.dim >= 1, "keopsnb: the lists of kron do not fit its operands");
  return detail::contract_by<layout>(up_to<layout.axes>{}, a, b);
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
