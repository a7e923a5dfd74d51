// The GPU map-reduce for long results.
//
// A block computes a chunk of the components of the result for a tile of outputs, in two steps for
// each tile of pairs. First the scalars of the pairs, as in pairs.hpp, which go to shared memory.
// Then each thread sums its window of components over the tile's reduced indices, for a few
// outputs, all in registers. A result that is a Concat is computed part by part.
#pragma once
#include <keopsnb/kernel/gpu/part.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {
namespace detail {
template <class R, class F>
struct PartsOf {
  using type = List<R>;
};
// A reduction that names its parts lays out the state of fewer components as the beginning of that
// of more, up to what `step` reads.
template <class R, class... A>
  requires requires { typename R::template part<typename R::result>; }
struct PartsOf<R, Node<op::Concat, A...>> {
  using type = List<typename R::template part<A>...>;
};
}  // namespace detail

template <class R>
using parts_of_result = typename detail::PartsOf<R, unnamed<typename R::result>>::type;

template <class S, class R, Output Out>
struct GpuColumns {
  using Storage = S;
  using T = computed_in<S>;
  using Reduction = R;
  static constexpr Category lanes = indexed_by(Out);
  static constexpr bool one = Out == Output::one;
  using parts = parts_of_result<R>;

  // Components of a thread, by the registers that they take.
  template <class... P>
  static constexpr i64 longest_part(List<P...>) {
    i64 d = 0;
    ((d = P::result::dim > d ? P::result::dim : d), ...);
    return d;
  }
  static constexpr i64 window = sizeof(T) == 4 && longest_part(parts{}) > 64 ? 8 : 4;
  static constexpr int threads = 256;

  template <class P>
  using Part = GpuPart<GpuColumns, P, static_cast<int>(window)>;
  struct Sums {
    int chunks, shared, positions, lane_numbers;
  };
  template <class... P>
  static constexpr Sums sums(List<P...>) {
    Sums s{0, 0, 1, 0};
    ((s.chunks += Part<P>::chunks, s.shared = larger(s.shared, Part<P>::shared_numbers),
      s.positions = larger(s.positions, Part<P>::positions),
      s.lane_numbers = larger(s.lane_numbers, Part<P>::lane_numbers)),
     ...);
    return s;
  }
  static constexpr Sums all = sums(parts{});
  static constexpr int positions = all.positions;
  // Blocks at a time on a multiprocessor, where registers allow it.
  static constexpr int resident = window == 4 && sizeof(T) == 4 && all.lane_numbers <= 4 ? 2 : 1;
  static constexpr int side = gpu_side;
  static constexpr GpuTraits traits =
      gpu_traits<S, R>({.chunks = all.chunks,
                        .windows = all.chunks * side,
                        .window_state = static_cast<int>(R::state_dim(window)),
                        .threads_least = threads,
                        .threads_most = threads,
                        .rows = 64,
                        .tile = 64,
                        .shared = all.shared * static_cast<int>(sizeof(T)),
                        .one = one});

  // f(part, its first chunk, its first component) for the part of a chunk.
  template <class F, class... P>
  KEOPSNB_FN static void with_part(i64 chunk, F&& f, List<P...>) {
    i64 first_chunk = 0, first_column = 0;
    ((chunk >= first_chunk && chunk < first_chunk + Part<P>::chunks
          ? f(Part<P>{}, first_chunk, first_column)
          : void(),
      first_chunk += Part<P>::chunks, first_column += P::result::dim),
     ...);
  }

  KEOPSNB_FN static GpuWindow columns(i64 which) {
    GpuWindow w{};
    with_part(
        which / side,
        [&]<class P>(P, i64 first_chunk, i64 first_column) KEOPSNB_LAMBDA {
          w = P::columns(which - first_chunk * side);
          w.first += first_column;
          w.begin += first_column;
          w.end += first_column;
        },
        parts{});
    return w;
  }

  template <class Device>
  KEOPSNB_FN static void run(Device& dev, const GpuCall& call, const GpuInput* inputs) {
    const GpuJob job(call, all.chunks, dev.block(), traits.rows);
    with_part(
        job.chunk,
        [&]<class P>(P, i64 first_chunk, i64) KEOPSNB_LAMBDA {
          typename P::Inputs in;
          KEOPSNB_UNROLL
          for (int k = 0; k < P::positions; ++k) in.at[k] = job.rows_of(inputs[k]);
          P::run(dev, call, job, in, first_chunk);
        },
        parts{});
  }
};

}  // namespace keopsnb::inline KEOPSNB_TARGET
