// The CPU map-reduce.
//
// SIMD lanes run over outputs and reduced indices are broadcast, so that each lane owns its
// accumulators and no sum crosses lanes. P packs of outputs and J reduced indices are evaluated
// together: enough independent work to hide latencies, and each value loaded is used P or J times.
#pragma once
#include <keopsnb/eval.hpp>
#include <keopsnb/kernel/entry.hpp>
#include <keopsnb/reductions/logsumexp.hpp>
#include <keopsnb/reductions/sum.hpp>

namespace keopsnb {

constexpr Category opposite(Category c) { return c == Category::i ? Category::j : Category::i; }

// What a reduction leaves: values indexed by i, values indexed by j, or one value over both.
enum class Output { i = 0, j = 1, one = 2 };

namespace detail {

template <class L>
struct PlanOf;
template <class... F>
struct PlanOf<List<F...>> {
  template <Category Reduced>
  using plan = Plan<Reduced, F...>;
};

// Offset, in components, of variable V among the lane variables of the nodes; -1: their total.
template <Category Lanes, class V, class... N>
constexpr i64 lane_offset(List<N...>) {
  i64 offset = 0;
  bool found = false;
  auto one = [&]<class F>(List<F>) {
    if constexpr (operands_of<F>::size == 0 && depends<Lanes, F>) {
      if (same<F, V>) found = true;
      if (!found) offset += F::dim;
    }
  };
  (one(List<N>{}), ...);
  return offset;
}

// The longest vector that is read component by component in the inner loop.
template <class... N>
constexpr i64 longest(List<N...>) {
  i64 d = 1;
  ((d = N::dim > d ? N::dim : d), ...);
  return d;
}

}  // namespace detail

// Terms summed naively, by default: their rounding error is that of the whole sum.
inline constexpr i64 default_block = 256;

// Block: how many terms are reduced before they are absorbed in the accurate state.
template <class T, class Reduction, Output Out, i64 Block = default_block>
struct Cpu {
  static constexpr Category lanes = Out == Output::j ? Category::j : Category::i;
  static constexpr Category reduced = opposite(lanes);
  using plan = typename detail::PlanOf<typename Reduction::formulas>::template plan<reduced>;
  using nodes = typename plan::nodes;
  using pack = Pack<T>;
  using scalar = T;

  static constexpr i64 lane_dim = detail::lane_offset<lanes, void>(nodes{});
  static constexpr i64 block_dim = Reduction::block_dim, state_dim = Reduction::state_dim;

  // Accumulators of a long output, or long inputs, live in memory: then several reduced indices a
  // step share each load.
  static constexpr bool long_output = block_dim > 4;
  static constexpr bool long_vectors = detail::longest(nodes{}) > 8;
  static constexpr int packs = long_vectors ? 2 : long_output ? 2 : 4;
  static constexpr int steps = long_vectors ? 4 : 1;
  static constexpr int width = width_of<pack>;
  static constexpr i64 rows = packs * width;

  // An evaluation of J reduced indices from j on.
  template <int J>
  struct Evaluation {
    using plan = Cpu::plan;
    using pack = Cpu::pack;
    using scalar = T;
    static constexpr Category lanes = Cpu::lanes, reduced = Cpu::reduced;
    static constexpr int packs = Cpu::packs, steps = J;
    using Fixed = Slots<Evaluation, typename SlotsOf<plan, false, List<>, nodes>::type>;
    using Varying = Slots<Evaluation, typename SlotsOf<plan, true, List<>, nodes>::type>;

    const void* const* in;
    const pack* lane_values;
    Fixed* fixed;
    Varying* varying;
    i64 j;

    template <bool Varies>
    KEOPSNB_FN auto& slots() {
      if constexpr (Varies)
        return *varying;
      else
        return *fixed;
    }

    template <class V>
    KEOPSNB_FN tile_of<Evaluation, V> variable(i64 c) const {
      tile_of<Evaluation, V> t;
      if constexpr (V::category == lanes) {
        constexpr i64 offset = detail::lane_offset<lanes, V>(nodes{});
        KEOPSNB_UNROLL
        for (int p = 0; p < packs; ++p) t.at(p, 0) = lane_values[(offset + c) * packs + p];
      } else {
        const T* base = static_cast<const T*>(in[V::position]);
        if constexpr (V::category == reduced) {
          KEOPSNB_UNROLL
          for (int s = 0; s < J; ++s) t.at(0, s) = base[(j + s) * V::dim + c];
        } else {
          t.at(0, 0) = base[c];
        }
      }
      return t;
    }
  };

  // Fixed slots hold no reduced index, so they are alike for every J.
  using Fixed = typename Evaluation<1>::Fixed;

  struct Frame {
    pack lane_values[(lane_dim > 0 ? lane_dim : 1) * packs];
    pack block[block_dim * packs];
    pack state[state_dim * packs];
    Fixed fixed;
    typename Evaluation<steps>::Varying varying;
    typename Evaluation<1>::Varying varying_one;
  };
  static constexpr bool on_stack = sizeof(Frame) <= 32768;

  // The lane variables of outputs [begin, begin + rows), one pack of outputs beside the other;
  // beyond `end` the last output is repeated.
  KEOPSNB_FN static void load_lanes(Frame& frame, const CpuTask& task, i64 begin) {
    auto one = [&]<class F>(List<F>) KEOPSNB_LAMBDA {
      if constexpr (operands_of<F>::size == 0 && depends<lanes, F>) {
        constexpr i64 offset = detail::lane_offset<lanes, F>(nodes{});
        const T* base = static_cast<const T*>(task.in[F::position]);
        T* to = reinterpret_cast<T*>(frame.lane_values + offset * packs);
        for (i64 l = 0; l < rows; ++l) {
          const i64 row = begin + l < task.out_end ? begin + l : task.out_end - 1;
          for (i64 c = 0; c < F::dim; ++c) to[c * rows + l] = base[row * F::dim + c];
        }
      }
    };
    [&]<class... N>(List<N...>) KEOPSNB_LAMBDA { (one(List<N>{}), ...); }(nodes{});
  }

  template <int J, class Varying>
  KEOPSNB_FN static void step(Frame& frame, const CpuTask& task, Varying& varying, pack* block,
                              i64 j) {
    Evaluation<J> x{task.in, frame.lane_values,
                    reinterpret_cast<typename Evaluation<J>::Fixed*>(&frame.fixed), &varying, j};
    fill(x, typename SlotsOf<plan, true, List<>, nodes>::type{});
    Reduction::step([&](i64 s, int p) KEOPSNB_LAMBDA -> pack& { return block[s * packs + p]; }, x);
  }

  // The state of outputs [begin, begin + rows) over the task's reduced indices; false: stopped.
  KEOPSNB_FN static bool reduce(Frame& frame, const CpuTask& task, i64 begin) {
    load_lanes(frame, task, begin);
    {
      typename Evaluation<1>::Varying none;
      Evaluation<1> x{task.in, frame.lane_values, &frame.fixed, &none, 0};
      fill(x, typename SlotsOf<plan, false, List<>, nodes>::type{});
    }
    for (i64 s = 0; s < state_dim; ++s)
      for (int p = 0; p < packs; ++p)
        frame.state[s * packs + p] = Reduction::template identity<pack>(s);
    for (i64 from = task.red_begin; from < task.red_end; from += Block) {
      const i64 to = from + Block < task.red_end ? from + Block : task.red_end;
      accumulate(frame, task, from, to);
      if (task.stop && task.stop(task.stop_argument)) return false;
    }
    return true;
  }

  // One block of reduced indices, into the frame's state.
  KEOPSNB_FN static void accumulate(Frame& frame, const CpuTask& task, i64 from, i64 to) {
    const auto run = [&](pack* block, auto& varying, auto& varying_one) KEOPSNB_LAMBDA {
      for (i64 s = 0; s < block_dim; ++s)
        for (int p = 0; p < packs; ++p)
          block[s * packs + p] = Reduction::template block_identity<pack>(s);
      i64 j = from;
      for (; j + steps <= to; j += steps) step<steps>(frame, task, varying, block, j);
      if constexpr (steps > 1)
        for (; j < to; ++j) step<1>(frame, task, varying_one, block, j);
      for (int p = 0; p < packs; ++p)
        Reduction::absorb(
            [&](i64 s) KEOPSNB_LAMBDA -> pack& { return frame.state[s * packs + p]; },
            [&](i64 s) KEOPSNB_LAMBDA -> pack& { return block[s * packs + p]; });
    };
    if constexpr (on_stack) {
      // Local, so that accumulators and slots can be registers.
      pack block[block_dim * packs];
      typename Evaluation<steps>::Varying varying;
      typename Evaluation<1>::Varying varying_one;
      run(block, varying, varying_one);
    } else {
      run(frame.block, frame.varying, frame.varying_one);
    }
  }

  static void run(const CpuTask* t) {
    const CpuTask task = *t;
    if constexpr (on_stack) {
      Frame frame;
      run_in(frame, task);
    } else {
      run_in(*static_cast<Frame*>(task.workspace), task);
    }
  }

  static void run_in(Frame& frame, const CpuTask& task) {
    T* states = static_cast<T*>(task.states);
    if constexpr (Out == Output::one)
      for (i64 s = 0; s < state_dim; ++s) states[s] = Reduction::template identity<T>(s);
    for (i64 begin = task.out_begin; begin < task.out_end; begin += rows) {
      if (!reduce(frame, task, begin)) return;
      const i64 end = begin + rows < task.out_end ? begin + rows : task.out_end;
      for (i64 row = begin; row < end; ++row) {
        const int p = static_cast<int>((row - begin) / width), l = (row - begin) % width;
        const auto state = [&](i64 s) -> T { return frame.state[s * packs + p][l]; };
        store(task, row, state);
      }
    }
  }

  template <class State>
  static void store(const CpuTask& task, i64 row, State state) {
    T* states = static_cast<T*>(task.states);
    if constexpr (Out == Output::one) {
      Reduction::merge([&](i64 s) -> T& { return states[s]; }, state);
    } else if (states) {
      for (i64 s = 0; s < state_dim; ++s)
        states[(row - task.out_begin) * state_dim + s] = state(s);
    } else {
      T* out = static_cast<T*>(task.out) + row * Reduction::out_dim;
      for (i64 c = 0; c < Reduction::out_dim; ++c) out[c] = Reduction::finish(state, c);
    }
  }

  static void merge(const void* from, i64 parts, i64 outputs, void* to) {
    const T* states = static_cast<const T*>(from);
    T* out = static_cast<T*>(to);
    for (i64 o = 0; o < outputs; ++o) {
      T sum[state_dim];
      for (i64 s = 0; s < state_dim; ++s) sum[s] = Reduction::template identity<T>(s);
      for (i64 k = 0; k < parts; ++k)
        Reduction::merge([&](i64 s) -> T& { return sum[s]; },
                         [&](i64 s) { return states[(k * outputs + o) * state_dim + s]; });
      for (i64 c = 0; c < Reduction::out_dim; ++c)
        out[o * Reduction::out_dim + c] =
            Reduction::finish([&](i64 s) { return sum[s]; }, c);
    }
  }

  static constexpr CpuKernel kernel = {
      Reduction::out_dim, state_dim, rows, on_stack ? 0 : static_cast<i64>(sizeof(Frame)), run,
      merge};
};

}  // namespace keopsnb

// The one symbol of a shared object that holds a kernel.
#define KEOPSNB_CPU_KERNEL(T, reduction, out, block)                                     \
  extern "C" __attribute__((visibility("default"))) const keopsnb::CpuKernel*            \
  keopsnb_kernel() {                                                                     \
    using Reduction = decltype(reduction);                                               \
    return &keopsnb::Cpu<T, Reduction, out, block>::kernel;                              \
  }
