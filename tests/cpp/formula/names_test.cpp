// Law: a formula whose parts have names (KEOPSNB_NAMED) has the plan and, bit for bit, the value of
// the same without names, and its derivatives have their values. Here every part has a name.
#define KEOPSNB_FAST_MATH
#include <keopsnb/kernel/gpu/columns.hpp>
#include <keopsnb/kernel/gpu/fast.hpp>
#include <keopsnb/kernel/gpu/long_plan.hpp>
#include <keopsnb/reduce.hpp>

#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include "check.hpp"

using namespace keopsnb;

KEOPSNB_NAMED(of_each_file, exp(-sqdist(vi<0, 3>, vj<1, 3>)));
float value_elsewhere(const float* x, const float* y);  // names_other.cpp

namespace {

constexpr auto x = vi<0, 3>;
constexpr auto y = vj<1, 3>;
constexpr auto b = vj<2, 1>;
constexpr auto e = vi<3, 1>;
constexpr auto u = vi<4, 3>;
constexpr auto t = vi_integer<5, 1>;
constexpr auto s = vj_integer<6, 1>;
constexpr auto v = vi<7, 40>;
constexpr auto w = vj<8, 40>;

// One by one, each built on those before.
#define PARTS(PART)                                              \
  PART(difference, x - y)                                        \
  PART(squares, square(difference))                              \
  PART(distance, sum(squares))                                   \
  PART(scaled, -distance)                                        \
  PART(gaussian, exp(scaled))                                    \
  PART(weighted, gaussian* b)                                    \
  PART(vector, weighted* difference)                             \
  PART(chain, sin(gaussian) + gaussian * gaussian)               \
  PART(root, sqrt(distance))                                     \
  PART(mask, step(elem<0>(difference)))                          \
  PART(opposite, 1_c - mask)                                     \
  PART(branches, mask* root + opposite * chain)                  \
  PART(chosen, ifelse(elem<1>(difference), log(distance), root)) \
  PART(joined, concat(difference, chain))                        \
  PART(component, elem<1>(joined))                               \
  PART(moved, extractt<1, 5>(difference))                        \
  PART(spread, sumt<3>(component))                               \
  PART(vectors, spread* difference + moved_back(moved))          \
  PART(lag, t - s)                                               \
  PART(twice, 2_c * lag)                                         \
  PART(fewer, twice - elem<0>(t))                                \
  PART(later, lessthan(fewer, t))                                \
  PART(season, mod(fewer, s, 1_c))                               \
  PART(time, later* exp(-gaussian) * fewer + season)             \
  PART(large, 4_c * t)                                           \
  PART(larger_still, large - s)                                  \
  PART(beyond_its_type, gaussian* larger_still)                  \
  PART(longs, v - w)                                             \
  PART(long_squares, square(longs))                              \
  PART(long_distance, sum(long_squares))                         \
  PART(long_gaussian, exp(-0.01_c * long_distance))              \
  PART(long_vector, long_gaussian* longs)                        \
  PART(polynomial, pow<3>(root) + 3_c * root + 2_c * (4_c * distance))
// A derivative may build again what has a name, without it.
#define DERIVATIVES(PART)                     \
  PART(slope, grad(polynomial* chosen, x, b)) \
  PART(motion, diff(chain* root, x, u) + laplacian(gaussian, x) + divergence(vector, x))
constexpr auto moved_back = [](auto f) { return extract<1, 3>(f); };

namespace plain {
#define PLAIN(NAME, ...) constexpr auto NAME = __VA_ARGS__;
PARTS(PLAIN)
DERIVATIVES(PLAIN)
}  // namespace plain
namespace named {
#define NAMED(NAME, ...) KEOPSNB_NAMED(NAME, __VA_ARGS__);
PARTS(NAMED)
DERIVATIVES(NAMED)
}  // namespace named

// ---- What is asked of types.
template <class P, class N>
constexpr bool alike(P, N) {
  return P::dim == N::dim && static_cast<int>(P::categories) == static_cast<int>(N::categories) &&
         operands_of<P>::size == operands_of<N>::size && detail::is_mask<P> == detail::is_mask<N> &&
         detail::is_integer<P> == detail::is_integer<N> && streams<P> == streams<N> &&
         distinct<P>::size == distinct<N>::size;
}
#define ALIKE(NAME, ...)                           \
  static_assert(alike(plain::NAME, named::NAME) && \
                !same<decltype(plain::NAME), decltype(named::NAME)>);
PARTS(ALIKE)
KEOPSNB_NAMED(same_variable, x + zero<3>);
KEOPSNB_NAMED(same_number, 1_c + 1_c);
constexpr auto is = []<class A>(A, A) { return true; };
static_assert(is(same_variable, x) && is(same_number, 2_c));

template <class F>
using plan_of = GpuLongPlan<Category::i, List<F>>;
template <class F>
inline constexpr int vectors_read = streamed<Category::i, F>::size + streamed<Category::j, F>::size;
template <class P, class N>
constexpr bool planned_alike(P, N) {
  using A = plan_of<P>;
  using B = plan_of<N>;
  using C = Plan<Category::j, List<P>>;
  using D = Plan<Category::j, List<N>>;
  return A::contractions::size == B::contractions::size &&
         A::held_slots::size == B::held_slots::size && vectors_read<P> == vectors_read<N> &&
         slots_of<C, true>::size == slots_of<D, true>::size &&
         code_length_of(typename C::nodes{}) == code_length_of(typename D::nodes{}) &&
         longest_loop(typename C::nodes{}) == longest_loop(typename D::nodes{}) &&
         parts_of_result<SumReduction<P>>::size == parts_of_result<SumReduction<N>>::size;
}
#define PLANNED_ALIKE(NAME, ...) static_assert(planned_alike(plain::NAME, named::NAME));
PARTS(PLANNED_ALIKE)
static_assert(plan_of<decltype(named::long_vector)>::contractions::size == 1);
static_assert(parts_of_result<SumReduction<decltype(named::joined)>>::size == 2);
static_assert(same<faster<SumReduction<decltype(named::weighted)>>,
                   faster<SumReduction<decltype(plain::weighted)>>> &&
              !same<faster<SumReduction<decltype(plain::weighted)>>,
                    SumReduction<decltype(plain::weighted)>>);

// ---- Values, bit for bit, and derivatives.
constexpr i64 M = 37, N = 29;

template <class T>
struct Data {
  std::vector<T> x, y, b, e, u, v, w, out[2];
  std::vector<integer_of<T>> t, s;
  const void* in[9];

  Data() : out{std::vector<T>(M * 40), std::vector<T>(M * 40)} {
    std::mt19937 engine(3);
    std::uniform_real_distribution<double> uniform(-1, 1);
    const auto fill = [&](std::vector<T>& a, i64 n) {
      for (i64 k = 0; k < n; ++k) a.push_back(static_cast<T>(uniform(engine)));
    };
    fill(x, M * 3), fill(y, N * 3), fill(b, N), fill(e, M), fill(u, M * 3);
    fill(v, M * 40), fill(w, N * 40);
    for (i64 k = 0; k < M; ++k) t.push_back(static_cast<integer_of<T>>(k % 7 + 1000000007));
    for (i64 k = 0; k < N; ++k) s.push_back(static_cast<integer_of<T>>(k % 5 + 1000000001));
    const void* all[] = {x.data(), y.data(), b.data(), e.data(), u.data(),
                         t.data(), s.data(), v.data(), w.data()};
    std::memcpy(in, all, sizeof in);
  }

  template <class F>
  void run(std::vector<T>& to, F) {
    to.assign(to.size(), static_cast<T>(1e30));
    using Kernel = Cpu<T, SumReduction<F>, Output::i>;
    CpuCall call{in, to.data(), nullptr, M, N, false, nullptr, nullptr};
    call.out_dim = F::dim;
    Serial serial;
    CHECK(launch(Kernel::kernel, call, serial) == Outcome::done);
  }
};

template <class T, class P, class Q>
void equal(const char* name, P plain, Q named, double tolerance = 0) {
  Data<T> data;
  data.run(data.out[0], plain);
  data.run(data.out[1], named);
  bool holds = true;
  for (std::size_t k = 0; k < static_cast<std::size_t>(M * P::dim); ++k) {
    const auto a = static_cast<double>(data.out[0][k]), c = static_cast<double>(data.out[1][k]);
    holds &= a == c || std::abs(a - c) <= tolerance * (1 + std::abs(a)) ||
             (std::isnan(a) && std::isnan(c));
  }
  if (!holds) std::fprintf(stderr, "%s: with names it is another\n", name);
  CHECK(holds);
}

template <class T, class P, class Q>
void law(const char* name, P plain, Q named) {
  equal<T>(name, plain, named);
  const double tolerance = sizeof(T) == 4 ? 1e-4 : 1e-12;
  if constexpr (P::dim == 1 && occurs<P, Var<0, 3, Category::i>>) {
    equal<T>(name, grad(plain, x, b), grad(named, x, b), tolerance);
    equal<T>(name, diff(plain, x, u), diff(named, x, u), tolerance);
    equal<T>(name, grad(sum(u * grad(plain, x, b)), x, e), grad(sum(u * grad(named, x, b)), x, e),
             100 * tolerance);
  }
}

}  // namespace

int main() {
#define LAW(NAME, ...)                         \
  law<float>(#NAME, plain::NAME, named::NAME); \
  law<double>(#NAME, plain::NAME, named::NAME);
  PARTS(LAW)
  DERIVATIVES(LAW)
  const float p[] = {1, 2, 3}, q[] = {1, 2, 4};
  const float* const in[] = {p, q};
  float out[1];
  reduce<float>(sum_over_j(of_each_file), out, 1, 1, in);
  CHECK(std::abs(out[0] - std::exp(-1.0F)) < 1e-6F && value_elsewhere(p, q) == 6.0F);
  return report("names_test");
}
