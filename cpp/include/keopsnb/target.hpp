// KEOPSNB_TARGET, the name of an inline namespace around all of keopsnb: it says what the compiler
// may use. Parts of a program that are compiled for different machines then share no function, of
// which a linker would keep one, perhaps that of the wider instructions.
#pragma once

#if defined(__CUDACC__) || defined(__CUDACC_RTC__)
// nvcc's passes over the host's code and the device's have to agree.
#define KEOPSNB_TARGET cuda
#else
// The level of SSE, of AVX and of AVX-512.
#if defined(__SSE4_2__)
#define KEOPSNB_SSE 42
#elif defined(__SSE4_1__)
#define KEOPSNB_SSE 41
#elif defined(__SSSE3__)
#define KEOPSNB_SSE 31
#elif defined(__SSE3__)
#define KEOPSNB_SSE 3
#else
#define KEOPSNB_SSE 2
#endif
#if defined(__AVX2__)
#define KEOPSNB_AVX 2
#elif defined(__AVX__)
#define KEOPSNB_AVX 1
#else
#define KEOPSNB_AVX 0
#endif
#if defined(__FMA__) || defined(__FMA4__) || defined(__ARM_FEATURE_FMA)
#define KEOPSNB_HAS_FMA 1
#else
#define KEOPSNB_HAS_FMA 0
#endif
#if defined(__F16C__) || defined(__ARM_FEATURE_FP16_VECTOR_ARITHMETIC)
#define KEOPSNB_HAS_F16C 1
#else
#define KEOPSNB_HAS_F16C 0
#endif
#if defined(__BMI2__)
#define KEOPSNB_HAS_BMI2 1
#else
#define KEOPSNB_HAS_BMI2 0
#endif
#if defined(__AVX512F__)
#define KEOPSNB_HAS_AVX512F 1
#else
#define KEOPSNB_HAS_AVX512F 0
#endif
#if defined(__AVX512BW__)
#define KEOPSNB_HAS_AVX512BW 1
#else
#define KEOPSNB_HAS_AVX512BW 0
#endif
#if defined(__AVX512DQ__)
#define KEOPSNB_HAS_AVX512DQ 1
#else
#define KEOPSNB_HAS_AVX512DQ 0
#endif
#if defined(__AVX512VL__)
#define KEOPSNB_HAS_AVX512VL 1
#else
#define KEOPSNB_HAS_AVX512VL 0
#endif
#if defined(__AVX512VBMI__)
#define KEOPSNB_HAS_AVX512VBMI 1
#else
#define KEOPSNB_HAS_AVX512VBMI 0
#endif
#if defined(__ARM_FEATURE_SVE)
#define KEOPSNB_HAS_SVE 1
#else
#define KEOPSNB_HAS_SVE 0
#endif
// simd<level of SSE>_<of AVX>_<what else there is, a digit each>
#define KEOPSNB_NAME(sse, avx, a, b, c, d, e, f, g, h, i) \
  simd##sse##_##avx##_##a##b##c##d##e##f##g##h##i
#define KEOPSNB_NAME_OF(...) KEOPSNB_NAME(__VA_ARGS__)
#define KEOPSNB_TARGET                                                                           \
  KEOPSNB_NAME_OF(KEOPSNB_SSE, KEOPSNB_AVX, KEOPSNB_HAS_FMA, KEOPSNB_HAS_F16C, KEOPSNB_HAS_BMI2, \
                  KEOPSNB_HAS_AVX512F, KEOPSNB_HAS_AVX512BW, KEOPSNB_HAS_AVX512DQ,               \
                  KEOPSNB_HAS_AVX512VL, KEOPSNB_HAS_AVX512VBMI, KEOPSNB_HAS_SVE)
#endif
