// The elementary functions on CUDA: but for exp the compiler's own, declared without any header by
// nvcc and NVRTC. Their errors are those of the CUDA C++ Programming Guide: at most 2 ULP; in
// single precision 3 for atan2, sinh, asinh, atanh, 4 for powf, tan, acosh, erfc and hypot, 6 for
// lgamma away from its zeros; in double precision 5 for erfc, 3 for atanh and acosh, 4 for lgamma.
#pragma once
#include <keopsnb/pack.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

#define KEOPSNB_UNARY_BUILTIN(NAME, F32, F64) \
  template <Number V>                         \
  KEOPSNB_FN V NAME(V a) {                    \
    if constexpr (same<V, float>)             \
      return ::F32(a);                        \
    else                                      \
      return ::F64(a);                        \
  }
#define KEOPSNB_BINARY_BUILTIN(NAME, F32, F64) \
  template <Number V>                          \
  KEOPSNB_FN V NAME(V a, V b) {                \
    if constexpr (same<V, float>)              \
      return ::F32(a, b);                      \
    else                                       \
      return ::F64(a, b);                      \
  }
KEOPSNB_UNARY_BUILTIN(abs, fabsf, fabs)
KEOPSNB_UNARY_BUILTIN(floor, floorf, floor)
KEOPSNB_UNARY_BUILTIN(sqrt, sqrtf, sqrt)
KEOPSNB_UNARY_BUILTIN(rsqrt, rsqrtf, rsqrt)
KEOPSNB_UNARY_BUILTIN(log, logf, log)
KEOPSNB_UNARY_BUILTIN(sin, sinf, sin)
KEOPSNB_UNARY_BUILTIN(cos, cosf, cos)
KEOPSNB_UNARY_BUILTIN(asin, asinf, asin)
KEOPSNB_UNARY_BUILTIN(acos, acosf, acos)
KEOPSNB_UNARY_BUILTIN(atan, atanf, atan)
KEOPSNB_UNARY_BUILTIN(tan, tanf, tan)
KEOPSNB_UNARY_BUILTIN(sinh, sinhf, sinh)
KEOPSNB_UNARY_BUILTIN(cosh, coshf, cosh)
KEOPSNB_UNARY_BUILTIN(tanh, tanhf, tanh)
KEOPSNB_UNARY_BUILTIN(asinh, asinhf, asinh)
KEOPSNB_UNARY_BUILTIN(acosh, acoshf, acosh)
KEOPSNB_UNARY_BUILTIN(atanh, atanhf, atanh)
KEOPSNB_UNARY_BUILTIN(exp2, exp2f, exp2)
KEOPSNB_UNARY_BUILTIN(expm1, expm1f, expm1)
KEOPSNB_UNARY_BUILTIN(log1p, log1pf, log1p)
KEOPSNB_UNARY_BUILTIN(log2, log2f, log2)
KEOPSNB_UNARY_BUILTIN(log10, log10f, log10)
KEOPSNB_UNARY_BUILTIN(cbrt, cbrtf, cbrt)
KEOPSNB_UNARY_BUILTIN(erf, erff, erf)
KEOPSNB_UNARY_BUILTIN(erfc, erfcf, erfc)
KEOPSNB_UNARY_BUILTIN(lgamma, lgammaf, lgamma)
KEOPSNB_BINARY_BUILTIN(hypot, hypotf, hypot)
KEOPSNB_BINARY_BUILTIN(atan2, atan2f, atan2)
KEOPSNB_BINARY_BUILTIN(powf, powf, pow)

// 2^a, within 2 ULP; 0 instead of denormal numbers.
KEOPSNB_FN float exp2_approximate(float a) {
#if defined(__CUDA_ARCH__)
  float r;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(r) : "f"(a));
  return r;
#else
  return ::exp2f(a);  // the host pass of nvcc, which runs no kernel
#endif
}

// e^a. In single precision e^(a (1 + d)) (1 + 2^-22) with |d| <= 2^-24, two instructions: as if the
// argument had been rounded once more, so (2 + |a|) ULP. No denormal results, as on the CPU.
template <Number V>
KEOPSNB_FN V exp(V a) {
  if constexpr (same<V, float>)
    return exp2_approximate(a * 1.44269504f);
  else
    return ::exp(a);
}

#undef KEOPSNB_UNARY_BUILTIN
#undef KEOPSNB_BINARY_BUILTIN

}  // namespace keopsnb::inline KEOPSNB_TARGET
