// The GPU kernels of every operation with its first derivatives: one kernel computes a Concat of
// them. KEOPSNB_DIM chooses the dimension of vectors, KEOPSNB_NUMBER the type in memory;
// KEOPSNB_STRUCTURAL leaves the elementwise operations out.
#include <keopsnb/diff.hpp>
#include <keopsnb/kernel/gpu/kernel.hpp>
#include <keopsnb/ops.hpp>

#ifndef KEOPSNB_DIM
#define KEOPSNB_DIM 2
#endif
#ifndef KEOPSNB_NUMBER
#define KEOPSNB_NUMBER float
#endif

using namespace keopsnb;

namespace {

constexpr auto x = vi<0, KEOPSNB_DIM>;
constexpr auto y = vj<1, KEOPSNB_DIM>;
constexpr auto z = pm<2, 1>;

template <Formula F, class... V>
constexpr auto with_gradients(F f, V... v) {
  return sum_reduction(concat(f, grad(f, v, vi<3, F::dim>)...));
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

#define KEOPSNB_EVERY(name, ...)                                                              \
  namespace {                                                                                 \
  using name##Kernel = Gpu<KEOPSNB_NUMBER, decltype(with_gradients(__VA_ARGS__)), Output::i>; \
  }                                                                                           \
  KEOPSNB_ENTRY void __launch_bounds__(name##Kernel::traits.threads_most)                     \
      name##_reduce(const __grid_constant__ GpuCall call,                                     \
                    const __grid_constant__ GpuInputs<name##Kernel::positions> in) {          \
    Device device;                                                                            \
    name##Kernel::run(device, call, in.at);                                                   \
  }
#ifndef KEOPSNB_STRUCTURAL
#define KEOPSNB_UNARY(N, call, ...) KEOPSNB_EVERY(N, keopsnb::call(x), x)
#define KEOPSNB_UNARY_INT1(N, call, ...) KEOPSNB_EVERY(N, keopsnb::call<3>(x), x)
#define KEOPSNB_UNARY_INT2(N, call, ...) KEOPSNB_EVERY(N, keopsnb::call<-1, 1>(x), x)
#define KEOPSNB_BINARY(N, call, ...) KEOPSNB_EVERY(N, keopsnb::call(x, z), x, z)
#define KEOPSNB_TERNARY(N, call, ...) KEOPSNB_EVERY(N, keopsnb::call(x, y, z), x, y, z)
#include <keopsnb/ops.def>
#endif
KEOPSNB_EVERY(Sum, sum(x), x)
KEOPSNB_EVERY(SumT, sumt<4>(z), z)
KEOPSNB_EVERY(Concat, concat(x, y, z), x, y, z)
KEOPSNB_EVERY(Extract, extract<1, 1>(x), x)
KEOPSNB_EVERY(ExtractT, extractt<1, KEOPSNB_DIM + 2>(x), x)
KEOPSNB_EVERY(Elem, elem<1>(x), x)
KEOPSNB_EVERY(ElemT, elemt<3, 1>(z), z)
KEOPSNB_EVERY(Scalprod, scalprod(x, y), x, y)
KEOPSNB_EVERY(SqNorm2, sqnorm2(x - y), x, y)
KEOPSNB_EVERY(Norm2, norm2(x - y), x, y)
KEOPSNB_EVERY(SqDist, exp(-sqdist(x, y) * square(z)), x, y, z)
KEOPSNB_EVERY(Normalize, normalize(x), x)

#if KEOPSNB_CUDA
// All that a module holds.
KEOPSNB_GPU_KERNEL(KEOPSNB_NUMBER, logsumexp_reduction(-sqdist(x, y)), Output::one)
#endif
