// The GPU map-reduce for long vectors and a short result: tiles of pairs, see pairs.hpp.
#pragma once
#include <keopsnb/kernel/gpu/pairs.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

template <class S, class R, Output Out>
struct GpuLong {
  using Storage = S;
  using T = computed_in<S>;
  using Reduction = R;
  static constexpr Category lanes = indexed_by(Out);
  static constexpr i64 window = Reduction::dim;
  static constexpr int state_dim = static_cast<int>(Reduction::state_dim(window));

  // Pairs a thread, by the registers that they take.
  using plan = GpuLongPlan<lanes, typename Reduction::formulas>;
  static constexpr i64 words = sizeof(T) / 4;
  static constexpr i64 held_words = words * plan::held_slots::size;
  static constexpr int packs = held_words <= 1 && words * state_dim <= 2    ? 8
                               : held_words <= 4 && words * state_dim <= 16 ? 4
                                                                            : 2;
  static constexpr int steps = packs == 2 ? 2 : 4;
  using Pairs = GpuPairs<S, typename Reduction::formulas, lanes, packs, steps>;
  static constexpr int positions = Pairs::positions;
  static constexpr int threads = Pairs::threads, resident = 2;  // blocks at a time

  static constexpr int merging = Pairs::side / 2 * Pairs::side * state_dim;
  static constexpr int merging_one = threads / 2 * state_dim;
  static constexpr int shared_bytes =
      static_cast<int>(sizeof(T)) * larger(Pairs::shared_numbers, larger(merging, merging_one));
  static constexpr GpuTraits traits = gpu_traits<S, R>({.window_state = state_dim,
                                                        .threads_least = threads,
                                                        .threads_most = threads,
                                                        .rows = Pairs::rows,
                                                        .tile = Pairs::tile,
                                                        .shared = shared_bytes,
                                                        .one = Out == Output::one});

  KEOPSNB_FN static GpuWindow columns(i64) { return {0, 0, window}; }

  using OneOutput = GpuOneOutput<T, packs>;

  template <class Device>
  KEOPSNB_FN static void run(Device& dev, const GpuCall& call, const GpuInput* inputs) {
    using Evaluation = typename Pairs::template Evaluation<Device>;
    const GpuJob job(call, 1, dev.block(), Pairs::rows);
    typename Pairs::Inputs in;
    KEOPSNB_UNROLL
    for (int k = 0; k < positions; ++k) in.at[k] = job.rows_of(inputs[k]);

    typename Evaluation::Fixed fixed;
    typename Evaluation::Held held;
    Evaluation x{{}, dev,   in,  reinterpret_cast<T*>(dev.shared()), job.begin, job.end - 1, 0,
                 0,  fixed, held};
    fill(x, typename plan::fixed_slots{});
    T state[state_dim * packs];
    KEOPSNB_UNROLL
    for (int s = 0; s < state_dim; ++s) KEOPSNB_UNROLL
    for (int p = 0; p < packs; ++p) state[s * packs + p] = Reduction::template identity<T>(s);

    for (GpuTiles tiles(job, Pairs::tile); tiles.count > 0; tiles.next()) {
      x.j = tiles.at;
      x.count = tiles.count;
      fill(x, typename plan::held_slots{});
      GpuBlock<Reduction, window, T, packs> block(state);
      KEOPSNB_UNROLL
      for (int s = 0; s < Pairs::steps; ++s) {
        if (!x.counts(s)) continue;
        typename Evaluation::AtStep one{{}, x, s, {}};
        fill(one, typename plan::local_slots{});
        Reduction::step(block.numbers(), one);
      }
      block.end();
    }

    // Threads that share outputs have seen different reduced indices.
    T sum[state_dim];
    KEOPSNB_UNROLL
    for (int s = 0; s < state_dim; ++s) sum[s] = Reduction::template identity<T>(s);
    KEOPSNB_UNROLL
    for (int p = 0; p < packs; ++p) {
      T one[state_dim];
      KEOPSNB_UNROLL
      for (int s = 0; s < state_dim; ++s) one[s] = state[s * packs + p];
      merge_lanes<Reduction, state_dim>(dev, one, x.red_lane(), Pairs::side, x.shared);
      const i64 i = job.begin + x.out_place(p);
      if (x.red_lane() > 0 || i >= job.end) continue;
      if constexpr (Out == Output::one)
        Reduction::merge([&](i64 s) KEOPSNB_LAMBDA -> T& { return sum[s]; },
                         [&](i64 s) KEOPSNB_LAMBDA { return one[s]; });
      else
        store_output<GpuLong>(call, job, i, 0, [&](i64 s) KEOPSNB_LAMBDA { return one[s]; });
    }
    if constexpr (Out == Output::one) {
      merge_lanes<Reduction, state_dim>(dev, sum, dev.thread(), threads, x.shared);
      if (dev.thread() == 0)
        store_part<GpuLong>(call, job, 0, [&](i64 s) KEOPSNB_LAMBDA { return sum[s]; });
    }
  }
};

}  // namespace keopsnb::inline KEOPSNB_TARGET
