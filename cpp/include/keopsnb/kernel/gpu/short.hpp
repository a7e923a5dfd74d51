// The GPU map-reduce for vectors that fit in registers.
//
// A thread keeps several outputs in registers and runs over tiles of the reduced side in shared
// memory, where all threads read the same row at once. Two tiles take turns: while one is used, the
// next is on its way from memory, and one barrier a tile suffices.
#pragma once
#include <keopsnb/kernel/gpu/device.hpp>
#include <keopsnb/kernel/gpu/plan.hpp>
#include <keopsnb/kernel/gpu/states.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

template <class S, class R, Output Out>
struct GpuShort {
  using Storage = S;
  using T = computed_in<S>;
  using Reduction = R;
  static constexpr i64 window = R::dim;
  static constexpr Category lanes = indexed_by(Out), reduced = opposite(lanes);
  using plan = GpuPlan<lanes, typename Reduction::formulas>;
  using nodes = typename plan::nodes;
  using row_nodes = typename plan::row;
  using lane_variables = variables_of<lanes, nodes>;

  static constexpr int positions = gpu_positions<nodes>;
  static constexpr i64 lane_dim = offset_of<void>(lane_variables{});
  static constexpr i64 row_dim = offset_of<void>(row_nodes{});
  static constexpr i64 block_dim = Reduction::block_dim(window);
  static constexpr i64 state_dim = Reduction::state_dim(window);

  // Rows begin where a wide load may. Not even one without numbers is empty: it is copied.
  static constexpr int wide = 16 / sizeof(T);
  static constexpr i64 row_stride = wide * larger(1, static_cast<int>(row_dim + wide - 1) / wide);

  // Short rows are in registers on their way to the next tile.
  static constexpr bool prefetches = row_dim <= 8;

  // 32-bit registers, about: of each output of a thread, and of all of them together.
  static constexpr i64 words = sizeof(T) / 4;
  static constexpr i64 registers_each =
      words * (lane_dim + block_dim + state_dim + plan::template slot_dim<Stage::fixed> +
               plan::template slot_dim<Stage::pair> / 2);
  static constexpr i64 registers_shared = words * row_stride * (prefetches ? 2 : 1) + 30;
  static constexpr i64 registers(i64 outputs) {
    return registers_shared + outputs * registers_each;
  }
  static constexpr int packs = registers(4) <= 160 ? 4 : registers(2) <= 168 ? 2 : 1;
  static constexpr int threads = 128, resident = 1;

  static constexpr int buffer_numbers = static_cast<int>(2 * row_stride);  // a thread
  static constexpr int shared_bytes =
      threads * static_cast<int>(sizeof(T)) *
      larger(buffer_numbers, Out == Output::one ? static_cast<int>(state_dim + 1) / 2 : 0);
  // In 64 KiB, what all GPUs have.
  static constexpr bool fits =
      longest_of(nodes{}) <= 32 && registers(1) <= 200 && shared_bytes <= 65536;
  static constexpr GpuTraits traits = gpu_traits<S, R>({.window_state = static_cast<int>(state_dim),
                                                        .threads_least = 32,
                                                        .threads_most = threads,
                                                        .rows = threads * packs,
                                                        .tile = threads,
                                                        .shared = shared_bytes,
                                                        .one = Out == Output::one});

  struct Inputs {
    const void* at[positions];
  };

  template <class V>
  KEOPSNB_FN static T load(const Inputs& in, i64 row, i64 c) {
    return load_number<V, S>(in.at[V::position], row * V::dim + c);
  }

  // The row nodes of reduced index j, from memory.
  using RowPlan = Plan<reduced, typename plan::computed_in_row>;
  struct RowEvaluation : EvaluationOf<RowPlan, T, lanes, 1, 1> {
    const Inputs& in;
    i64 j;
    Slots<RowEvaluation, slots_of<RowPlan, false>> fixed;
    Slots<RowEvaluation, slots_of<RowPlan, true>> varying;

    template <class F>
    KEOPSNB_FN auto& slot_at(i64 c) {
      if constexpr (RowPlan::template varies<F>)
        return slot<F>(varying, c);
      else
        return slot<F>(fixed, c);
    }
    template <class V>
    KEOPSNB_FN tile_of<RowEvaluation, V> variable(i64 c) {
      return {{load<V>(in, V::category == reduced ? j : 0, c)}};
    }
    KEOPSNB_FN RowEvaluation& at_step(int) { return *this; }
  };

  struct alignas(16) TileRow {
    T number[row_stride];
  };

  KEOPSNB_FN static void load_row(TileRow& row, const Inputs& in, i64 j) {
    RowEvaluation x{{}, in, j, {}, {}};
    fill(x, slots_of<RowPlan, false>{});
    fill(x, slots_of<RowPlan, true>{});
    for_each(
        [&]<class N>(N) KEOPSNB_LAMBDA {
          constexpr i64 offset = offset_of<N>(row_nodes{});
          for_components<N::dim>([&](i64 c) KEOPSNB_LAMBDA {
            if constexpr (operands_of<N>::size == 0)
              row.number[offset + c] = load<N>(in, j, c);
            else
              row.number[offset + c] = get<N>(x, c).at(0, 0);
          });
        },
        row_nodes{});
  }

  // The variables and slots of the outputs of this thread and one row.
  struct Evaluation : EvaluationOf<plan, T, lanes, packs, 1> {
    using Fixed = Slots<Evaluation, typename plan::template slots_of<Stage::fixed>>;
    using Pair = Slots<Evaluation, typename plan::template slots_of<Stage::pair>>;

    const Inputs& in;
    const T* lane_values;
    Fixed& fixed;
    Pair& pair;
    const TileRow& row;
    integer_of<T> j;

    KEOPSNB_FN static bool counts(int) { return true; }
    KEOPSNB_FN integer_of<T> index(int) const { return j; }
    KEOPSNB_FN Evaluation& at_step(int) { return *this; }

    template <class F>
    KEOPSNB_FN auto& slot_at(i64 c) {
      if constexpr (plan::template varies<F>)
        return slot<F>(pair, c);
      else
        return slot<F>(fixed, c);
    }
    template <class F>
    KEOPSNB_FN tile_of<Evaluation, F> slotted(i64 c) {
      if constexpr (plan::template stage<F> == Stage::row)
        return {{row.number[offset_of<F>(row_nodes{}) + (F::dim == 1 ? 0 : c)]}};
      else
        return slot_at<F>(c);
    }
    template <class V>
    KEOPSNB_FN tile_of<Evaluation, V> variable(i64 c) {
      tile_of<Evaluation, V> t;
      if constexpr (V::category == lanes) {
        constexpr i64 offset = offset_of<V>(lane_variables{});
        KEOPSNB_UNROLL
        for (int p = 0; p < packs; ++p) t.at(p, 0) = lane_values[(offset + c) * packs + p];
      } else if constexpr (V::category == reduced) {
        t.at(0, 0) = row.number[offset_of<V>(row_nodes{}) + c];
      } else {
        t.at(0, 0) = load<V>(in, 0, c);
      }
      return t;
    }
  };

  using OneOutput = GpuOneOutput<T, packs>;

  // Kept small, so that the inner loop stays in the instruction cache.
  static constexpr int unrolled_rows =
      R::ranks == 1 && nodes::size * longest_of(nodes{}) * packs <= 200 ? 4 : 1;

  template <class Device>
  KEOPSNB_FN static void run(Device& dev, const GpuCall& call, const GpuInput* inputs) {
    const int team = dev.threads(), thread = dev.thread();
    const GpuJob job(call, 1, dev.block(), static_cast<i64>(team) * packs);
    Inputs in;
    KEOPSNB_UNROLL
    for (int k = 0; k < positions; ++k) in.at[k] = job.rows_of(inputs[k]);

    T lane_values[(lane_dim > 0 ? lane_dim : 1) * packs];
    for_each(
        [&]<class V>(V) KEOPSNB_LAMBDA {
          constexpr i64 offset = offset_of<V>(lane_variables{});
          KEOPSNB_UNROLL
          for (int p = 0; p < packs; ++p) {
            const i64 wanted = job.begin + p * team + thread;
            const i64 i = wanted < job.end ? wanted : job.end - 1;  // beyond: repeated, not stored
            for_components<V::dim>([&](i64 c) KEOPSNB_LAMBDA {
              lane_values[(offset + c) * packs + p] = load<V>(in, i, c);
            });
          }
        },
        lane_variables{});

    typename Evaluation::Fixed fixed;
    {
      typename Evaluation::Pair none;
      TileRow no_row;
      Evaluation x{{}, in, lane_values, fixed, none, no_row, 0};
      fill(x, typename plan::template slots_of<Stage::fixed>{});
    }
    T state[state_dim * packs];
    KEOPSNB_UNROLL
    for (int s = 0; s < state_dim; ++s) KEOPSNB_UNROLL
    for (int p = 0; p < packs; ++p) state[s * packs + p] = Reduction::template identity<T>(s);

    TileRow* tile = reinterpret_cast<TileRow*>(dev.shared());
    TileRow* other = tile + team;
    GpuTiles tiles(job, team);
    if (thread < tiles.count) load_row(tile[thread], in, tiles.at + thread);
    while (tiles.count > 0) {
      const int count = tiles.count;
      const auto first = static_cast<integer_of<T>>(tiles.at);
      tiles.next();
      dev.sync();
      TileRow next;
      if (prefetches && thread < tiles.count) load_row(next, in, tiles.at + thread);

      GpuBlock<Reduction, window, T, packs> block(state);
      KEOPSNB_UNROLL_BY(unrolled_rows)
      for (int r = 0; r < count; ++r) {
        const TileRow row = tile[r];
        typename Evaluation::Pair pair;
        Evaluation x{{}, in, lane_values, fixed, pair, row, first + r};
        fill(x, typename plan::template slots_of<Stage::pair>{});
        Reduction::step(block.numbers(), x);
      }
      block.end();

      if (thread < tiles.count) {
        if constexpr (prefetches)
          other[thread] = next;
        else
          load_row(other[thread], in, tiles.at + thread);
      }
      TileRow* const used = tile;
      tile = other;
      other = used;
    }

    T sum[state_dim];
    KEOPSNB_UNROLL
    for (int s = 0; s < state_dim; ++s) sum[s] = Reduction::template identity<T>(s);
    KEOPSNB_UNROLL
    for (int p = 0; p < packs; ++p) {
      const i64 i = job.begin + p * team + thread;
      if (i >= job.end) continue;
      if constexpr (Out == Output::one)
        Reduction::merge([&](i64 s) KEOPSNB_LAMBDA -> T& { return sum[s]; }, OneOutput{state + p});
      else
        store_output<GpuShort>(call, job, i, 0, OneOutput{state + p});
    }
    if constexpr (Out == Output::one) {
      merge_lanes<Reduction, static_cast<int>(state_dim)>(dev, sum, thread, team,
                                                          reinterpret_cast<T*>(dev.shared()));
      if (thread == 0)
        store_part<GpuShort>(call, job, 0, [&](i64 s) KEOPSNB_LAMBDA { return sum[s]; });
    }
  }

  KEOPSNB_FN static GpuWindow columns(i64) { return {0, 0, window}; }
};

}  // namespace keopsnb::inline KEOPSNB_TARGET
