// The GPU kernels of a reduction, and their entry points.
#pragma once
#include <keopsnb/kernel/gpu/columns.hpp>
#include <keopsnb/kernel/gpu/fast.hpp>
#include <keopsnb/kernel/gpu/long.hpp>
#include <keopsnb/kernel/gpu/merge.hpp>
#include <keopsnb/kernel/gpu/short.hpp>
#include <keopsnb/kernel/gpu/top.hpp>
#include <keopsnb/reductions.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

namespace detail {
// Lists of the first terms are kept in registers where they have at most so many words, and
// otherwise in shared memory; for a single output too, where they are merged at places that
// registers do not have.
template <class S, class R, Output Out, i64 Words>
concept ShortLists =
    !KeepsList<R> || (Out != Output::one &&
                      R::state_dim(R::dim) * static_cast<i64>(sizeof(computed_in<S>) / 4) <= Words);

template <class S, class R, Output Out>
using GpuOfLong =
    choose<(KeepsList<R> && R::dim > 4) || !ShortLists<S, R, Out, 32>, GpuTop<S, R, Out>,
           choose<R::dim <= 4, GpuLong<S, R, Out>, GpuColumns<S, R, Out>>>;
template <class S, class R, Output Out>
using GpuOf = choose<GpuShort<S, R, Out>::fits && ShortLists<S, R, Out, 64>, GpuShort<S, R, Out>,
                     GpuOfLong<S, R, Out>>;
}  // namespace detail

// S: the type of numbers in memory.
template <class S, class Reduction, Output Out>
using Gpu = detail::GpuOf<S, faster<Reduction>, Out>;

// The inputs of a call, by value. A launcher may pass more than a kernel reads.
template <int N>
struct GpuInputs {
  GpuInput at[N];
};

}  // namespace keopsnb::inline KEOPSNB_TARGET

#if KEOPSNB_CUDA
// The symbols of a module that holds a kernel.
#define KEOPSNB_GPU_KERNEL(S, reduction, out)                                                      \
  using KeopsnbKernel = keopsnb::Gpu<S, decltype(reduction), out>;                                 \
  extern "C" __constant__ const keopsnb::GpuTraits keopsnb_traits = KeopsnbKernel::traits;         \
  extern "C" __global__ void __launch_bounds__(KeopsnbKernel::traits.threads_most,                 \
                                               KeopsnbKernel::resident)                            \
      keopsnb_reduce(const __grid_constant__ keopsnb::GpuCall call,                                \
                     const __grid_constant__ keopsnb::GpuInputs<KeopsnbKernel::positions> in) {    \
    keopsnb::CudaDevice device;                                                                    \
    KeopsnbKernel::run(device, call, in.at);                                                       \
  }                                                                                                \
  extern "C" __global__ void __launch_bounds__(keopsnb::GpuMerger<KeopsnbKernel>::threads)         \
      keopsnb_merge(const __grid_constant__ keopsnb::GpuMerge call) {                              \
    keopsnb::CudaDevice device;                                                                    \
    keopsnb::GpuMerger<KeopsnbKernel>::run(device, call);                                          \
  }                                                                                                \
  extern "C" __global__ void keopsnb_fill(void* to, keopsnb::i64* indices, keopsnb::i64 numbers) { \
    keopsnb::CudaDevice device;                                                                    \
    keopsnb::gpu_fill<KeopsnbKernel>(device, to, indices, numbers);                                \
  }
#endif
