// Structural operations: dimensions, identities and strides as types; values and derivatives where
// a formula of NumPy cannot say them.
#include <keopsnb/reduce.hpp>

#include <cmath>
#include <complex>
#include <limits>
#include <vector>

#include "check.hpp"

using namespace keopsnb;

namespace {

constexpr auto x = vi<0, 6>;
constexpr auto y = vj<1, 3>;
constexpr auto s = vi<2, 1>;
constexpr auto z = vi<3, 2>;
constexpr auto n = vi_integer<4, 1>;

template <class A, class B>
constexpr bool is(A, B) {
  return same<A, B>;
}

// ---- Law: a contraction over components alone is a sum, with a scalar a product; zeros vanish.
static_assert(is(matvecmult(y, y), sum(square(y))) && is(matvecmult(y, s), s* y));
static_assert(is(tensorprod(s, y), s* y) && is(matvecmult(zero<6>, y), zero<2>));
// Law: the adjoint of A -> A b is g -> g b^T, that of b is the product with the transposed.
static_assert(is(grad(matvecmult(x, y), x, z), tensorprod(z, y)));
static_assert(tensordot<Ints<2, 3>, Ints<3>, Ints<1>, Ints<0>>(x, y).dim == 2);
static_assert(kron<Ints<2, 3>, Ints<1, 2>>(x, z).dim == 12);

// ---- Law: -1 is the last index.
static_assert(is(elem<-1>(x), elem<5>(x)) && is(extract<-3, 2>(x), extract<3, 2>(x)));
static_assert(is(elemt<4, -1>(s), elemt<4, 3>(s)) && is(extractt<-6, 9>(x), extractt<3, 9>(x)));

// ---- Law: the parts of a complex vector are those it was made of, and it is that of its parts.
static_assert(is(complexreal(real2complex(y)), y) && is(compleximag(real2complex(y)), zero<3>));
static_assert(is(interleave(complexreal(x), compleximag(x)), x) && is(conj(conj(x)), x));
static_assert(complexmult(z, x).dim == 6 && complexsum(x).dim == 2 && complexexp1j(y).dim == 6);

// ---- Law: nothing is differentiated in an index.
static_assert(is(grad(take<2>(x, n), x, z), taket<6>(z, n)));
static_assert(is(grad(onehot<3>(s), s, y), zero<1>) && is(max(s), s) && is(argmax(s), zero<1>));

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

// The value of f at one i and one j; the inputs are those of variables 0 to 4.
template <class F>
std::vector<double> value(F f, const std::vector<double>& a, const std::vector<double>& b,
                          long long index = 0) {
  const double zero[8] = {};
  const void* const in[5] = {a.data(), b.data(), zero, zero, &index};
  std::vector<double> out(F::dim);
  CHECK(reduce<double>(sum_over_j(f), out.data(), 1, 1, in) == Outcome::done);
  return out;
}
bool close(double a, double b) { return std::abs(a - b) <= 1e-14 * (1 + std::abs(b)); }

// Law: NaN is no extremum unless all is NaN, and the first of equal components is taken.
void extrema() {
  const auto found = [](std::vector<double> a) {
    return value(concat(keopsnb::max(x), argmax(x), keopsnb::min(x), argmin(x)), a, {0});
  };
  CHECK(found({1, 3, 3, -2, -2, 0}) == std::vector<double>({3, 1, -2, 3}));
  CHECK(found({nan, 3, nan, -2, 3, 0}) == std::vector<double>({3, 1, -2, 3}));
  CHECK(std::isnan(found({nan, nan, nan, nan, nan, nan})[0]));
}

// Law: Take reads component index * d + c, exactly, and NaN where the table has none.
void look_ups() {
  constexpr i64 length = 20000003;  // beyond 2^24, where float has no odd integers
  constexpr auto table = pm<1, length>;
  std::vector<double> t(length);
  for (i64 k = 0; k < length; ++k) t[static_cast<std::size_t>(k)] = static_cast<double>(k);
  for (const long long k : {0LL, 16777217LL, length - 1})
    CHECK(value(take(table, n), {0}, t, k)[0] == static_cast<double>(k));
  for (const long long k : {-1LL, 3LL, 1LL << 40})
    CHECK(std::isnan(value(take<2>(x, n), {0, 1, 2, 3, 4, 5}, {0}, k)[1]));
  CHECK(value(take<2>(2_c * x, n), {0, 1, 2, 3, 4, 5}, {0}, 1) == std::vector<double>({4, 6}));
}

// Law: complex functions are those of the C++ library in every quadrant, and do not overflow.
void complex_functions() {
  constexpr auto w = vi<0, 2>;
  constexpr auto v = vj<1, 2>;
  using C = std::complex<double>;
  for (const C a : {C(1, 2), C(-1, 2), C(-1, -2), C(1, -2), C(-4, 0), C(0, 3), C(1e-200, 1e-200),
                    C(-1e200, 1e200)}) {
    const auto same = [&](auto f, C expected, C b = {0.5, -0.25}) {
      const auto found = value(f, {a.real(), a.imag()}, {b.real(), b.imag()});
      const double scale = std::abs(expected);
      CHECK(std::abs(found[0] / scale - expected.real() / scale) < 1e-13);
      CHECK(std::abs(found[1] / scale - expected.imag() / scale) < 1e-13);
    };
    same(complexsqrt(w), std::sqrt(a));
    same(complexlog(w), std::log(a));
    same(complexpow(w, v), std::pow(a, C(0.5, -0.25)));
    same(complexdivide(v, w), C(0.5, -0.25) / a);
  }
  CHECK(value(complexpow(w, v), {0, 0}, {0, 0}) == std::vector<double>({1, 0}));
  CHECK(value(complexpow(w, v), {0, 0}, {0.5, 1}) == std::vector<double>({0, 0}));
  CHECK(value(grad(complexsqrt(w), w, v), {0, 0}, {1, 1}) == std::vector<double>({0, 0}));
}

// Law: between its inner knots, the functions of a B-spline add up to 1, and their derivatives, in
// x and in the knots, to 0.
void splines() {
  constexpr auto t = vi<0, 9>;
  constexpr auto at = vj<1, 1>;
  constexpr auto b = bspline<3>(t, at);
  const std::vector<double> knots = {0, 0.5, 1, 1.5, 2.5, 3, 3.25, 4, 5};
  for (const double p : {1.5, 2.0, 2.75}) {
    CHECK(close(value(sum(b), knots, {p})[0], 1));
    CHECK(close(value(grad(sum(b), at, 1_c), knots, {p})[0], 0));
    CHECK(close(value(grad(grad(sum(b), at, 1_c), at, 1_c), knots, {p})[0], 0));
    for (const double d : value(grad(sum(b), t, 1_c), knots, {p})) CHECK(close(d, 0));
  }
  CHECK(value(sum(b), knots, {6})[0] == 0 && value(sum(b), knots, {-1})[0] == 0);
}

// Law: with a small gamma, soft-DTW is the cheapest path; its gradient in x and y adds up to 0, as
// it does not change when both are moved.
void warping() {
  constexpr auto f = softdtwsqdist(x, y, 0.001_c);
  const std::vector<double> a = {0, 0, 1, 1, 2, 2}, b = {0, 1, 2.5};
  CHECK(std::abs(value(f, a, b)[0] - 0.5) < 1e-9);
  constexpr auto g = softdtwsqdist(x, y, 0.7_c);
  CHECK(close(value(sum(grad(g, x, 1_c)) + sum(grad(g, y, 1_c)), a, b)[0], 0));
}

}  // namespace

int main() {
  extrema();
  look_ups();
  complex_functions();
  splines();
  warping();
  return report("structural_test");
}
