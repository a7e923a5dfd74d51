// Formulas as types: identities, sharing, derivatives. What is static is checked by compiling.
#include <catalogue/operations.hpp>
#include <keopsnb/share.hpp>

#include <cmath>
#include <cstdlib>
#include <string_view>

#include "check.hpp"

using namespace keopsnb;

namespace {
namespace laws {

constexpr auto x = vi<0, 3>;
constexpr auto y = vj<1, 3>;
constexpr auto b = vj<2, 1>;
constexpr auto p = pm<3, 1>;
constexpr auto e = vi<4, 1>;
constexpr auto u = vi<5, 3>;

template <class A, class B>
constexpr bool is(A, B) {
  return same<A, B>;
}

// ---- Constants are exact, and equal constants are one type.
static_assert(is(0.5_c, lit<1, -1>) && is(2_c, lit<1, 1>) && is(6_c, cst<6>) && is(-2_c, cst<-2>));
static_assert((0.1_c).value == 0.1 && (1e-3_c).value == 1e-3 && (123456.789_c).value == 123456.789);
static_assert(is(0.5_c + 0.25_c, 0.75_c) && is(3_c * 0.5_c, 1.5_c) && is(1_c - 1_c, 0_c));
static_assert(lit_of([] { return 5e-324; }).value == 5e-324);
static_assert(lit_of([] { return 1.7976931348623157e308; }).value == 1.7976931348623157e308);

// A user's formula keeps the order of its operations, NaN and infinities. Among derivatives,
// where the order is ours, these are `times` and `plus`.
constexpr auto times = [](auto f, auto g) { return build<op::Mult, true>(f, g); };
constexpr auto plus = [](auto f, auto g) { return build<op::Add, true>(f, g); };
constexpr auto minus_free = [](auto f, auto g) { return build<op::Subtract, true>(f, g); };
constexpr auto total = [](auto f) { return build<op::Sum, true>(f); };

// ---- Zeros and ones vanish, whatever they stand beside; the number 0 not in a product.
static_assert(is(x + zero<3>, x) && is(zero<3> + x, x) && is(x - zero<3>, x));
static_assert(is(x * zero<1>, zero<3>) && is(times(0_c, x), zero<3>) && is(zero<3> / x, zero<3>));
static_assert(is(1_c * x, x) && is(x * 1_c, x) && is(x / 1_c, x) && is(-(-x), x));
static_assert(is(0_c * x, x - x) && !is(x - x, zero<3>) && !is(0_c / x, zero<3>));
static_assert(is(minus_free(x, x), zero<3>) && is(zero<3> - x, -x) && is(x + x, 2_c * x));
static_assert(is(b + zero<3>, sumt<3>(b)) && is(zero<3> - b, sumt<3>(-b)));
static_assert(is(pow<1>(x), x) && is(pow<2>(x), square(x)) && is(pow<-1>(x), inv(x)));
static_assert(is(sum(b), b) && is(sumt<1>(b), b) && is(sum(sumt<4>(b)), 4_c * b));
static_assert(is(sum(zero<3>), zero<1>) && is(extract<0, 3>(x), x) && is(extractt<0, 3>(x), x));
static_assert(is(concat(x), x) && is(concat(zero<2>, zero<3>), zero<5>));
static_assert(is(extract<3, 3>(concat(x, y)), y) &&
              is(extract<1, 2>(concat(x, y)), extract<1, 2>(x)));

// ---- Products have one form: constant * scalars * vector.
static_assert(is(x * b, b* x) && is(x * 2_c, 2_c * x) && is(2_c * (3_c * x), 6_c * x));
static_assert(is(times(2_c, b* x), (2_c * b) * x) && is(times(b, p* x), (b * p) * x));
static_assert(is((-x) * b, (-b) * x) && is((-x) * (-y), x* y) && is(-(2_c * x), -2_c * x));
static_assert(is(x * x, square(x)) && is(square(-x), square(x)));
static_assert(is(plus(b * x, p* x), (b + p) * x) && is(2_c * x + x, 3_c * x));
static_assert(is(total(b * x), b* sum(x)) && is(sum(2_c * x), 2_c * sum(x)));

// ---- Where another order could overflow, underflow or lose a NaN, what is written stays.
constexpr auto kept = []<class Op, class... A>(Node<Op, A...>, auto... operands) {
  return same<List<A...>, List<decltype(operands)...>>;
};
constexpr auto huge = lit_of([] { return 1e30; });
constexpr auto tiny = lit_of([] { return 1e-30; });
constexpr auto most = lit_of([] { return 1e308; });
static_assert(kept(huge * (huge * x), huge, huge* x) && kept(tiny * (tiny * x), tiny, tiny* x));
static_assert(kept((tiny * x) * (tiny * y), tiny* x, tiny* y) && is(huge * (tiny * x), x));
static_assert(kept(most * most, most, most) && kept(most + most, most, most));
static_assert(kept(most * x + most * x, 2_c, most* x));
static_assert(kept(3_c * x + -2_c * x, 3_c * x, -2_c * x) && kept(b * x + p * x, b* x, p* x));
static_assert(kept(b * (p * x), b, p* x) && kept((b * x) * y, b* x, y));
static_assert(kept(sum(b * x), b* x) && kept(sum(tiny * x), tiny* x));
static_assert(kept(x / lit<1, -140>, x, lit<1, -140>) && is(x / lit<1, 10>, lit<1, -10>* x));

// ---- What stands among zeros is not multiplied by them, nor added to them.
constexpr auto among = elemt<3, 1>(b);
static_assert(is(times(x, among), elemt<3, 1>(elem<1>(x) * b)));
static_assert(is(times(p, among), elemt<3, 1>(p* b)) && kept(x * among, x, among));
static_assert(is(sum(times(x, among)), elem<1>(x) * b) && is(elem<1>(among), b));
static_assert(is(elem<2>(among), zero<1>) && is(among + elemt<3, 1>(p), elemt<3, 1>(b + p)));
static_assert(is(extractt<2, 6>(among), elemt<6, 3>(b)));

// ---- A scalar replicated only to meet a vector is not replicated.
static_assert(is(sumt<3>(b) * x, b* x) && is(sumt<3>(b) + x, b + x));
static_assert(is(exp(sumt<3>(b)), sumt<3>(exp(b))));

// ---- Derivatives of linear formulas are their adjoints.
static_assert(is(grad(x, x, u), u) && is(grad(y, x, u), zero<3>) && is(grad(-x, x, u), -u));
static_assert(is(grad(sum(x), x, e), sumt<3>(e)) && is(grad(b * x, x, u), b* u));
static_assert(is(grad(concat(y, x), x, vi<6, 6>), extract<3, 3>(vi<6, 6>)));
static_assert(is(grad(extract<1, 2>(x), x, vi<6, 2>), extractt<1, 3>(vi<6, 2>)));
static_assert(is(grad(b * x, b, u), sum(x* u)));
static_assert(is(grad(exp(b), b, e), exp(b) * e));

// ---- Forward mode: the differential of a linear formula is itself, of others the chain rule.
static_assert(is(diff(x, x, u), u) && is(diff(y, x, u), zero<3>) && is(diff(-x, x, u), -u));
static_assert(is(diff(sum(x), x, u), sum(u)) && is(diff(b * x, x, u), b* u));
static_assert(is(diff(sumt<3>(b), b, p), sumt<3>(p)) && is(diff(b + x, b, p), sumt<3>(p)));
static_assert(is(diff(concat(y, x), x, u), concat(zero<3>, u)));
static_assert(is(diff(extract<1, 2>(x), x, u), extract<1, 2>(u)));
static_assert(is(diff(extractt<1, 5>(x), x, u), extractt<1, 5>(u)));
static_assert(is(diff(exp(b), b, e), exp(b) * e) && is(diff(b * x, b, e), e* x));
static_assert(is(diff(b * x, b, e, x, u), e* x + b * u));
static_assert(is(diff(x, x, u, x, y), u + y));

// ---- Operators: traces by rule, not component by component.
static_assert(is(divergence(x, x), 3_c) && is(divergence(y, x), zero<1>));
static_assert(is(divergence(exp(x), x), sum(exp(x))) && is(divergence(b * x, x), 3_c * b));
static_assert(is(divergence(sumt<3>(sum(x)), x), 3_c));
static_assert(is(divergence(concat(extract<1, 2>(x), b), x), zero<1>));
static_assert(is(divergence(extract<1, 3>(concat(b, x)), x), 3_c));
static_assert(is(laplacian(sqnorm2(x), x), 6_c) && is(laplacian(sum(x), x), zero<1>));
static_assert(is(trace_operator(x, x, u), sum(u)) && is(trace_operator(x, x, b), 3_c * b));
static_assert(is(adjoint_operator(b * x, x, u), b* u));
static_assert(is(sum_lin_operator(b * x, x), 3_c * b));
static_assert(is(grad_matrix(b * x, b), concat(elem<0>(x), elem<1>(x), elem<2>(x))));

// ---- Every order stays small: a derivative has a bounded number of new nodes.
constexpr auto gaussian = exp(-sqdist(x, y)) * b;
template <int K>
constexpr auto derivative() {
  if constexpr (K == 0)
    return gaussian;
  else
    return sum(grad(derivative<K - 1>(), x, e) * u);
}
template <int K>
constexpr int nodes = distinct<decltype(derivative<K>())>::size;
static_assert(nodes<0> == 9);
template <i64 D>
constexpr int laplacian_nodes =
    distinct<decltype(laplacian(exp(-sqdist(vi<0, D>, vj<1, D>)), vi<0, D>))>::size;
static_assert(laplacian_nodes<3> <= 16 && laplacian_nodes<16> == laplacian_nodes<3>);
static_assert(nodes<1> <= 18 && nodes<2> <= 30 && nodes<3> <= 48 && nodes<4> <= 70);

// ---- Scalars have a slot, cheap vectors none, dear vectors that are read twice one.
using G = decltype(gaussian);
static_assert(Plan<Category::j, List<G>>::slotted<decltype(exp(-sqdist(x, y)))>);
static_assert(!Plan<Category::j, List<G>>::slotted<decltype(x - y)>);
using Twice = decltype(concat(sum(exp(x + y)), exp(x + y)));
static_assert(Plan<Category::j, List<Twice>>::slotted<decltype(exp(x + y))>);
// A node that does not change with the reduced index is computed outside of its loop.
static_assert(Plan<Category::j, List<decltype(exp(x) * y)>>::slotted<decltype(exp(x))>);
static_assert(!Plan<Category::i, List<decltype(exp(x) * y)>>::slotted<decltype(exp(x))>);

}  // namespace laws

// ---- The rows of ops.def serve operands made at run time as well: here, numbers.
struct Real {
  double v;
};
template <i64 M, int E>
Real real(Lit<M, E> c) {
  return {c.value};
}
Real real(Real a) { return a; }
template <class A, class B>
concept Mixed = (same<A, Real> && (same<B, Real> || requires(B t) { t.value; })) ||
                (same<B, Real> && requires(A t) { t.value; });
template <class A, class B>
  requires Mixed<A, B>
Real operator+(A s, B t) {
  return {real(s).v + real(t).v};
}
template <class A, class B>
  requires Mixed<A, B>
Real operator-(A s, B t) {
  return {real(s).v - real(t).v};
}
template <class A, class B>
  requires Mixed<A, B>
Real operator*(A s, B t) {
  return {real(s).v * real(t).v};
}
template <class A, class B>
  requires Mixed<A, B>
Real operator/(A s, B t) {
  return {real(s).v / real(t).v};
}
Real operator-(Real a) { return {-a.v}; }
template <i64 N>
Real loweredpower(Real a, Real b_) {
  return {std::pow(a.v, b_.v - N)};
}

// As functions of doubles, by name and by formula; `step` and the like are not differentiated.
#define KEOPSNB_UNARY(N, call, ...) \
  Real call(Real a) { return {op::N::value(a.v)}; }
#define KEOPSNB_UNARY_INT1(N, call, ...) \
  template <i64 n>                       \
  Real call(Real a) {                    \
    return {op::N<n>::value(a.v)};       \
  }
#define KEOPSNB_UNARY_INT2(N, call, ...) \
  template <i64 n, i64 m>                \
  Real call(Real a) {                    \
    return {op::N<n, m>::value(a.v)};    \
  }
#define KEOPSNB_BINARY(N, call, ...)              \
  template <class A, class B>                     \
    requires Mixed<A, B>                          \
  Real call(A a, B b_) {                          \
    return {op::N::value(real(a).v, real(b_).v)}; \
  }
#define KEOPSNB_TERNARY(N, call, ...) \
  Real call(Real a, Real b_, Real c) { return {op::N::value(a.v, b_.v, c.v)}; }
#include <keopsnb/ops.def>

// A point of an operation's domain: the k-th interval of text "(lo, hi), (lo, hi)".
double point(const char* domain, int k, double at) {
  const char* s = domain;
  for (; k >= 0; --k) s = std::string_view(s).find('(') + s + 1;
  char* end;
  const double lo = std::strtod(s, &end), hi = std::strtod(end + 1, nullptr);
  return lo + at * (hi - lo);
}

// The partial derivative against a central difference; both are exact to about 1e-8.
template <class F>
void check_partial(const char* name, int k, F value, const double (&at)[3], Real partial) {
  double up[3] = {at[0], at[1], at[2]}, down[3] = {at[0], at[1], at[2]};
  const double h = 1e-6;
  up[k] += h;
  down[k] -= h;
  const double difference = (value(up).v - value(down).v) / (2 * h);
  const bool close = std::abs(difference - partial.v) <= 1e-6 * (1 + std::abs(partial.v));
  if (!close) std::fprintf(stderr, "%s, operand %d: %g, not %g\n", name, k, partial.v, difference);
  CHECK(close);
}

void check_rows() {
  for (double at : {0.137, 0.611, 0.883}) {
    const auto draw = [&](const char* name, int k) {
      return Real{point(find_row(name)->domain, k, at + 0.031 * k)};
    };
#define ONE(N, VALUE, da)                                                                      \
  {                                                                                            \
    const Real a = draw(#N, 0);                                                                \
    [[maybe_unused]] const Real self = VALUE(a);                                               \
    check_partial(#N, 0, [&](const double* t) { return VALUE(Real{t[0]}); }, {a.v}, real(da)); \
  }
#define KEOPSNB_UNARY(N, call, cost, value, da) ONE(N, call, da)
#define KEOPSNB_UNARY_INT1(N, call, cost, n_, value, da)        \
  {                                                             \
    constexpr i64 n_ = #N[0] == 'S' ? 1 : #N[0] == 'R' ? 0 : 3; \
    ONE(N, call<n_>, da)                                        \
  }
#define KEOPSNB_UNARY_INT2(N, call, cost, n_, m_, value, da) \
  {                                                          \
    constexpr i64 n_ = -1, m_ = 1;                           \
    ONE(N, (call<n_, m_>), da)                               \
  }
#define KEOPSNB_BINARY(N, call, cost, value, da, db)                                 \
  {                                                                                  \
    [[maybe_unused]] const Real a = draw(#N, 0), b = draw(#N, 1), self = call(a, b); \
    const auto f = [&](const double* t) { return call(Real{t[0]}, Real{t[1]}); };    \
    check_partial(#N, 0, f, {a.v, b.v}, real(da));                                   \
    check_partial(#N, 1, f, {a.v, b.v}, real(db));                                   \
  }
#define KEOPSNB_TERNARY(N, call, cost, value, da, db, dc)                                     \
  {                                                                                           \
    [[maybe_unused]] const Real a = draw(#N, 0), b = draw(#N, 1), c = draw(#N, 2);            \
    const auto f = [&](const double* t) { return call(Real{t[0]}, Real{t[1]}, Real{t[2]}); }; \
    check_partial(#N, 0, f, {a.v, b.v, c.v}, real(da));                                       \
    check_partial(#N, 1, f, {a.v, b.v, c.v}, real(db));                                       \
    check_partial(#N, 2, f, {a.v, b.v, c.v}, real(dc));                                       \
  }
#include <keopsnb/ops.def>
  }
}

}  // namespace

int main() {
  check_rows();
  return report("formula_test");
}
