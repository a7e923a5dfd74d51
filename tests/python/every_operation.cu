// The GPU kernels of every operation with its first derivatives: one kernel computes a Concat of
// them. KEOPSNB_NUMBER is the type in memory; KEOPSNB_STRUCTURAL leaves the elementwise operations
// out.
#include <keopsnb/diff.hpp>
#include <keopsnb/kernel/gpu/kernel.hpp>
#include <keopsnb/ops.hpp>

#ifndef KEOPSNB_NUMBER
#define KEOPSNB_NUMBER float
#endif

using namespace keopsnb;

namespace {

constexpr auto x = vi<0, 2>;
constexpr auto y = vj<1, 2>;
constexpr auto z = pm<2, 1>;
constexpr auto index = vi_integer<4, 1>;

template <Formula F, class... V>
constexpr auto columns(F f, V... v) {
  return concat(f, grad(f, v, vi<3, F::dim>)...);
}

#if KEOPSNB_CUDA
#define KEOPSNB_ENTRY extern "C" __global__
using Device = CudaDevice;
#else
#define KEOPSNB_ENTRY extern "C"
#define __grid_constant__
#define __launch_bounds__(...)
// To be compiled, not run.
struct Device {
  int thread() const { return 0; }
  int threads() const { return 1; }
  int block() const { return 0; }
  char* shared() const { return nullptr; }
  void sync() const {}
};
#endif

}  // namespace

#define KEOPSNB_GROUP(name, ...)                                                    \
  namespace {                                                                       \
  using name##Kernel =                                                              \
      Gpu<KEOPSNB_NUMBER, decltype(sum_reduction(concat(__VA_ARGS__))), Output::i>; \
  constexpr int name##_positions = name##Kernel::positions;                         \
  }                                                                                 \
  KEOPSNB_ENTRY void __launch_bounds__(name##Kernel::traits.threads_most)           \
      name##_reduce(const __grid_constant__ GpuCall call,                           \
                    const __grid_constant__ GpuInputs<name##_positions> in) {       \
    Device device;                                                                  \
    name##Kernel::run(device, call, in.at);                                         \
  }
#define KEOPSNB_EVERY(name, ...) KEOPSNB_GROUP(name, columns(__VA_ARGS__))

#include "every_operation.inc"

// Cases that depend on the kind of operands, and compositions.
KEOPSNB_EVERY(Remainder, mod(index, cst<60>, cst<0>) * z, z)
KEOPSNB_EVERY(Quotient, floordivide(index, index + cst<1>) * z, z)
KEOPSNB_EVERY(Gaussian, exp(-sqdist(x, y) * square(z)), x, y, z)

#if KEOPSNB_CUDA
// All that a module holds.
KEOPSNB_GPU_KERNEL(KEOPSNB_NUMBER, logsumexp_reduction(-sqdist(x, y)), Output::one)
#endif
