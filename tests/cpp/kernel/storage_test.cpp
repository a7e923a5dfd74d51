// Numbers in memory that are computed in another type: their conversions, and CPU kernels of them.
#include <keopsnb/reduce.hpp>

#include <cstring>
#include <limits>
#include <vector>

#include "check.hpp"

using namespace keopsnb;

namespace {

// Numbers of S, the floats that they are, and a place for as many results of each.
template <class S>
std::vector<S> numbers(i64 n, unsigned seed, float scale = 1.0F) {
  std::vector<S> all;
  for (i64 k = 0; k < n; ++k) {
    seed = seed * 1664525U + 1013904223U;
    all.push_back(to_storage<S>(scale * (static_cast<float>(seed >> 8) * 0x1p-23F - 1.0F)));
  }
  return all;
}
template <class S>
std::vector<float> widened(const std::vector<S>& narrow) {
  std::vector<float> all;
  for (const S number : narrow) all.push_back(from_storage(number));
  return all;
}

bool same_bits(float a, float b) {
  const auto bits = [](float f) { return __builtin_bit_cast(unsigned, f); };
  return bits(a) == bits(b) || (a != a && b != b);
}

// Law: a pack of numbers is converted as each of them alone, as by the exact rule, for every
// pattern of bits, at any place and for any count.
template <class S>
void conversions() {
  std::vector<S> all;
  for (unsigned bits = 0; bits < 1U << (8 * sizeof(S)); ++bits)
    all.push_back({static_cast<decltype(S::bits)>(bits)});
  const i64 count = static_cast<i64>(all.size());
  for (const i64 begin : {0, 1, 3})
    for (const i64 end : {count, count - 1, begin, begin + 5}) {
      std::vector<float> found(static_cast<std::size_t>(end - begin) + 1, 7.0F);
      widen(all.data() + begin, found.data(), end - begin);
      bool equal = found.back() == 7.0F;
      for (i64 k = begin; k < end; ++k) {
        const S number = all[static_cast<std::size_t>(k)];
        const float exact = Widened<S, float>::of(number.bits);
        equal &= same_bits(found[static_cast<std::size_t>(k - begin)], exact);
        equal &= same_bits(from_storage(number), exact);
      }
      CHECK(equal);
    }
}

// The exact rule, as powers of 2, for numbers with so many bits of exponent and of mantissa.
template <class S>
void are_what_they_mean(int exponent_bits, int mantissa_bits) {
  const unsigned least = 1U << mantissa_bits, top = (1U << exponent_bits) - 1;
  bool equal = true;
  for (unsigned bits = 0; bits < 1U << (8 * sizeof(S) - 1); ++bits) {
    const unsigned exponent = bits >> mantissa_bits, mantissa = bits & (least - 1);
    const float found = from_storage(S{static_cast<decltype(S::bits)>(bits)});
    const double wanted = exponent == top
                              ? (mantissa ? std::numeric_limits<double>::quiet_NaN()
                                          : std::numeric_limits<double>::infinity())
                              : __builtin_ldexp(exponent ? mantissa + least : mantissa,
                                                static_cast<int>(exponent ? exponent : 1) -
                                                    static_cast<int>(top / 2) - mantissa_bits);
    equal &= same_bits(found, static_cast<float>(wanted));
    const unsigned sign = 1U << (8 * sizeof(S) - 1);
    const float opposite = from_storage(S{static_cast<decltype(S::bits)>(bits | sign)});
    equal &= same_bits(opposite, static_cast<float>(-wanted));
  }
  CHECK(equal);
}

// Law: a reduction of narrow numbers is that of the same numbers as float, rounded once.
template <class S, class Reduction, Output Out>
void as_float(AxisReduction<Reduction, Out> reduction, i64 M, i64 N, i64 dim_i, i64 dim_j) {
  const auto xs = numbers<S>(M * dim_i, 1), ys = numbers<S>(N * dim_j, 2), ps = numbers<S>(4, 3);
  const auto wide_x = widened(xs), wide_y = widened(ys), wide_p = widened(ps);
  std::vector<int> ks(static_cast<std::size_t>(N));
  for (i64 j = 0; j < N; ++j) ks[static_cast<std::size_t>(j)] = static_cast<int>(j * 7 % 4);
  const void* in[] = {xs.data(), ys.data(), ps.data(), ks.data()};
  const void* wide_in[] = {wide_x.data(), wide_y.data(), wide_p.data(), ks.data()};
  const i64 outputs = Out == Output::one ? 1 : Out == Output::j ? N : M;
  const auto size = static_cast<std::size_t>(outputs * reduction.dim) + 1;
  const S poison = to_storage<S>(7.0F);
  std::vector<S> found(size, poison);
  std::vector<float> wanted(size, 7.0F);
  std::vector<i64> places(size, 7), wanted_places(size, 7);
  const auto call = [&](const CpuKernel& kernel, const void* const* inputs, void* out, i64* at) {
    CpuCall task{
        inputs,  out,    at, Out == Output::j ? N : M, Out == Output::j ? M : N, Out == Output::one,
        nullptr, nullptr};
    Serial serial;
    CHECK(launch(kernel, task, serial) == Outcome::done);
  };
  call(Cpu<S, Reduction, Out>::kernel, in, found.data(), places.data());
  call(Cpu<float, Reduction, Out>::kernel, wide_in, wanted.data(), wanted_places.data());
  bool equal = places == wanted_places;
  for (std::size_t k = 0; k < size; ++k) equal &= found[k].bits == to_storage<S>(wanted[k]).bits;
  CHECK(equal);
}

template <class S, int D>
void reductions(i64 M, i64 N) {
  constexpr auto x = vi<0, D>;
  constexpr auto y = vj<1, D>;
  constexpr auto distance = sqdist(x, y) * pm<2, 4>;
  as_float<S>(sum_over_j(distance), M, N, D, D);
  as_float<S>(sum_over_i(distance), M, N, D, D);
  as_float<S>(sum_over_ij(distance), M, N, D, D);
  as_float<S>(over_j(kmin_argkmin_reduction<2>(sqdist(x, y))), M, N, D, D);
  as_float<S>(over_j(kmin_argkmin_reduction<40>(sqdist(x, y))), M, N, D, D);
  as_float<S>(over_j(sum_reduction(take<1>(pm<2, 4>, vj_integer<3, 1>) * exp(x * y))), M, N, D, D);
  as_float<S>(over_j(max_reduction(y)), M, N, D, D);
}

}  // namespace

int main() {
  conversions<float16>();
  conversions<bfloat16>();
  are_what_they_mean<float16>(5, 10);
  are_what_they_mean<bfloat16>(8, 7);
  for (i64 M : {1, 17, 300})
    for (i64 N : {2, 127, 129, 1003}) {
      reductions<float16, 1>(M, N);
      reductions<float16, 3>(M, N);
      reductions<bfloat16, 3>(M, N);
      reductions<bfloat16, 19>(M, N);
      reductions<float16, 700>(M, N);
    }
  return report("storage_test");
}
