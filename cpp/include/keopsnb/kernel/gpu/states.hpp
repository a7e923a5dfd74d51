// Where the states and results of a block go, and how states are merged within a block.
#pragma once
#include <keopsnb/kernel/gpu/job.hpp>
#include <keopsnb/storage.hpp>
#include <keopsnb/tile.hpp>

namespace keopsnb {

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

// How the states of windows of W components are merged.
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

// The components of a window, from its state.
template <class Kernel, class State>
KEOPSNB_FN void write_window(typename Kernel::Storage* to, i64 window, State state) {
  const GpuWindow w = Kernel::columns(window);
  for_components<Kernel::window>([&](i64 c) KEOPSNB_LAMBDA {
    if (w.first + c >= w.begin && w.first + c < w.end)
      to[w.first + c] = to_storage<typename Kernel::Storage>(
          Kernel::Reduction::template finish<Kernel::window>(state, c));
  });
}

// The result of output i from its state, or that state as one of the parts to be merged. A kernel
// keeps a state for each window of components.
template <class Kernel, class State>
KEOPSNB_FN void store_output(const GpuCall& call, const GpuJob& job, i64 i, i64 window,
                             State state) {
  using T = typename Kernel::T;
  using S = typename Kernel::Storage;
  constexpr GpuTraits traits = Kernel::traits;
  if (call.states) {
    const i64 part = (job.batch * call.splits + job.split) * traits.windows + window;
    T* to = static_cast<T*>(call.states) + part * traits.window_state * call.outputs + i;
    KEOPSNB_UNROLL
    for (int s = 0; s < traits.window_state; ++s) to[s * call.outputs] = state(s);
  } else {
    S* to = static_cast<S*>(call.out) + (job.batch * call.outputs + i) * traits.out_dim;
    write_window<Kernel>(to, window, state);
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

}  // namespace keopsnb
