// One part of a long result: its components for a tile of outputs, see columns.hpp.
#pragma once
#include <keopsnb/kernel/gpu/pairs.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {
namespace detail {
// Of a plan, the scalars of a stage that vectors or the reduction read.
template <class Plan, Stage S>
struct ExportRule {
  struct Vectors {
    template <class F>
    static constexpr bool keeps = (F::dim > 1);
  };
  template <class F>
  static constexpr bool read_by_vectors =
      Edges<typename Plan::nodes>::template read_by<Vectors, F>() ||
      Plan::roots::template count<F> != 0;
  // Row variables are scalars of a row as well.
  template <class F>
  static constexpr bool keeps =
      F::dim == 1 && Plan::template stage<F> == S &&
      (Plan::template slotted<F> || (S == Stage::row && operands_of<F>::size == 0)) &&
      read_by_vectors<F>;
};
}  // namespace detail

// One part of the result; threads have windows of W of its components.
template <class Kernel, class R, int W>
struct GpuPart {
  using S = typename Kernel::Storage;
  using T = computed_in<S>;
  using F = typename R::result;
  static constexpr Category lanes = Kernel::lanes, reduced = opposite(lanes);
  using plan = GpuLongPlan<lanes, typename R::formulas>;
  using nodes = typename plan::nodes;

  static constexpr int side = gpu_side, threads = side * side, packs = 4;
  static constexpr int chunk = side * W;  // components of a block
  static constexpr i64 window = W;
  static constexpr i64 dim = F::dim, own = dim < W ? dim : W;
  static constexpr int chunks = static_cast<int>((dim + chunk - 1) / chunk);
  static constexpr int state_dim = static_cast<int>(R::state_dim(W));

  using pair_exports = filter<detail::ExportRule<plan, Stage::pair>, nodes>;
  using row_exports = filter<detail::ExportRule<plan, Stage::row>, nodes>;

  // Vectors whose components lie where the result's do; others are read where they are.
  static constexpr bool aligned = streams<F> && dim > 1;
  template <class V>
  static constexpr bool staged = aligned && V::dim == dim;
  struct StagedLanes {
    template <class V>
    static constexpr bool keeps = staged<V> || V::dim == 1;
  };
  struct StagedRows {
    template <class V>
    static constexpr bool keeps = staged<V>;
  };
  using lane_variables = filter<StagedLanes, variables_of<lanes, nodes>>;
  using reduced_variables = filter<StagedRows, variables_of<reduced, nodes>>;

  // Shared memory, in numbers: chunks of contractions, scalars of pairs and of rows, vectors.
  static constexpr int pair_stride = side * packs + 4, vector_stride = chunk + 4;
  template <int Steps>
  static constexpr int contractions =
      (GpuPairs<S, typename R::formulas, lanes, packs, Steps>::shared_numbers + 3) / 4 * 4;
  static constexpr int numbers_a_row = pair_exports::size * pair_stride + row_exports::size +
                                       reduced_variables::size * vector_stride;
  // Tiles of 32 reduced indices where those of 64 would not fit in 64 KiB, what all GPUs have. In
  // double precision four scalars and vectors of a pair want more: then the GPU has to have it.
  static constexpr int steps =
      (contractions<4> + 4 * side * numbers_a_row) * static_cast<int>(sizeof(T)) <= 65536 ? 4 : 2;
  using Pairs = GpuPairs<S, typename R::formulas, lanes, packs, steps>;
  using Inputs = typename Pairs::Inputs;
  static constexpr int positions = Pairs::positions, tile = Pairs::tile;

  static constexpr int pairs_at = contractions<steps>;
  static constexpr int rows_at = pairs_at + pair_exports::size * tile * pair_stride;
  static constexpr int vectors_at = rows_at + row_exports::size * tile;
  static constexpr int end_at = vectors_at + reduced_variables::size * tile * vector_stride;
  static constexpr int shared_numbers = larger(end_at, side / 2 * side * state_dim);

  template <class N, class... M>
  KEOPSNB_FN static constexpr int rank_of(List<M...>) {
    int rank = 0;
    [[maybe_unused]] bool found = false;
    ((found |= same<N, M>, rank += found ? 0 : 1), ...);
    return rank;
  }

  // Registers of a thread: for each lane variable, its components for the thread's outputs.
  template <class... V>
  static constexpr int numbers_of(List<V...>) {
    return (0 + ... + (V::dim == 1 ? packs : packs * W));
  }
  static constexpr int lane_numbers = numbers_of(lane_variables{});
  struct LaneValues {
    T number[(lane_variables::size > 0 ? lane_variables::size : 1) * packs * W];
  };

  // The evaluation at one reduced index, for the outputs and components of this thread.
  struct AtRow : EvaluationOf<plan, T, lanes, packs, 1> {
    using Fixed = Slots<AtRow, typename plan::fixed_slots>;

    const Inputs& in;
    const T* shared;
    const LaneValues& lane_values;
    Fixed& fixed;
    i64 first_column;
    i64 first, last;  // outputs of this thread: the first; the last there is
    int output;       // place of the first in the tile
    i64 j;
    int row;    // place of j in the tile
    int place;  // of the first component in the staged vectors

    KEOPSNB_FN static bool counts(int) { return true; }
    KEOPSNB_FN integer_of<T> index(int) const { return static_cast<integer_of<T>>(j); }
    KEOPSNB_FN AtRow& at_step(int) { return *this; }
    KEOPSNB_FN T row_number(int rank) const { return shared[rows_at + rank * tile + row]; }

    template <class N>
    KEOPSNB_FN tile_of<AtRow, N> slotted(i64 c) {
      if constexpr (plan::template stage<N> == Stage::fixed) {
        return slot<N>(fixed, c);
      } else if constexpr (plan::template stage<N> == Stage::row) {
        return {{row_number(rank_of<N>(row_exports{}))}};
      } else {
        const void* four = __builtin_assume_aligned(
            shared + pairs_at + (rank_of<N>(pair_exports{}) * tile + row) * pair_stride + output,
            16);
        tile_of<AtRow, N> t;
        KEOPSNB_UNROLL
        for (int p = 0; p < packs; ++p) t.at(p, 0) = static_cast<const T*>(four)[p];
        return t;
      }
    }

    template <class V>
    KEOPSNB_FN tile_of<AtRow, V> variable(i64 c) {
      tile_of<AtRow, V> t;
      if constexpr (V::category == lanes && (staged<V> || V::dim == 1)) {
        constexpr int rank = rank_of<V>(lane_variables{});
        const int k = V::dim == 1 ? 0 : static_cast<int>(c - first_column);
        KEOPSNB_UNROLL
        for (int p = 0; p < packs; ++p) t.at(p, 0) = lane_values.number[(rank * packs + p) * W + k];
      } else if constexpr (V::category == lanes) {
        KEOPSNB_UNROLL
        for (int p = 0; p < packs; ++p)
          t.at(p, 0) = Pairs::template load<V>(in, first + p < last ? first + p : last, c);
      } else if constexpr (V::category == reduced && V::dim == 1) {
        t.at(0, 0) = row_number(rank_of<V>(row_exports{}));
      } else if constexpr (V::category == reduced && staged<V>) {
        constexpr int rank = rank_of<V>(reduced_variables{});
        const T* from = shared + vectors_at + (rank * tile + row) * vector_stride + place;
        // Windows that do not reach back begin where wide loads may.
        if constexpr (dim % W == 0)
          from = static_cast<const T*>(__builtin_assume_aligned(from, 16));
        t.at(0, 0) = from[c - first_column];
      } else {
        t.at(0, 0) = Pairs::template load<V>(in, V::category == reduced ? j : 0, c);
      }
      return t;
    }
  };

  using OneOutput = GpuOneOutput<T, packs>;

  // The evaluation of what does not change with the reduced index: all components, from memory.
  struct OfOutputs : EvaluationOf<plan, T, lanes, packs, 1> {
    const AtRow& at;

    KEOPSNB_FN OfOutputs& at_step(int) { return *this; }
    template <class N>
    KEOPSNB_FN auto& slot_at(i64 c) {
      return slot<N>(at.fixed, c);
    }
    template <class V>
    KEOPSNB_FN tile_of<OfOutputs, V> variable(i64 c) {
      tile_of<OfOutputs, V> t;
      KEOPSNB_UNROLL
      for (int p = 0; p < t.packs; ++p) {
        const i64 output = at.first + p < at.last ? at.first + p : at.last;
        t.at(p, 0) = Pairs::template load<V>(at.in, V::category == lanes ? output : 0, c);
      }
      return t;
    }
  };

  // Components of this part that the window of a thread covers.
  KEOPSNB_FN static GpuWindow columns(i64 which) {
    const i64 wanted = which * W;
    const i64 first = wanted < dim - own ? wanted : dim - own;
    return {first, wanted < dim ? wanted : dim, wanted + W < dim ? wanted + W : dim};
  }

  // The vectors of the tile's reduced indices, components [begin, begin + chunk), at the vectors'
  // end shifted so that windows lie inside.
  template <class Device, class X>
  KEOPSNB_FN static void stage_vectors(Device& dev, X& x, i64 begin) {
    for_each(
        [&]<class V>(V) KEOPSNB_LAMBDA {
          T* to = x.shared + vectors_at + rank_of<V>(reduced_variables{}) * tile * vector_stride;
          const int column = dev.thread() % chunk;
          const i64 c = begin + column < dim ? begin + column : dim - 1;
          for (int r = dev.thread() / chunk; r < tile; r += threads / chunk)
            to[r * vector_stride + column] = Pairs::template load<V>(x.in, x.index_at(r), c);
        },
        reduced_variables{});
  }

  template <class Device>
  KEOPSNB_FN static void run(Device& dev, const GpuCall& call, const GpuJob& job, const Inputs& in,
                             i64 first_chunk) {
    using Evaluation = typename Pairs::template Evaluation<Device>;
    const i64 my_chunk = job.chunk - first_chunk;
    T* const shared = reinterpret_cast<T*>(dev.shared());

    typename Evaluation::Fixed fixed;
    typename Evaluation::Held held;
    Evaluation x{{}, dev, in, shared, job.begin, job.end - 1, 0, 0, fixed, held};
    fill(x, typename plan::fixed_slots{});

    // Neighbours share components, so that their states can be merged.
    const int out_lane = dev.thread() % side, column_lane = dev.thread() / side;
    const i64 my_window = my_chunk * side + column_lane;
    const i64 first_column = columns(my_window).first;
    // The staged vectors begin here; windows at the end of the vector reach back into them.
    const i64 staged_from = my_chunk * chunk < dim - own ? my_chunk * chunk : dim - own;

    LaneValues lane_values;
    typename AtRow::Fixed row_fixed;
    AtRow y{{},
            in,
            shared,
            lane_values,
            row_fixed,
            first_column,
            job.begin + out_lane * packs,
            job.end - 1,
            out_lane * packs,
            0,
            0,
            static_cast<int>(first_column - staged_from)};
    for_each(
        [&]<class V>(V) KEOPSNB_LAMBDA {
          constexpr int rank = rank_of<V>(lane_variables{});
          KEOPSNB_UNROLL
          for (int p = 0; p < packs; ++p) KEOPSNB_UNROLL
          for (int k = 0; k < (V::dim == 1 ? 1 : static_cast<int>(own)); ++k)
            lane_values.number[(rank * packs + p) * W + k] =
                Pairs::template load<V>(in, y.first + p < y.last ? y.first + p : y.last,
                                        V::dim == 1 ? 0 : first_column + k);
        },
        lane_variables{});
    OfOutputs outputs{{}, y};
    fill(outputs, typename plan::fixed_slots{});

    T state[state_dim * packs];
    KEOPSNB_UNROLL
    for (int s = 0; s < state_dim; ++s) KEOPSNB_UNROLL
    for (int p = 0; p < packs; ++p) state[s * packs + p] = R::template identity<T>(s);

    for (GpuTiles tiles(job, tile); tiles.count > 0; tiles.next()) {
      x.j = tiles.at;
      x.count = tiles.count;
      dev.sync();  // the last tile is no longer read
      stage_vectors(dev, x, staged_from);
      fill(x, typename plan::held_slots{});
      KEOPSNB_UNROLL
      for (int s = 0; s < Pairs::steps; ++s) {
        typename Evaluation::AtStep one{{}, x, s, {}};
        fill(one, typename plan::local_slots{});
        export_scalars(x, one, s);
      }
      dev.sync();

      GpuBlock<R, W, T, packs> block(state);
      KEOPSNB_UNROLL_BY(4)
      for (int r = 0; r < tiles.count; ++r) {
        y.row = r;
        y.j = tiles.at + r;
        R::template step<own>(block.numbers(), y, first_column);
      }
      block.end();
    }
    store(dev, call, job, state, y, job.chunk * side + column_lane);
  }

  template <class X, class One>
  KEOPSNB_FN static void export_scalars(X& x, One& one, int s) {
    for_each(
        [&]<class N>(N) KEOPSNB_LAMBDA {
          const auto value = get<N>(one, 0);
          T* to = x.shared + pairs_at +
                  (rank_of<N>(pair_exports{}) * tile + x.red_place(s)) * pair_stride;
          KEOPSNB_UNROLL
          for (int p = 0; p < packs; ++p) to[x.out_place(p)] = value.at(p, 0);
        },
        pair_exports{});
    for_each(
        [&]<class N>(N) KEOPSNB_LAMBDA {
          const auto value = get<N>(one, 0);
          if (x.out_lane() == 0)
            x.shared[rows_at + rank_of<N>(row_exports{}) * tile + x.red_place(s)] = value.at(0, 0);
        },
        row_exports{});
  }

  template <class Device>
  KEOPSNB_FN static void store(Device& dev, const GpuCall& call, const GpuJob& job, T* state,
                               const AtRow& y, i64 which) {
    T sum[state_dim];
    KEOPSNB_UNROLL
    for (int s = 0; s < state_dim; ++s) sum[s] = R::template identity<T>(s);
    KEOPSNB_UNROLL
    for (int p = 0; p < packs; ++p) {
      if (y.first + p > y.last) continue;
      if constexpr (Kernel::one)
        R::template merge<W>([&](i64 s) KEOPSNB_LAMBDA -> T& { return sum[s]; },
                             OneOutput{state + p});
      else
        store_output<Kernel>(call, job, y.first + p, which, OneOutput{state + p});
    }
    if constexpr (Kernel::one) {
      merge_lanes<WindowMerge<R, W>, state_dim>(dev, sum, dev.thread() % side, side,
                                                reinterpret_cast<T*>(dev.shared()));
      if (dev.thread() % side == 0)
        store_part<Kernel>(call, job, which, [&](i64 s) KEOPSNB_LAMBDA { return sum[s]; });
    }
  }
};

}  // namespace keopsnb::inline KEOPSNB_TARGET
