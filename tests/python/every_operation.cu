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
// Of fixed dimensions: matrices, vectors that fit them, a knot vector, a table and an index of it.
constexpr auto A = vj<4, 6>;
constexpr auto u = vi<5, 3>;
constexpr auto v = vj<6, 2>;
constexpr auto table = pm<7, 8>;
constexpr auto index = vi_integer<8, 1>;

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
  constexpr int name##_positions = name##Kernel::positions;                                   \
  }                                                                                           \
  KEOPSNB_ENTRY void __launch_bounds__(name##Kernel::traits.threads_most)                     \
      name##_reduce(const __grid_constant__ GpuCall call,                                     \
                    const __grid_constant__ GpuInputs<name##_positions> in) {                 \
    Device device;                                                                            \
    name##Kernel::run(device, call, in.at);                                                   \
  }
#ifndef KEOPSNB_STRUCTURAL
namespace {

// Of the elementwise operations a few in each kernel: compilers take a quarter of the time.
constexpr int together = 4, groups = 17;

template <Formula F, class... V>
constexpr auto columns(F f, V... v) {
  return concat(f, grad(f, v, vi<3, F::dim>)...);
}
template <class, class... F>
using Rest = List<F...>;
#define KEOPSNB_UNARY(N, call, ...) , decltype(columns(keopsnb::call(x), x))
#define KEOPSNB_UNARY_INT1(N, call, ...) , decltype(columns(keopsnb::call<3>(x), x))
#define KEOPSNB_UNARY_INT2(N, call, ...) , decltype(columns(keopsnb::call<-1, 1>(x), x))
#define KEOPSNB_BINARY(N, call, ...) , decltype(columns(keopsnb::call(x, z), x, z))
#define KEOPSNB_TERNARY(N, call, ...) , decltype(columns(keopsnb::call(x, y, z), x, y, z))
using Elementwise = Rest<void
#include <keopsnb/ops.def>
                         >;
static_assert(together * groups >= Elementwise::size && together * (groups - 1) < Elementwise::size);

template <int First, int... I>
constexpr auto group(Ints<I...>) {
  constexpr int last = Elementwise::size - 1;
  return concat(keopsnb::at<(First + I < last ? First + I : last), Elementwise>{}...);
}
template <int Group>
using GroupKernel = Gpu<KEOPSNB_NUMBER,
                        decltype(sum_reduction(group<Group * together>(up_to<together>{}))),
                        Output::i>;

}  // namespace

#define KEOPSNB_GROUP(k)                                                             \
  KEOPSNB_ENTRY void __launch_bounds__(GroupKernel<k>::traits.threads_most)          \
      Elementwise##k##_reduce(const __grid_constant__ GpuCall call,                  \
                              const __grid_constant__ GpuInputs<GroupKernel<k>::positions> in) { \
    Device device;                                                                   \
    GroupKernel<k>::run(device, call, in.at);                                        \
  }
KEOPSNB_GROUP(0)
KEOPSNB_GROUP(1)
KEOPSNB_GROUP(2)
KEOPSNB_GROUP(3)
KEOPSNB_GROUP(4)
KEOPSNB_GROUP(5)
KEOPSNB_GROUP(6)
KEOPSNB_GROUP(7)
KEOPSNB_GROUP(8)
KEOPSNB_GROUP(9)
KEOPSNB_GROUP(10)
KEOPSNB_GROUP(11)
KEOPSNB_GROUP(12)
KEOPSNB_GROUP(13)
KEOPSNB_GROUP(14)
KEOPSNB_GROUP(15)
KEOPSNB_GROUP(16)
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
KEOPSNB_EVERY(SqNormIso, sqnormiso(z, x), z, x)
KEOPSNB_EVERY(SqNormDiag, sqnormdiag(x, y), x, y)
KEOPSNB_EVERY(SymSqNorm, symsqnorm(concat(A, u), u), A, u)
KEOPSNB_EVERY(WeightedSqNorm, weightedsqnorm(x, y), x, y)
KEOPSNB_EVERY(WeightedSqDist, weightedsqdist(z, x, y), z, x, y)
KEOPSNB_EVERY(Max, keopsnb::max(x), x)
KEOPSNB_EVERY(Min, keopsnb::min(x), x)
KEOPSNB_EVERY(ArgMax, argmax(x), x)
KEOPSNB_EVERY(ArgMin, argmin(x), x)
KEOPSNB_EVERY(OneHot, onehot<3>(z), z)
KEOPSNB_EVERY(MatVecMult, matvecmult(A, u), A, u)
KEOPSNB_EVERY(VecMatMult, vecmatmult(v, A), v, A)
KEOPSNB_EVERY(TensorProd, tensorprod(x, v), x, v)
KEOPSNB_EVERY(TensorDot, (tensordot<Ints<2, 3>, Ints<3>, Ints<1>, Ints<0>>(A, u)), A, u)
KEOPSNB_EVERY(Kron, (kron<Ints<2, 3>, Ints<2, 1>>(A, v)), A, v)
KEOPSNB_EVERY(Take, take<2>(table, index), table)
KEOPSNB_EVERY(TakeT, taket<8>(v, index), v)
KEOPSNB_EVERY(Remainder, mod(index, cst<60>, cst<0>) * z, z)
KEOPSNB_EVERY(Quotient, floordivide(index, index + cst<1>) * z, z)
KEOPSNB_EVERY(BSpline, bspline<2>(A, z), A, z)
KEOPSNB_EVERY(SoftDTW_SqDist, softdtwsqdist(u, v, z), u, v, z)
KEOPSNB_EVERY(Real2Complex, real2complex(x), x)
KEOPSNB_EVERY(Imag2Complex, imag2complex(x), x)
KEOPSNB_EVERY(ComplexExp1j, complexexp1j(x), x)
KEOPSNB_EVERY(ComplexReal, complexreal(x), x)
KEOPSNB_EVERY(ComplexImag, compleximag(x), x)
KEOPSNB_EVERY(ComplexSquareAbs, complexsquareabs(x), x)
KEOPSNB_EVERY(ComplexAbs, complexabs(x), x)
KEOPSNB_EVERY(ComplexAngle, complexangle(x), x)
KEOPSNB_EVERY(Conj, conj(x), x)
KEOPSNB_EVERY(ComplexExp, complexexp(x), x)
KEOPSNB_EVERY(ComplexLog, complexlog(x), x)
KEOPSNB_EVERY(ComplexSqrt, complexsqrt(x), x)
KEOPSNB_EVERY(ComplexAdd, complexadd(x, v), x, v)
KEOPSNB_EVERY(ComplexSubtract, complexsubtract(x, v), x, v)
KEOPSNB_EVERY(ComplexMult, complexmult(x, v), x, v)
KEOPSNB_EVERY(ComplexDivide, complexdivide(x, v), x, v)
KEOPSNB_EVERY(ComplexPow, complexpow(x, v), x, v)
KEOPSNB_EVERY(ComplexScal, complexscal(v, x), v, x)
KEOPSNB_EVERY(ComplexRealScal, complexrealscal(z, x), z, x)
KEOPSNB_EVERY(ComplexSum, complexsum(x), x)
KEOPSNB_EVERY(ComplexSumT, complexsumt<6>(v), v)

#if KEOPSNB_CUDA
// All that a module holds.
KEOPSNB_GPU_KERNEL(KEOPSNB_NUMBER, logsumexp_reduction(-sqdist(x, y)), Output::one)
#endif
