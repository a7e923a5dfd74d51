// The kernels beside the reduction: merging the states of parts, and results without any term.
#pragma once
#include <keopsnb/kernel/gpu/states.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

// Merges parts with groups of threads: each thread every group-th part, then across the group.
template <class Kernel>
struct GpuMerger {
  using T = typename Kernel::T;
  using Reduction = typename Kernel::Reduction;
  static constexpr int threads = gpu_merge_threads;
  static constexpr i64 window = Kernel::window;
  static constexpr int state_dim = Kernel::traits.window_state;

  using InWindow = WindowMerge<Reduction, window>;

  template <class Device>
  KEOPSNB_FN static void run(Device& dev, const GpuMerge& call) {
    const int lane = dev.thread() % call.group;
    const i64 rank = dev.block() * (threads / call.group) + dev.thread() / call.group;
    const i64 windows = Kernel::traits.windows;
    const i64 row = rank / call.outputs, output = rank - row * call.outputs;
    const i64 batch = row / windows, mine = row - batch * windows;
    T state[state_dim];
    KEOPSNB_UNROLL
    for (int s = 0; s < state_dim; ++s) state[s] = Reduction::template identity<T>(s);
    if (batch < call.batches)
      for (i64 part = lane; part < call.parts; part += call.group) {
        const T* from = static_cast<const T*>(call.states) +
                        ((batch * call.parts + part) * windows + mine) * state_dim * call.outputs +
                        output;
        InWindow::merge([&](i64 s) KEOPSNB_LAMBDA -> T& { return state[s]; },
                        [&](i64 s) KEOPSNB_LAMBDA { return from[s * call.outputs]; });
      }
    merge_lanes<InWindow, state_dim>(dev, state, lane, call.group,
                                     reinterpret_cast<T*>(dev.shared()));
    if (lane > 0 || batch >= call.batches) return;
    write_window<Kernel>(result_of<Kernel>(call, batch * call.outputs + output), mine,
                         [&](i64 s) KEOPSNB_LAMBDA -> T& { return state[s]; });
  }
};

// The result of no term, for outputs that no range names.
template <class Kernel, class Device>
KEOPSNB_FN void gpu_fill(Device& dev, void* out, i64* indices, i64 numbers) {
  using S = typename Kernel::Storage;
  using R = typename Kernel::Reduction;
  const i64 at = dev.block() * dev.threads() + dev.thread();
  if (at >= numbers) return;
  const auto none = [](i64 s) { return R::template identity<typename Kernel::T>(s); };
  if constexpr (R::values)
    static_cast<S*>(out)[at] = to_storage<S>(R::template finish<1>(none, 0, 0));
  if constexpr (R::kept_dim > 0)
    for_kept<R>([&]<i64 N, i64 Size>(Int<N>, i64 column, Int<Size>) KEOPSNB_LAMBDA {
      const i64 place = at % Kernel::traits.out_dim;
      if (place >= column && place < column + Size)
        static_cast<S*>(out)[at] = to_storage<S>(R::template keep<1, static_cast<int>(N)>(none, 0));
    });
  if constexpr (R::indices) indices[at] = R::template index<1>(none, 0, 0);
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
