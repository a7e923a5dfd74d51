// States and results of a block in memory, and the merge of states within a block.
#pragma once
#include <keopsnb/graph.hpp>
#include <keopsnb/kernel/gpu/job.hpp>
#include <keopsnb/kernel/gpu/launch.hpp>
#include <keopsnb/reductions/kept.hpp>
#include <keopsnb/storage.hpp>
#include <keopsnb/tile.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

// Components of all sub-formulas, and of the result.
template <class... F>
constexpr double gpu_numbers(List<F...>, i64 result) {
  double numbers = static_cast<double>(result);
  [&]<class... N>(List<N...>) {
    ((numbers += static_cast<double>(N::dim)), ...);
  }(distinct<F...>{});
  return numbers;
}

// Of a kernel's traits, those that the reduction and the type in memory decide.
template <class S, class Reduction>
constexpr GpuTraits gpu_traits(GpuTraits t) {
  t.kept_dim = static_cast<int>(Reduction::kept_dim);
  t.out_dim = static_cast<int>(Reduction::ranks * Reduction::dim) + t.kept_dim;
  t.values = Reduction::values;
  t.indices = Reduction::indices;
  t.number_bytes = sizeof(computed_in<S>);
  t.storage_bytes = sizeof(S);
  t.pair_numbers = gpu_numbers(typename Reduction::formulas{}, t.out_dim - t.kept_dim);
  if (!t.merge_block) t.merge_shared = gpu_merge_threads / 2 * t.window_state * t.number_bytes;
  return t;
}

// Numbers of a thread, each for P outputs: number s of output p, or of the output it begins at.
template <class T, int P>
struct GpuNumbers {
  T* first;
  KEOPSNB_FN T& operator()(i64 s, int p) const { return first[s * P + p]; }
};
template <class T, int P>
struct GpuOneOutput {
  T* first;
  KEOPSNB_FN T& operator()(i64 s) const { return first[s * P]; }
};

// Takes the terms of a tile, for windows of W components of P outputs: into a block, which `end`
// absorbs in the state, or into the state itself.
template <class Reduction, i64 W, class T, int P>
struct GpuBlock {
  static constexpr i64 size = Reduction::block_dim(W);
  T* state;
  T number[size * P];

  KEOPSNB_FN explicit GpuBlock(T* to) : state(to) {
    KEOPSNB_UNROLL
    for (int s = 0; s < size; ++s) KEOPSNB_UNROLL
    for (int p = 0; p < P; ++p) number[s * P + p] = Reduction::template block_identity<T>(s);
    if constexpr (begins_from_state<Reduction, GpuOneOutput<T, P>>) {
      KEOPSNB_UNROLL
      for (int p = 0; p < P; ++p)
        Reduction::template begin<W>(GpuOneOutput<T, P>{number + p}, GpuOneOutput<T, P>{state + p});
    }
  }
  KEOPSNB_FN GpuNumbers<T, P> numbers() { return {number}; }
  KEOPSNB_FN void end() {
    KEOPSNB_UNROLL
    for (int p = 0; p < P; ++p)
      Reduction::template absorb<W>(GpuOneOutput<T, P>{state + p}, GpuOneOutput<T, P>{number + p});
  }
};
template <class Reduction, i64 W, class T, int P>
  requires(Reduction::direct)
struct GpuBlock<Reduction, W, T, P> {
  T* state;
  KEOPSNB_FN explicit GpuBlock(T* to) : state(to) {}
  KEOPSNB_FN GpuNumbers<T, P> numbers() { return {state}; }
  KEOPSNB_FN void end() {}
};

// The merge of states of windows of W components.
template <class Reduction, i64 W>
struct WindowMerge {
  template <class State, class Other>
  KEOPSNB_FN static void merge(State&& state, Other&& other) {
    Reduction::template merge<W>(state, other);
  }
};

// Merges the states of `lanes` neighbours (a power of two) into that of the first; `lane` is this
// thread's rank among them. All threads of the block call it; `shared` holds half their states.
template <class Merge, int StateDim, class T, class Device>
KEOPSNB_FN void merge_lanes(Device& dev, T* state, int lane, int lanes, T* shared) {
  const int group = dev.thread() / lanes;
  for (int half = lanes / 2; half >= 1; half /= 2) {
    dev.sync();
    T* cell = shared + (static_cast<i64>(group) * (lanes / 2) + lane % half) * StateDim;
    if (lane >= half && lane < 2 * half) {
      KEOPSNB_UNROLL
      for (int s = 0; s < StateDim; ++s) cell[s] = state[s];
    }
    dev.sync();
    if (lane < half)
      Merge::merge([&](i64 s) KEOPSNB_LAMBDA -> T& { return state[s]; },
                   [&](i64 s) KEOPSNB_LAMBDA { return cell[s]; });
  }
}

// Components [begin, end) of the result are written from components of a window that begins at
// `first`: windows may overlap at the end of a vector.
struct GpuWindow {
  i64 first, begin, end;
};

// The results of an output in memory.
template <class S>
struct GpuResult {
  S* values;
  i64* indices;
};
template <class Kernel, class Call>
KEOPSNB_FN GpuResult<typename Kernel::Storage> result_of(const Call& call, i64 output) {
  using S = typename Kernel::Storage;
  const i64 at = output * Kernel::traits.out_dim;
  GpuResult<S> to{};
  if constexpr (Kernel::traits.values) to.values = static_cast<S*>(call.out) + at;
  if constexpr (Kernel::traits.indices) to.indices = call.indices + at;
  return to;
}

// The components of a window, from its state.
template <class Kernel, class State>
KEOPSNB_FN void write_window(const GpuResult<typename Kernel::Storage>& to, i64 window,
                             State state) {
  using R = typename Kernel::Reduction;
  constexpr i64 W = Kernel::window;
  const GpuWindow w = Kernel::columns(window);
  KEOPSNB_UNROLL
  for (i64 k = 0; k < R::ranks; ++k)
    for_components<W>([&](i64 c) KEOPSNB_LAMBDA {
      if (w.first + c < w.begin || w.first + c >= w.end) return;
      const i64 at = k * R::dim + w.first + c;
      if constexpr (R::values)
        to.values[at] = to_storage<typename Kernel::Storage>(R::template finish<W>(state, c, k));
      if constexpr (R::indices) to.indices[at] = R::template index<W>(state, c, k);
    });
  // Of a row: with the first of its windows.
  if constexpr (R::kept_dim > 0)
    for_kept<R>([&]<i64 N, i64 Size>(Int<N>, i64 column, Int<Size>) KEOPSNB_LAMBDA {
      for_components<(Size == 1 ? 1 : W)>([&](i64 c) KEOPSNB_LAMBDA {
        if (w.first + c < w.begin || w.first + c >= w.end || w.first + c >= Size) return;
        to.values[column + w.first + c] = to_storage<typename Kernel::Storage>(
            R::template keep<W, static_cast<int>(N)>(state, c));
      });
    });
}

// The result of output i from its state, or that state as one of the parts to be merged. A kernel
// keeps a state for each window of components.
template <class Kernel, class State>
KEOPSNB_FN void store_output(const GpuCall& call, const GpuJob& job, i64 i, i64 window,
                             State state) {
  using T = typename Kernel::T;
  constexpr GpuTraits traits = Kernel::traits;
  if (call.states) {
    const i64 part = (job.batch * call.splits + job.split) * traits.windows + window;
    T* to = static_cast<T*>(call.states) + part * traits.window_state * call.outputs + i;
    KEOPSNB_UNROLL
    for (int s = 0; s < traits.window_state; ++s) to[s * call.outputs] = state(s);
  } else {
    write_window<Kernel>(result_of<Kernel>(call, job.batch * call.outputs + i), window, state);
  }
}

// The state of a whole block, as one part of the only output.
template <class Kernel, class State>
KEOPSNB_FN void store_part(const GpuCall& call, const GpuJob& job, i64 window, State state) {
  constexpr GpuTraits traits = Kernel::traits;
  const i64 part = job.split * call.tiles + job.tile, parts = call.splits * call.tiles;
  typename Kernel::T* to =
      static_cast<typename Kernel::T*>(call.states) +
      ((job.batch * parts + part) * traits.windows + window) * traits.window_state;
  KEOPSNB_UNROLL
  for (int s = 0; s < traits.window_state; ++s) to[s] = state(s);
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
