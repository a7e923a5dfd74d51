// The only file, with target.hpp, that asks which compiler this is and for which machine it
// compiles.
#pragma once
#include <keopsnb/target.hpp>

#if defined(__CUDACC__) || defined(__CUDACC_RTC__)
#define KEOPSNB_CUDA 1
#define KEOPSNB_FN __host__ __device__ __forceinline__
#else
#define KEOPSNB_CUDA 0
// Kernels are one flat loop: every step of an evaluation is inlined into it, at any -O level.
#define KEOPSNB_FN [[gnu::always_inline]] inline
#endif

// Sums to twice the precision, reductions of angles, tests for NaN: compilers that may reassociate,
// or that believe there is no NaN, would undo them without a word. g++ says what it may do; clang
// only of all at once, so that with clang the headers in which it matters forbid it
// (KEOPSNB_EXACT).
#if !KEOPSNB_CUDA && (defined(__FAST_MATH__) || defined(__ASSOCIATIVE_MATH__) || \
                      (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__))
#error \
    "keopsnb: results would be wrong with -ffast-math, -Ofast, -funsafe-math-optimizations, -fassociative-math or -ffinite-math-only; write -O3 -fno-math-errno -fno-trapping-math -fno-signed-zeros, which is as fast"
#endif
#if defined(__clang__) && !KEOPSNB_CUDA
#define KEOPSNB_EXACT_BEGIN \
  _Pragma("float_control(precise, on, push)") _Pragma("clang fp contract(fast)")
#define KEOPSNB_EXACT_END _Pragma("float_control(pop)")
#else
#define KEOPSNB_EXACT_BEGIN
#define KEOPSNB_EXACT_END
#endif

// Compiled once, however often it is called.
#if defined(__clang__)
#define KEOPSNB_NOINLINE __attribute__((noinline))
#else
#define KEOPSNB_NOINLINE __attribute__((noinline, noclone))
#endif

#if KEOPSNB_CUDA
#define KEOPSNB_LAMBDA
#else
#define KEOPSNB_LAMBDA __attribute__((always_inline))
#endif

// A register of numbers, for the constraint of an asm statement.
#if defined(__AVX512F__)
#define KEOPSNB_REGISTER "+v"
#elif defined(__SSE2__)
#define KEOPSNB_REGISTER "+x"
#elif defined(__aarch64__)
#define KEOPSNB_REGISTER "+w"
#else
#define KEOPSNB_REGISTER "+m"
#endif
// Whether the compiler reads numbers of memory again where they are operands, however many
// registers there are (kernel/component.hpp). Held from clang, its own loops are slower.
#if defined(__clang__) || !(defined(__SSE2__) || defined(__aarch64__))
#define KEOPSNB_REREADS 0
#else
#define KEOPSNB_REREADS 1
#endif

// Of a function with several chains of dependent instructions: these take turns. g++ leaves them
// one behind the other on x86, farther apart than a processor looks ahead: Gaussian sums in R^3 are
// 9 to 12 % faster with AVX2 (g++ 12). Not tried with older ones, nor with AVX-512.
#if !KEOPSNB_CUDA && !defined(__clang__) && defined(__GNUC__) && __GNUC__ >= 12 && \
    defined(__x86_64__) && defined(__AVX2__) && !defined(__AVX512F__)
#define KEOPSNB_INTERLEAVED __attribute__((optimize("schedule-insns", "sched-pressure")))
#else
#define KEOPSNB_INTERLEAVED
#endif

// Widest SIMD register of the target, in bytes.
#if defined(__AVX512F__)
#define KEOPSNB_SIMD_BYTES 64
#elif defined(__AVX__)
#define KEOPSNB_SIMD_BYTES 32
#else
#define KEOPSNB_SIMD_BYTES 16
#endif

#if KEOPSNB_CUDA && !defined(__CUDA_ARCH__)
#define KEOPSNB_UNROLL  // nvcc's pass over host code, where no kernel runs
#elif defined(__clang__)
#define KEOPSNB_UNROLL _Pragma("clang loop unroll_count(16)")
#elif defined(__GNUC__) && !KEOPSNB_CUDA
#define KEOPSNB_UNROLL _Pragma("GCC unroll 16")
#else
#define KEOPSNB_UNROLL _Pragma("unroll")
#endif

#define KEOPSNB_PRAGMA(text) _Pragma(#text)
#if KEOPSNB_CUDA && defined(__CUDA_ARCH__)
// At most n times.
#define KEOPSNB_UNROLL_BY(n) KEOPSNB_PRAGMA(unroll(n))
#else
#define KEOPSNB_UNROLL_BY(n)
#endif
#if KEOPSNB_CUDA
// Vectors up to this dimension are registers, so that loops over them have to unroll.
#define KEOPSNB_UNROLLED_DIM 64
#else
#define KEOPSNB_UNROLLED_DIM 8
#endif

namespace keopsnb::inline KEOPSNB_TARGET {
using i64 = long long;  // sizes, strides and indices
}  // namespace keopsnb::inline KEOPSNB_TARGET
