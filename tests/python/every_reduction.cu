// The GPU kernels of every reduction, of vectors of dimension KEOPSNB_DIM, with numbers of type
// KEOPSNB_NUMBER in memory. KEOPSNB_LONG_RESULT: of results as long.
#include <keopsnb/axis_reduction.hpp>
#include <keopsnb/kernel/gpu/kernel.hpp>
#include <keopsnb/ops.hpp>

#ifndef KEOPSNB_DIM
#define KEOPSNB_DIM 3
#endif
#ifndef KEOPSNB_NUMBER
#define KEOPSNB_NUMBER float
#endif

using namespace keopsnb;

namespace {

constexpr auto x = vi<0, KEOPSNB_DIM>;
constexpr auto y = vj<1, KEOPSNB_DIM>;
constexpr auto i = vi_integer<2, 1>;
constexpr auto j = vj_integer<3, 1>;
constexpr auto f = sqdist(x, y) * equal(i, j);
#ifdef KEOPSNB_LONG_RESULT
constexpr auto g = x * y * j;
#else
constexpr auto g = f + j;
#endif

}  // namespace

#define KEOPSNB_EVERY(name, reduction)                                               \
  namespace {                                                                        \
  using name##Kernel = Gpu<KEOPSNB_NUMBER, decltype(reduction), Output::i>;          \
  }                                                                                  \
  extern "C" __global__ void __launch_bounds__(name##Kernel::traits.threads_most,    \
                                               name##Kernel::resident)               \
      name##_reduce(const __grid_constant__ GpuCall call,                            \
                    const __grid_constant__ GpuInputs<name##Kernel::positions> in) { \
    CudaDevice device;                                                               \
    name##Kernel::run(device, call, in.at);                                          \
  }                                                                                  \
  extern "C" __global__ void __launch_bounds__(gpu_merge_threads)                    \
      name##_merge(const __grid_constant__ GpuMerge call) {                          \
    CudaDevice device;                                                               \
    GpuMerger<name##Kernel>::run(device, call);                                      \
  }

#include "every_reduction.inc"
// With what derivatives take behind the result.
KEOPSNB_EVERY(MeanKept, kept(mean_reduction(g)))
KEOPSNB_EVERY(VarianceKept, kept(variance_reduction<1>(g)))
KEOPSNB_EVERY(ProdKept, kept(prod_reduction(g)))
KEOPSNB_EVERY(SoftMaxKept, kept(softmax_reduction(x* y, x + y)))
KEOPSNB_EVERY(SumSoftMaxWeightKept, kept(softmax_reduction(-f, g)))

// All that a module holds.
KEOPSNB_GPU_KERNEL(KEOPSNB_NUMBER, kmin_argkmin_reduction<100>(g), Output::j)
