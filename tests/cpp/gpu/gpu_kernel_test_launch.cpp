// A reduction cut into blocks, and 16-bit numbers in memory. Arithmetic, without a kernel.
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "check.hpp"
#include "emulation.hpp"

using namespace keopsnb;
using emulation::size;

namespace {

// ---- Launches ----------------------------------------------------------------------------------

bool power_of_two(i64 n) { return n > 0 && (n & (n - 1)) == 0; }

GpuCall call_of(const GpuSizes& sizes, const GpuLaunch& l) {
  GpuCall call{};
  call.outputs = sizes.outputs;
  call.reduced = sizes.reduced;
  call.tiles = l.tiles;
  call.splits = l.splits;
  call.reduced_per_split = l.reduced_per_split;
  for (i64& n : call.batch_shape) n = 1;
  call.batch_shape[gpu_batch_dims - 1] = sizes.batches;
  return call;
}

// Law: threads, shared memory and the memory of states are what the kernel is made for.
void within_traits(const GpuTraits& traits, const GpuSizes& sizes, const GpuLaunch& l) {
  CHECK(power_of_two(l.threads));
  CHECK(l.threads >= traits.threads_least && l.threads <= traits.threads_most);
  CHECK(l.shared <= traits.shared);
  CHECK(l.shared * (traits.threads_most / l.threads) >= traits.shared);
  CHECK(l.blocks == l.tiles * l.splits * traits.chunks * sizes.batches);
  const i64 outputs = traits.one ? 1 : sizes.outputs;
  const bool merges = traits.one || l.splits > 1;
  CHECK(l.parts == (traits.one ? l.tiles * l.splits : l.splits));
  CHECK(l.state_bytes == (merges ? sizes.batches * l.parts * traits.windows * traits.window_state *
                                       outputs * traits.number_bytes
                                 : 0));
  if (!merges) {
    CHECK(l.merge_blocks == 0);
    return;
  }
  const i64 result = sizes.batches * outputs * traits.out_dim *
                     (traits.values * traits.storage_bytes + traits.indices * 8);
  CHECK((traits.one && l.splits == 1) ||
        l.state_bytes <= (result > gpu_state_bytes ? result : gpu_state_bytes));
  CHECK(power_of_two(l.merge_group) && l.merge_group <= gpu_merge_threads);
  const i64 threads = sizes.batches * outputs * traits.windows * l.merge_group;
  CHECK(l.merge_blocks * gpu_merge_threads >= threads);
  CHECK((l.merge_blocks - 1) * gpu_merge_threads < threads);
}

// Law: every multiprocessor has two blocks, if there are so many of one tile, if the states of
// their splits have room, and if a thread has enough to do; else there is one launch.
void keeps_busy(const GpuTraits& traits, const GpuSizes& sizes, const GpuLaunch& l) {
  const i64 least = traits.threads_most / traits.threads_least;
  const auto parts = [](i64 n, i64 size) { return (n + size - 1) / size; };
  const i64 tiles = parts(sizes.outputs, traits.rows / least) * sizes.batches * traits.chunks;
  i64 splits = traits.merge_block ? sizes.reduced / (8 * traits.tile)
                                  : parts(sizes.reduced, traits.tile / least);
  const i64 state =
      sizes.batches * traits.windows * traits.window_state * sizes.outputs * traits.number_bytes;
  if (!traits.one && state > 0 && gpu_state_bytes / state < splits)
    splits = gpu_state_bytes / state > 0 ? gpu_state_bytes / state : 1;
  const i64 rows = traits.rows / (traits.threads_most / l.threads);
  if (!traits.one && !traits.merge_block &&
      static_cast<double>(sizes.reduced) * static_cast<double>(rows) / l.threads *
              traits.pair_numbers <=
          gpu_split_work) {
    CHECK(l.splits == 1);
    return;
  }
  const i64 possible = tiles * (splits > 0 ? splits : 1), wanted = 2 * sizes.multiprocessors;
  CHECK(l.blocks >= (possible < wanted ? possible : wanted));
}

// Law: a launch is no longer than it should be, or has just enough blocks for a round.
void ends_soon(const GpuTraits& traits, const GpuSizes& sizes, const GpuLaunch& l) {
  CHECK(l.blocks_at_once >= 1 && l.blocks_at_once <= gpu_most_blocks);
  CHECK(l.blocks_at_once <= l.blocks || l.blocks == 0);
  const i64 rows = traits.rows / (traits.threads_most / l.threads);
  const i64 round = sizes.multiprocessors * (1024 / l.threads);
  const double work = static_cast<double>(l.blocks_at_once) * static_cast<double>(rows) *
                      static_cast<double>(l.reduced_per_split) * traits.pair_numbers;
  CHECK(work <= gpu_launch_work * sizes.multiprocessors || l.blocks_at_once <= round);
  // None is so short that launching counts.
  CHECK(l.blocks_at_once >= l.blocks || l.blocks_at_once % round == 0 ||
        l.blocks_at_once == gpu_most_blocks);
}

// Law: each pair of an output and a reduced index belongs to one block of each batch and chunk.
void covers(const GpuTraits& traits, const GpuSizes& sizes, const GpuLaunch& l) {
  const i64 rows = traits.rows / (traits.threads_most / l.threads);
  CHECK(l.tiles * rows >= sizes.outputs && (l.tiles - 1) * rows < sizes.outputs);
  CHECK(l.splits >= 1 && l.splits * l.reduced_per_split >= sizes.reduced);
  CHECK(l.splits == 1 || (l.splits - 1) * l.reduced_per_split < sizes.reduced);
  if (l.blocks == 0 || l.blocks > gpu_most_blocks) return;
  // Tiles and splits are disjoint by their size; blocks number them without a gap.
  const GpuCall call = call_of(sizes, l);
  const i64 step = l.blocks / 97 + 1;
  const char* const data = reinterpret_cast<const char*>(4096);
  for (i64 k = 0; k < l.blocks + step; k += step) {
    const i64 block = k < l.blocks ? k : l.blocks - 1;
    const GpuJob job(call, traits.chunks, block, rows);
    CHECK(((job.batch * traits.chunks + job.chunk) * l.splits + job.split) * l.tiles + job.tile ==
          block);
    CHECK(job.begin == job.tile * rows && job.begin < sizes.outputs && job.end == sizes.outputs);
    CHECK(job.from == job.split * l.reduced_per_split);
    const i64 to = job.from + l.reduced_per_split;
    CHECK(job.to == (to < sizes.reduced ? to : sizes.reduced));
    const GpuInput input{data, {0, 0, 0, 1000}};
    CHECK(job.rows_of(input) == data + 1000 * job.batch);
  }
}

// The same, by counting.
void covers_once(const GpuTraits& traits, const GpuSizes& sizes, const GpuLaunch& l) {
  const i64 rows = traits.rows / (traits.threads_most / l.threads);
  const i64 tile = traits.tile / (traits.threads_most / l.threads);
  const GpuCall call = call_of(sizes, l);
  std::vector<int> seen(size(sizes.batches * traits.chunks * sizes.outputs * sizes.reduced));
  for (i64 block = 0; block < l.blocks; ++block) {
    const GpuJob job(call, traits.chunks, block, rows);
    for (GpuTiles tiles(job, tile); tiles.count > 0; tiles.next()) {
      CHECK(tiles.count <= tile);
      for (i64 o = job.begin; o < job.end && o < job.begin + rows; ++o)
        for (int r = 0; r < tiles.count; ++r)
          ++seen[size(((job.batch * traits.chunks + job.chunk) * sizes.outputs + o) *
                          sizes.reduced +
                      tiles.at + r)];
    }
  }
  int wrong = 0;
  for (int n : seen) wrong += n != 1;
  CHECK(wrong == 0);
}

template <class S, class Reduction, Output Out>
void launches(AxisReduction<Reduction, Out>) {
  constexpr GpuTraits traits = Gpu<S, Reduction, Out>::traits;
  static_assert(traits.shared <= 64 * 1024, "the least of all GPUs from sm_75 on");
  i64 most_splits = 0, most_group = 0;
  for (i64 outputs : {0, 1, 31, 100, 129, 1000, 4097, 10000, 100000, 1000000, 1000000000})
    for (i64 reduced : {0, 1, 33, 100, 1000, 2051, 10000, 1000000, 1000000000})
      for (i64 batches : {1, 2, 1000})
        for (int multiprocessors : {1, 132}) {
          const GpuSizes sizes{.outputs = outputs,
                               .reduced = reduced,
                               .batches = batches,
                               .multiprocessors = multiprocessors};
          const GpuLaunch l = gpu_launch(traits, sizes);
          within_traits(traits, sizes, l);
          keeps_busy(traits, sizes, l);
          ends_soon(traits, sizes, l);
          covers(traits, sizes, l);
          if (outputs <= 5000 && reduced <= 5000 && outputs * reduced * batches <= 600000)
            covers_once(traits, sizes, l);
          if (batches == 1) CHECK(l.blocks <= gpu_most_blocks);
          most_splits = l.splits > most_splits ? l.splits : most_splits;
          most_group = l.merge_group > most_group ? l.merge_group : most_group;
        }
  CHECK(most_splits > 100 && most_group > 8);
}

// ---- 16-bit numbers ----------------------------------------------------------------------------

// A sign, exponent bits and mantissa bits, by their definition. Infinity is the number that would
// come after the largest: what rounds to it overflows.
template <int Exponent, int Mantissa>
double magnitude(unsigned bits) {
  const int exponent = static_cast<int>(bits >> Mantissa & ((1U << Exponent) - 1));
  const int bias = (1 << (Exponent - 1)) - 1;
  const double mantissa = bits & ((1U << Mantissa) - 1);
  return exponent == 0 ? std::ldexp(mantissa, 1 - bias - Mantissa)
                       : std::ldexp(mantissa + (1 << Mantissa), exponent - bias - Mantissa);
}

float bits_to_float(std::uint32_t bits) {
  float f;
  std::memcpy(&f, &bits, sizeof f);
  return f;
}

template <class S, int Exponent, int Mantissa>
struct Format {
  static constexpr int sign_at = 8 * sizeof(S) - 1;
  static constexpr unsigned magnitudes = (1U << sign_at) - 1;
  static constexpr unsigned infinity = ((1U << Exponent) - 1) << Mantissa;
  static double value(unsigned bits) { return magnitude<Exponent, Mantissa>(bits); }

  // Law: to the nearest, of two the one with an even last bit.
  static bool rounds(float a) {
    const unsigned found = to_storage<S>(a).bits, m = found & magnitudes;
    if (std::isnan(a)) return m > infinity;
    if ((found >> sign_at != 0) != std::signbit(a) || m > infinity) return false;
    if (std::isinf(a)) return m == infinity;
    const double x = std::abs(static_cast<double>(a)), error = std::abs(value(m) - x);
    const double below = m > 0 ? std::abs(value(m - 1) - x) : 1e300;
    const double above = m < infinity ? std::abs(value(m + 1) - x) : 1e300;
    if (m == infinity && x > value(m)) return true;
    const bool even = m % 2 == 0;
    return (error < below || (error == below && even)) &&
           (error < above || (error == above && even));
  }

  // Law: numbers are exact in float and come back; NaN stays NaN.
  static void round_trip() {
    for (unsigned bits = 0; bits < 2U << sign_at; ++bits) {
      const unsigned m = bits & magnitudes;
      const float f = from_storage(S{static_cast<decltype(S::bits)>(bits)});
      if (m > infinity) {
        CHECK(std::isnan(f));
        CHECK((to_storage<S>(f).bits & magnitudes) > infinity);
        continue;
      }
      CHECK(std::signbit(f) == (bits >> sign_at != 0));
      CHECK(m == infinity ? std::isinf(f) : std::abs(static_cast<double>(f)) == value(m));
      CHECK(to_storage<S>(f).bits == bits);
    }
  }

  static void rounding() {
    for (unsigned m = 0; m < infinity; ++m) {
      // Between neighbours; exact in float.
      const float middle = static_cast<float>((value(m) + value(m + 1)) / 2);
      const float huge = bits_to_float(0x7f7fffffU);
      for (float a : {middle, std::nextafter(middle, 0.0F), std::nextafter(middle, huge)}) {
        CHECK(rounds(a));
        CHECK(rounds(-a));
      }
    }
    std::uint32_t random = 12345;
    for (int k = 0; k < 300000; ++k) {
      random = random * 1664525U + 1013904223U;
      CHECK(rounds(bits_to_float(random ^ random >> 15)));
    }
    for (std::uint32_t special : {0x7f800000U, 0xff800000U, 0x7f800001U, 0x7fffffffU, 0xffc00000U,
                                  0x7f7fffffU, 0x00000001U, 0x80000000U})
      CHECK(rounds(bits_to_float(special)));
  }
};

}  // namespace

int main() {
  constexpr auto x = vi<0, 3>;
  constexpr auto y = vj<1, 3>;
  constexpr auto far = exp(-sqdist(vi<3, 100>, vj<4, 100>));
  launches<float>(sum_over_j(exp(-sqdist(x, y))));
  launches<float16>(sum_over_ij(exp(-sqdist(x, y))));
  launches<double>(logsumexp_over_i(scalprod(x, y), vi<2, 3>));
  launches<float>(sum_over_j(far));
  launches<double>(sum_over_ij(far));
  launches<float>(sum_over_j(far * vj<2, 130>));
  launches<double>(sum_over_ij(far * vj<2, 70>));
  launches<double>(sum_over_j(exp(-sqdist(vi<0, 32>, vj<1, 32>)) * vj<2, 1>));
  launches<float>(over_j(argmin_reduction(sqdist(x, y))));
  launches<float>(over_j(kmin_reduction<1024>(sqdist(x, y))));
  launches<double>(over_j(argkmin_reduction<1024>(x * y)));
  launches<float>(AxisReduction<decltype(kmax_reduction<600>(scalprod(x, y))), Output::one>{});
  Format<float16, 5, 10>::round_trip();
  Format<float16, 5, 10>::rounding();
  Format<bfloat16, 8, 7>::round_trip();
  Format<bfloat16, 8, 7>::rounding();
  return report("gpu_kernel_test_launch");
}
