// The CPU map-reduce.
//
// SIMD lanes run over outputs and reduced indices are broadcast, so that each lane owns its
// accumulators and no sum crosses lanes. P packs of outputs and J reduced indices are evaluated
// together: enough independent work to hide latencies, and each value loaded is used P or J times.
#pragma once
#include <keopsnb/eval.hpp>
#include <keopsnb/kernel/blocking.hpp>
#include <keopsnb/kernel/component.hpp>
#include <keopsnb/kernel/entry.hpp>
#include <keopsnb/kernel/results.hpp>
#include <keopsnb/kernel/rows.hpp>
#include <keopsnb/reductions.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

// Of numbers that lie in memory as S. Block: how many terms are reduced before they are absorbed in
// the accurate state.
template <Storage S, class Reduction, Output Out, i64 Block = default_block>
struct Cpu {
  static_assert(Block <= default_block, "keopsnb: blocks have room for so many terms at most");
  using T = computed_in<S>;
  static constexpr Category lanes = indexed_by(Out);
  static constexpr Category reduced = opposite(lanes);
  using plan = Plan<reduced, Reduction>;
  using nodes = typename plan::nodes;
  using pack = Pack<T>;
  using scalar = T;

  using lane_variables = variables_of<lanes, nodes>;
  using reduced_variables = variables_of<reduced, nodes>;
  static constexpr i64 lane_dim = offset_of<void>(lane_variables{});
  static constexpr i64 red_dim = offset_of<void>(reduced_variables{});
  // Parameters stay where they are, whatever their position.
  using parameters = variables_of<Category::parameter, nodes>;
  static constexpr int positions =
      larger(1, larger(positions_of(reduced_variables{}), positions_of(parameters{})));
  static constexpr i64 dim = Reduction::dim;
  static constexpr i64 block_dim = Reduction::block_dim(dim);
  static constexpr i64 state_dim = Reduction::state_dim(dim);
  static constexpr bool direct = Reduction::direct;
  // Whether a block may go on over several runs of terms.
  static constexpr bool carried = !direct && carries_blocks<Reduction>;

  using blocking = Blocking<Reduction, nodes>;
  static constexpr int packs = blocking::packs, steps = blocking::steps;
  static constexpr int width = width_of<pack>;
  static constexpr i64 rows = packs * width;

  // The tiles of an evaluation.
  struct Shape : EvaluationOf<plan, pack, lanes, packs, steps> {
    // Copies of long code take long to compile; called, half as long. Sums of sines are 15 to 22 %
    // slower then, of exponentials 15 % (with clang 35 %), nested exponentials as fast.
    static constexpr bool calls = code_length_of(nodes{}) > 80;
  };
  using Fixed = Slots<Shape, slots_of<plan, false>>;
  using Varying = Slots<Shape, slots_of<plan, true>>;
  using Source = typename RowsOf<S, reduced_variables, parameters, positions, steps>::type;

  struct Frame {
    pack lane_values[(lane_dim > 0 ? lane_dim : 1) * packs];
    pack block[(block_dim > 0 ? block_dim : 1) * packs];
    pack state[state_dim * packs];
    Fixed fixed;
    Varying varying;
    Source source;
    // The last reduced indices, when they do not fill a step.
    T last_rows[(red_dim > 0 ? red_dim : 1) * steps];
  };
  // Tiles of outputs that take turns at the blocks of rows that are far away: these are read once
  // for so many. Lists of candidates are too long for it.
  static constexpr i64 tiles =
      blocking::tiles_of(sizeof(Frame), same<Source, RowsInMemory> && !carried);
  struct Frames {
    Frame of[tiles];
  };
  static constexpr i64 row_bytes = red_dim * static_cast<i64>(sizeof(T));
  static constexpr bool on_stack = sizeof(Frames) <= 32768, within = sizeof(Varying) <= 16384;
  // Numbers that change with every term. Long states stay where they are.
  static constexpr i64 held_dim = direct ? state_dim : block_dim;
  static constexpr bool local = !carried && (!direct || state_dim <= 8) &&
                                held_dim * packs * static_cast<i64>(sizeof(pack)) <= 16384;

  // Slots that vary: part of the evaluation, so that compilers see through to registers at once,
  // or where there is room.
  struct Within {
    Varying slots;
    KEOPSNB_FN explicit Within(Frame&) {}
  };
  struct InFrame {
    Varying& slots;
    KEOPSNB_FN explicit InFrame(Frame& frame) : slots(frame.varying) {}
  };

  // The variables and slots of `steps` reduced indices from j on.
  struct Evaluation : Shape {
    const void* const* in;
    const pack* lane_values;
    Fixed& fixed;
    i64 j;      // the row of the reduced variables
    i64 first;  // the reduced index of that row
    choose<within, Within, InFrame> varying;

    KEOPSNB_FN Evaluation(Frame& frame, const void* const* inputs, i64 row, i64 index)
        : in(inputs),
          lane_values(frame.lane_values),
          fixed(frame.fixed),
          j(row),
          first(index),
          varying(frame) {}

    KEOPSNB_FN static bool counts(int) { return true; }
    // The reduced index of step s, as an integer beside T.
    KEOPSNB_FN integer_of<T> index(int s) const { return static_cast<integer_of<T>>(first + s); }

    template <class F>
    KEOPSNB_FN tile_of<Shape, F>& slot_at(i64 c) {
      using Own = Slot<F, tile_of<Shape, F>>;
      if constexpr (plan::template varies<F>)
        return static_cast<Own&>(varying.slots).value[F::dim == 1 ? 0 : c];
      else
        return static_cast<Own&>(fixed).value[F::dim == 1 ? 0 : c];
    }

    template <class V>
    KEOPSNB_FN tile_of<Evaluation, V> variable(i64 c) {
      return variable_at<V, steps>(c, 0);
    }

    // Component c of variable V for J reduced indices, from the s-th on.
    template <class V, int J>
    KEOPSNB_FN auto variable_at(i64 c, int s) {
      if constexpr (V::category == lanes) {
        constexpr i64 offset = offset_of<V>(lane_variables{});
        return [&]<int... P>(Ints<P...>) KEOPSNB_LAMBDA {
          return Tile<pack, packs, 1>{{lane_values[(offset + c) * packs + P]...}};
        }(up_to<packs>{});
      } else if constexpr (V::category == reduced) {
        return [&]<int... K>(Ints<K...>) KEOPSNB_LAMBDA {
          return Tile<T, 1, J>{{load_number<V, T>(in[V::position], (j + s + K) * V::dim + c)...}};
        }(up_to<J>{});
      } else {
        return Tile<T, 1, 1>{{load_number<V, T>(in[V::position], c)}};
      }
    }

    KEOPSNB_FN auto at_step(int s) { return OneStep<Evaluation>{*this, s}; }

    template <class F>
    KEOPSNB_FN decltype(auto) at_component(i64 c) {
      if constexpr (blocking::holds)
        return component_of<F>(*this, c, lane_variables{});
      else
        return *this;
    }
  };

  // The lane variables of outputs [begin, begin + rows), one pack of outputs beside the other;
  // beyond the last output it is repeated.
  KEOPSNB_FN static void load_lanes(Frame& frame, const CpuTask& task, i64 begin) {
    for_each(
        [&]<class V>(V) KEOPSNB_LAMBDA {
          constexpr i64 offset = offset_of<V>(lane_variables{});
          T* to = reinterpret_cast<T*>(frame.lane_values + offset * packs);
          if constexpr (V::dim == 1 && !IntegerVariable<V>)
            if (begin + rows <= task.out_end)
              return widen(static_cast<const S*>(task.in[V::position]) + begin, to, rows);
          for (i64 l = 0; l < rows; ++l) {
            const i64 row = begin + l < task.out_end ? begin + l : task.out_end - 1;
            for (i64 c = 0; c < V::dim; ++c)
              to[c * rows + l] = load_number<V, S>(task.in[V::position], row * V::dim + c);
          }
        },
        lane_variables{});
  }

  // Number s of pack p, in an array of packs.
  struct Packs {
    pack* first;
    KEOPSNB_FN pack& operator()(i64 s, int p) const { return first[s * packs + p]; }
  };
  struct OnePack {
    pack* first;
    KEOPSNB_FN pack& operator()(i64 s) const { return first[s * packs]; }
  };

  // Functions that hold a whole evaluation are boundaries of inlining: every level of inlining
  // above one would compile a copy of it.
  KEOPSNB_NOINLINE static void long_step(Frame& frame, const void* const* in, i64 j, i64 first) {
    Evaluation x(frame, in, j, first);
    fill(x, slots_of<plan, true>{});
    Reduction::step(Packs{direct ? frame.state : frame.block}, x);
  }

  // One reduced index of an evaluation.
  struct Term : OneStep<Evaluation> {
    static constexpr bool calls = Shape::calls;
    using OneStep<Evaluation>::OneStep;
    KEOPSNB_FN static bool counts(int) { return true; }
    KEOPSNB_FN integer_of<T> index(int) const { return this->all.index(this->step); }
  };

  // The last `count` < steps reduced indices, from row j on, copied to where whole steps can be
  // read.
  KEOPSNB_NOINLINE static void last_step(Frame& frame, const void* const* in, i64 j, int count,
                                         i64 first) {
    const void* moved[positions];
    for (int k = 0; k < positions; ++k) moved[k] = in[k];
    for_each(
        [&]<class V>(V) KEOPSNB_LAMBDA {
          T* to = frame.last_rows + offset_of<V>(reduced_variables{}) * steps;
          const T* from = static_cast<const T*>(in[V::position]) + j * V::dim;
          for (int s = 0; s < steps; ++s)
            for (i64 c = 0; c < V::dim; ++c)
              to[s * V::dim + c] = from[(s < count ? s : count - 1) * V::dim + c];
          moved[V::position] = to;
        },
        reduced_variables{});
    Evaluation x(frame, moved, 0, first);
    fill(x, slots_of<plan, true>{});
    for (int s = 0; s < count; ++s) {
      Term term(x, s);
      Reduction::step(Packs{direct ? frame.state : frame.block}, term);
    }
  }

  // A block begins anew, or, where terms go straight into the state, as the state.
  KEOPSNB_FN static void begin_block(Frame& frame, pack* block) {
    if constexpr (direct)
      for (i64 s = 0; s < held_dim * packs; ++s) block[s] = frame.state[s];
    else
      for (i64 s = 0; s < block_dim; ++s)
        for (int p = 0; p < packs; ++p)
          block[s * packs + p] = Reduction::template block_identity<pack>(s);
    if constexpr (begins_from_state<Reduction, OnePack>)
      for (int p = 0; p < packs; ++p)
        Reduction::begin(OnePack{block + p}, OnePack{frame.state + p});
  }
  KEOPSNB_FN static void end_block(Frame& frame, pack* block) {
    if constexpr (direct)
      for (i64 s = 0; s < held_dim * packs; ++s) frame.state[s] = block[s];
    else
      for (int p = 0; p < packs; ++p)
        Reduction::absorb(OnePack{frame.state + p}, OnePack{block + p});
  }

  // The reduced indices [from, to) into the frame's state, by way of a block; more, up to `last`,
  // follow.
  KEOPSNB_INTERLEAVED KEOPSNB_NOINLINE static void accumulate(Frame& frame, const void* const* all,
                                                              i64 from, i64 to, i64 last) {
    Source& source = frame.source;
    const void* const* in = source.inputs(all);
    if constexpr (steps > 1 || !within || !local) {
      if constexpr (!direct && !carried) begin_block(frame, frame.block);
      for (i64 j = from; j < to;) {
        const i64 end = source.bring(all, j, to, last);
        for (; j + steps <= end; j += steps) long_step(frame, in, source.row(j), j);
        if (j < end) last_step(frame, in, source.row(j), static_cast<int>(end - j), j);
        j = end;
      }
      if constexpr (carried) {
        bool full = false;
        for (int p = 0; p < packs; ++p) full |= Reduction::is_full(OnePack{frame.block + p});
        if (full) {
          end_block(frame, frame.block);
          begin_block(frame, frame.block);
        }
      } else if constexpr (!direct) {
        end_block(frame, frame.block);
      }
    } else {
      // Local, so that accumulators and slots can be registers.
      pack block[held_dim * packs];
      begin_block(frame, block);
      for (i64 j = from; j < to;) {
        const i64 end = source.bring(all, j, to, last);
        for (; j < end; ++j) {
          Evaluation x(frame, in, source.row(j), j);
          fill(x, slots_of<plan, true>{});
          Reduction::step(Packs{block}, x);
        }
      }
      end_block(frame, block);
    }
  }

  KEOPSNB_NOINLINE static void begin_tile(Frame& frame, const CpuTask& task, i64 begin) {
    load_lanes(frame, task, begin);
    Evaluation x(frame, frame.source.inputs(task.in), 0, 0);
    fill(x, slots_of<plan, false>{});
    for (i64 s = 0; s < state_dim; ++s)
      for (int p = 0; p < packs; ++p)
        frame.state[s * packs + p] = Reduction::template identity<pack>(s);
    if constexpr (carried) begin_block(frame, frame.block);
  }

  // The states of some tiles over the task's reduced indices; false: stopped.
  static bool reduce(Frames& frames, i64 count, const CpuTask& task) {
    if (!task.intervals) return reduce(frames, count, task, task.red_begin, task.red_end);
    for (i64 k = 0; k < task.interval_count; ++k)
      if (!reduce(frames, count, task, task.intervals[2 * k], task.intervals[2 * k + 1]))
        return false;
    return true;
  }
  static bool reduce(Frames& frames, i64 count, const CpuTask& task, i64 red_begin, i64 red_end) {
    for (i64 from = red_begin; from < red_end; from += Block) {
      const i64 to = from + Block < red_end ? from + Block : red_end;
      for (i64 t = 0; t < count; ++t) {
        accumulate(frames.of[t], task.in, from, to, red_end);
        if (task.stop && task.stop(task.stop_argument)) return false;
      }
    }
    return true;
  }

  static void run(const CpuTask* t) {
    const CpuTask task = *t;
    if constexpr (on_stack) {
      Frames frames;
      run_in(frames, task);
    } else {
      run_in(*static_cast<Frames*>(task.workspace), task);
    }
  }

  static void run_in(Frames& frames, const CpuTask& task) {
    frames.of[0].source.start(task, detail::parts_of(task.out_end - task.out_begin, rows));
    reduce_all(frames, task);
    frames.of[0].source.finish();
  }

  KEOPSNB_FN static void reduce_all(Frames& frames, const CpuTask& task) {
    T* states = static_cast<T*>(task.states);
    if (Out == Output::one && !task.adds)
      for (i64 s = 0; s < state_dim; ++s) states[s] = Reduction::template identity<T>(s);
    const bool far = !task.intervals && (task.red_end - task.red_begin) * row_bytes > far_bytes;
    const i64 together = far ? tiles : 1;
    for (i64 begin = task.out_begin; begin < task.out_end; begin += together * rows) {
      const i64 count = detail::at_most(together, detail::parts_of(task.out_end - begin, rows));
      for (i64 t = 0; t < count; ++t) begin_tile(frames.of[t], task, begin + t * rows);
      if (!reduce(frames, count, task)) return;
      for (i64 t = 0; t < count; ++t) end_tile(frames.of[t], task, begin + t * rows);
    }
  }
  KEOPSNB_FN static void end_tile(Frame& frame, const CpuTask& task, i64 begin) {
    if constexpr (carried) end_block(frame, frame.block);
    const i64 end = begin + rows < task.out_end ? begin + rows : task.out_end;
    for (i64 row = begin; row < end; ++row) {
      T* state = reinterpret_cast<T*>(frame.state) + (row - begin);
      store(task, row, [&](i64 s) -> T& { return state[s * rows]; });
    }
  }

  template <class State>
  KEOPSNB_FN static void store(const CpuTask& task, i64 row, State state) {
    T* states = static_cast<T*>(task.states);
    if constexpr (Out == Output::one) {
      Reduction::merge([&](i64 s) -> T& { return states[s]; }, state);
    } else if (states) {
      for (i64 s = 0; s < state_dim; ++s) states[(row - task.out_begin) * state_dim + s] = state(s);
    } else {
      write_result<S, Reduction>(state, row, task.out, task.indices);
    }
  }

  static void merge(const void* from, i64 parts, i64 outputs, void* workspace, void* out,
                    i64* indices) {
    const T* states = static_cast<const T*>(from);
    T* sum = static_cast<T*>(workspace);
    const auto state = [&](i64 s) -> T& { return sum[s]; };
    for (i64 o = 0; o < outputs; ++o) {
      for (i64 s = 0; s < state_dim; ++s) sum[s] = Reduction::template identity<T>(s);
      for (i64 k = 0; k < parts; ++k)
        Reduction::merge(state, [&](i64 s) { return states[(k * outputs + o) * state_dim + s]; });
      write_result<S, Reduction>(state, o, out, indices);
    }
  }

  static constexpr i64 frame_bytes = on_stack ? 0 : sizeof(Frames);
  static constexpr CpuKernel kernel = {state_dim, sizeof(T),   sizeof(S), rows, tiles,
                                       row_bytes, frame_bytes, run,       merge};
};

}  // namespace keopsnb::inline KEOPSNB_TARGET

// The one symbol of a shared object that holds a kernel. The reduction has a short name of its own
// there, and so have its functions: compilers are slow at names as long as formulas.
#define KEOPSNB_CPU_KERNEL(S, reduction, out, block)                                             \
  namespace {                                                                                    \
  struct KeopsnbReduction : decltype(reduction) {};                                              \
  }                                                                                              \
  extern "C" __attribute__((visibility("default"))) const keopsnb::CpuKernel* keopsnb_kernel() { \
    return &keopsnb::Cpu<S, KeopsnbReduction, out, block>::kernel;                               \
  }
