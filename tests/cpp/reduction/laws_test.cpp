// The laws of reductions: a gradient, a tangent and derivatives of these are what differences of
// values are, in variables of every kind; what is kept for them changes no value.
#include <keopsnb/keopsnb.hpp>
#include <keopsnb/reduce.hpp>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "check.hpp"

namespace {
using namespace keopsnb;
using Numbers = std::vector<double>;

constexpr i64 M = 4, N = 6;
constexpr auto x = vi<0, 2>;
constexpr auto y = vj<1, 2>;
constexpr auto b = vj<2, 2>;
constexpr auto p = pm<3, 2>;
// Positions: of the gradient, of the rows of the reduction, of their gradient or tangent, of the
// weights of a gradient, of directions.
constexpr int at_e = 4, at_a = 5, at_more = 6, at_weights = 7, at_directions = 8, positions = 12;
using Arrays = std::vector<Numbers>;  // one a position

template <auto V>
constexpr Var<at_directions + V.position, V.dim, V.category> along;
// A variable of the outputs.
template <Output Out, int Position, i64 Dim>
constexpr Var<Position, Dim,
              Out == Output::i   ? Category::i
              : Out == Output::j ? Category::j
                                 : Category::parameter>
    of_output;

constexpr i64 rows_of(Output out) { return out == Output::i ? M : out == Output::j ? N : 1; }

Numbers waves(std::size_t size, double phase) {
  Numbers numbers(size);
  for (std::size_t k = 0; k < size; ++k) numbers[k] = 0.9 + 0.5 * std::sin(phase + 1.7 * double(k));
  return numbers;
}
Arrays arrays() {
  Arrays all(positions);
  for (const int k : {0, int{at_directions}}) {
    all[std::size_t(k)] = waves(M * 2, k);
    all[std::size_t(k) + 1] = waves(N * 2, k + 0.5);
    all[std::size_t(k) + 2] = waves(N * 2, k + 2.5);
    all[std::size_t(k) + 3] = waves(2, k + 1.5);
  }
  return all;
}

template <class R, Output Out>
Numbers run(AxisReduction<R, Out> reduction, const Arrays& arrays) {
  const double* in[positions];
  for (std::size_t k = 0; k < positions; ++k) in[k] = arrays[k].data();
  Numbers out(static_cast<std::size_t>(rows_of(Out) * reduction.dim), 77.0);
  CHECK(reduce<double>(reduction, out.data(), M, N, in) == Outcome::done);
  return out;
}

double dot(const Numbers& v, const Numbers& w) {
  double sum = 0;
  for (std::size_t k = 0; k < v.size(); ++k) sum += v[k] * w[k];
  return sum;
}
void expect_close(const char* name, const Numbers& found, const Numbers& expected) {
  CHECK(found.size() == expected.size());
  for (std::size_t k = 0; k < found.size() && k < expected.size(); ++k) {
    const bool close = std::abs(found[k] - expected[k]) <= 2e-7 * (1 + std::abs(expected[k]));
    if (!close) std::printf("%s: %.12g, expected %.12g\n", name, found[k], expected[k]);
    CHECK(close);
  }
}

// The derivative of f(arrays) at 0, by a difference of fourth order.
template <class F>
Numbers slope(F&& f, const Arrays& at, const Arrays& along) {
  const auto moved = [&](double h) {
    Arrays some = at;
    for (std::size_t k = 0; k < 4; ++k)
      for (std::size_t n = 0; n < some[k].size(); ++n) some[k][n] += h * along[k][n];
    return f(some);
  };
  const double h = 1e-3;
  const Numbers far = moved(2 * h), near = moved(h), back = moved(-h), behind = moved(-2 * h);
  Numbers slopes(far.size());
  for (std::size_t n = 0; n < slopes.size(); ++n)
    slopes[n] = (8 * (near[n] - back[n]) - (far[n] - behind[n])) / (12 * h);
  return slopes;
}
// The gradient of a number in the array at a position.
template <class F>
Numbers slopes(F&& f, const Arrays& at, std::size_t position) {
  Numbers gradient;
  for (std::size_t n = 0; n < at[position].size(); ++n) {
    Arrays along(4);
    for (std::size_t k = 0; k < 4; ++k) along[k].assign(at[k].size(), 0.0);
    along[position][n] = 1;
    gradient.push_back(slope([&](const Arrays& a) { return Numbers{f(a)}; }, at, along)[0]);
  }
  return gradient;
}
Arrays directions(const Arrays& at) {
  return {at.begin() + at_directions, at.begin() + at_directions + 4};
}

// Along the directions of all variables.
template <class Function, class... A>
constexpr auto along_all(Function reduction, A... a) {
  return diff(reduction, x, along<x>, y, along<y>, b, along<b>, p, along<p>, a...);
}

template <class R, Output Out>
struct Laws {
  const char* name;
  Arrays at;

  static constexpr AxisReduction<R, Out> reduction{};
  static constexpr auto whole = kept(reduction);
  static constexpr auto e = of_output<Out, at_e, R::dim>;
  static constexpr auto a = of_output<Out, at_a, whole.dim>;
  static constexpr auto more = of_output<Out, at_more, whole.dim>;

  Laws(const char* what, Arrays given) : name(what), at(std::move(given)) {
    at[at_e] = waves(static_cast<std::size_t>(rows_of(Out) * R::dim), 0.3);
    at[at_a] = run(whole, at);
  }

  // Law: what is kept stands behind the result, which is the same, bit for bit.
  void values() const {
    const Numbers found = run(reduction, at);
    for (std::size_t row = 0; row < static_cast<std::size_t>(rows_of(Out)); ++row)
      CHECK(std::memcmp(&found[row * R::dim], &at[at_a][row * whole.dim], R::dim * 8) == 0);
  }

  // Law: gradients and tangents are differences of values.
  template <class... V>
  void first(V... v) const {
    const auto value = [&](const Arrays& some) { return run(reduction, some); };
    const auto loss = [&](const Arrays& some) { return dot(at[at_e], value(some)); };
    (expect_close(name, run(grad(reduction, v, e, a), at), slopes(loss, at, V::position)), ...);
    expect_close(name, run(along_all(reduction, a), at), slope(value, at, directions(at)));
  }

  // The gradient in v, which moves with the rows of the reduction as well.
  template <class V>
  Numbers moving(V v, const Arrays& some) const {
    Arrays with = some;
    with[at_a] = run(whole, some);
    return run(grad(reduction, v, e, a), with);
  }
  // Law: so it is of gradients: along tangents,
  template <class V>
  void second_along(V v) {
    const auto value = [&](const Arrays& some) { return moving(v, some); };
    at[at_more] = run(along_all(whole, a), at);
    expect_close(name, run(along_all(grad(reduction, v, e, a), a, more), at),
                 slope(value, at, directions(at)));
  }
  // and backwards.
  template <class V, class W>
  void second(V v, W w) {
    constexpr auto gradient = grad(reduction, v, e, a);
    constexpr Var<at_weights, V::dim, V::category> by;
    at[at_weights] = waves(at[V::position].size(), 0.7);
    at[at_more] = run(grad(gradient, a, by), at);
    Numbers found = run(grad(gradient, w, by), at);
    const Numbers through = run(grad(whole, w, more, a), at);
    for (std::size_t k = 0; k < found.size(); ++k) found[k] += through[k];
    const auto loss = [&](const Arrays& some) { return dot(at[at_weights], moving(v, some)); };
    expect_close(name, found, slopes(loss, at, W::position));
  }
};

template <class R, Output Out>
void few(const char* name, AxisReduction<R, Out>, const Arrays& given) {
  Laws<R, Out> laws(name, given);
  laws.values();
  laws.first(x, y, p);
}
template <class R, Output Out>
void tangents(const char* name, AxisReduction<R, Out>, const Arrays& given) {
  Laws<R, Out> laws(name, given);
  laws.values();
  laws.first(x, p);
  laws.second_along(x);
}
template <class R, Output Out>
void all(const char* name, AxisReduction<R, Out>, const Arrays& given) {
  Laws<R, Out> laws(name, given);
  laws.values();
  laws.first(y, b, p);
  laws.second_along(y);
  laws.second(y, x);
}

// Law: where there is no term, what is kept is finite, and derivatives are 0.
template <class R, Output Out>
void none(AxisReduction<R, Out>) {
  Laws<R, Out> laws("no term", arrays());
  Numbers rows(static_cast<std::size_t>(M * laws.whole.dim), 77.0);
  const void* in[positions];
  for (std::size_t k = 0; k < positions; ++k) in[k] = laws.at[k].data();
  CHECK(reduce<double>(laws.whole, rows.data(), M, 0, in) == Outcome::done);
  for (std::size_t k = 0; k < rows.size(); ++k)
    CHECK(static_cast<i64>(k) % laws.whole.dim < R::dim || std::isfinite(rows[k]));
  in[at_a] = rows.data();
  Numbers gradient(M * 2, 77.0);
  CHECK(reduce<double>(grad(laws.reduction, x, laws.e, laws.a), gradient.data(), M, 0, in) ==
        Outcome::done);
  for (const double g : gradient) CHECK(g == 0);
}

// Law: the weights of terms exp(f) that are all 0 have no gradient; where weights add up to 0 it is
// infinite, but not where none comes to.
void infinite() {
  const double inf = std::numeric_limits<double>::infinity();
  constexpr auto reduction = logsumexp_over_j(vj<0, 1>, vj<1, 1>);
  constexpr auto in_weight = grad(reduction, vj<1, 1>, vi<2, 1>, vi<3, 1>);
  const auto by_weights = [&](double term, double weight, double gradient) {
    double value = 77, found = 77;
    CHECK(reduce<double>(reduction, &value, 1, 1, {&term, &weight}) == Outcome::done);
    CHECK(value == -inf);
    CHECK(reduce<double>(in_weight, &found, 1, 1, {&term, &weight, &gradient, &value}) ==
          Outcome::done);
    return found;
  };
  CHECK(by_weights(-inf, 1, 1) == 0);
  CHECK(by_weights(0, 0, 1) == inf);
  CHECK(by_weights(0, 0, 0) == 0);
}

constexpr auto distance = sqdist(x, y) * elem<0>(p);
constexpr auto terms = concat(distance, elem<0>(x) * elem<1>(y) + elem<1>(p));
constexpr auto weights = square(b) + 0.5_c;

}  // namespace

int main() {
  const Arrays given = arrays();
  tangents("Sum", sum_over_j(terms), given);
  all("Mean", mean_over_j(terms), given);
  all("Variance", variance_over_j<1>(terms), given);
  tangents("SumSq", sumsq_over_j(terms), given);
  tangents("Norm2", norm2_over_j(terms), given);
  all("Prod", prod_over_j(x * y), given);
  all("LogSumExp", logsumexp_over_j(distance), given);
  all("LogSumExp of components", logsumexp_over_j(terms, weights), given);
  all("LogSumExp with weights", logsumexp_over_j(distance, weights), given);
  all("SoftMax", softmax_over_j(distance, weights), given);
  all("SoftMax of components", softmax_over_j(terms, weights), given);
  few("Variance over i", variance_over_i(terms), given);
  few("LogSumExp over i", logsumexp_over_i(distance, square(x)), given);
  few("SoftMax over both", softmax_over_ij(terms, weights), given);
  few("Prod over both", prod_over_ij(terms), given);

  Arrays weightless_terms = given;
  weightless_terms[2][2] = weightless_terms[2][5] = weightless_terms[2][8] = 0;
  all("LogSumExp with weights that are 0", logsumexp_over_j(distance, elem<0>(b)),
      weightless_terms);
  all("LogSumExp with vectors of weights that are 0", logsumexp_over_j(distance, square(b)),
      weightless_terms);
  all("LogSumExp of components with weights that are 0", logsumexp_over_j(terms, b),
      weightless_terms);

  // A product of terms of which one is 0, and two are.
  Arrays zeros = given;
  zeros[1][2] = 0;
  all("Prod, one zero", prod_over_j(x * y), zeros);
  zeros[1][6] = 0;
  all("Prod, two zeros", prod_over_j(x * y), zeros);

  none(mean_over_j(terms));
  none(variance_over_j(terms));
  none(prod_over_j(terms));
  none(softmax_over_j(distance, weights));
  infinite();
  return report("laws_test");
}
