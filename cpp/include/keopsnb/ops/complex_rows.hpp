// The rows of complex operations.
#pragma once
#include <keopsnb/catalogue.hpp>
#include <keopsnb/ops/complex.hpp>

#ifdef KEOPSNB_CATALOGUE
namespace keopsnb::inline KEOPSNB_TARGET {

inline constexpr auto complex_dim = [](const i64* d, int n, const i64* p) -> i64 {
  i64 half[2] = {1, 1};
  for (int k = 0; k < n; ++k) {
    if (d[k] % 2 != 0) return -1;
    half[k] = d[k] / 2;
  }
  const i64 result = broadcast_dim(half, n, p);
  return result < 0 ? -1 : 2 * result;
};
inline constexpr auto complex_scal_dim = [](const i64* d, int n, const i64* p) -> i64 {
  return d[0] == 2 || d[1] == 2 ? complex_dim(d, n, p) : -1;
};
inline constexpr auto complex_to_real_dim = [](const i64* d, int, const i64*) -> i64 {
  return d[0] % 2 == 0 ? d[0] / 2 : -1;
};
inline constexpr auto real_to_complex_dim = [](const i64* d, int, const i64*) -> i64 {
  return 2 * d[0];
};

#define KEOPSNB_COMPLEX_ROW(N, CALL, SIGNATURE, OPERANDS, DIM, DOMAIN, CASES, REFERENCE, SENTENCE) \
  {.name = #N,                                                                                     \
   .call = #CALL,                                                                                  \
   .signature = SIGNATURE,                                                                         \
   .operands = OPERANDS,                                                                           \
   .ints = 0,                                                                                      \
   .dim = DIM,                                                                                     \
   .domain = DOMAIN,                                                                               \
   .reference = REFERENCE,                                                                         \
   .sentence = SENTENCE,                                                                           \
   .partials = "",                                                                                 \
   .cases = CASES,                                                                                 \
   .group = "complex"}
// References on complex numbers: Z and W are the operands, and the result's parts are in turns.
#define KEOPSNB_Z "a.copy().view('complex128')"
#define KEOPSNB_W "b.copy().view('complex128')"
#define KEOPSNB_FROM_COMPLEX(TEXT) "numpy.ascontiguousarray(" TEXT ").view('float64')"
#define KEOPSNB_COMPLEX_UNARY(N, CALL, DOMAIN, VALUE, SENTENCE)                          \
  KEOPSNB_COMPLEX_ROW(N, CALL, "(2n) -> 2n", 1, complex_dim, DOMAIN, "6 | ; 2 | ; 34 |", \
                      KEOPSNB_FROM_COMPLEX(VALUE), SENTENCE)
#define KEOPSNB_COMPLEX_BINARY(N, CALL, DOMAIN, VALUE, SENTENCE)                                \
  KEOPSNB_COMPLEX_ROW(N, CALL, "(2n), (2n) -> 2n, or one side of dimension 2", 2, complex_dim,  \
                      DOMAIN, "6, 6 | ; 2, 6 | ; 6, 2 | ; 2, 2 |", KEOPSNB_FROM_COMPLEX(VALUE), \
                      SENTENCE)
#define KEOPSNB_COMPLEX_PART(N, CALL, DOMAIN, VALUE, SENTENCE)                                  \
  KEOPSNB_COMPLEX_ROW(N, CALL, "(2n) -> n", 1, complex_to_real_dim, DOMAIN, "6 | ; 2 | ; 34 |", \
                      VALUE, SENTENCE)
#define KEOPSNB_TO_COMPLEX(N, CALL, VALUE, SENTENCE)                                        \
  KEOPSNB_COMPLEX_ROW(N, CALL, "(n) -> 2n", 1, real_to_complex_dim, "(-2, 2)", "3 | ; 1 |", \
                      KEOPSNB_FROM_COMPLEX(VALUE), SENTENCE)

inline constexpr Row rows_complex[] = {
    KEOPSNB_TO_COMPLEX(Real2Complex, real2complex, "a + 0j", "a + 0i: real numbers as complex."),
    KEOPSNB_TO_COMPLEX(Imag2Complex, imag2complex, "1j * a", "0 + ia: imaginary numbers."),
    KEOPSNB_TO_COMPLEX(ComplexExp1j, complexexp1j, "numpy.exp(1j * a)",
                       "exp(ia), of real numbers a."),
    KEOPSNB_COMPLEX_PART(ComplexReal, complexreal, "(-2, 2)", "a[..., ::2]", "The real parts."),
    KEOPSNB_COMPLEX_PART(ComplexImag, compleximag, "(-2, 2)", "a[..., 1::2]",
                         "The imaginary parts."),
    KEOPSNB_COMPLEX_PART(ComplexSquareAbs, complexsquareabs, "(-2, 2)",
                         "numpy.abs(" KEOPSNB_Z ") ** 2", "The squares of the moduli."),
    KEOPSNB_COMPLEX_PART(ComplexAbs, complexabs, "(0.2, 2)", "numpy.abs(" KEOPSNB_Z ")",
                         "The moduli; the gradient is taken as 0 at 0."),
    KEOPSNB_COMPLEX_PART(ComplexAngle, complexangle, "(0.2, 2)", "numpy.angle(" KEOPSNB_Z ")",
                         "The angles, in (-pi, pi]."),
    KEOPSNB_COMPLEX_UNARY(Conj, conj, "(-2, 2)", "numpy.conj(" KEOPSNB_Z ")",
                          "The complex conjugates."),
    KEOPSNB_COMPLEX_UNARY(ComplexExp, complexexp, "(-2, 2)", "numpy.exp(" KEOPSNB_Z ")",
                          "The exponential."),
    KEOPSNB_COMPLEX_UNARY(ComplexLog, complexlog, "(0.2, 2)", "numpy.log(" KEOPSNB_Z ")",
                          "The logarithm whose imaginary part is in (-pi, pi]."),
    KEOPSNB_COMPLEX_UNARY(ComplexSqrt, complexsqrt, "(0.2, 2)", "numpy.sqrt(" KEOPSNB_Z ")",
                          "The square root whose real part is not negative; its derivative is "
                          "taken as 0 at 0."),
    KEOPSNB_COMPLEX_BINARY(ComplexAdd, complexadd, "(-2, 2), (-2, 2)", KEOPSNB_Z " + " KEOPSNB_W,
                           "Sum."),
    KEOPSNB_COMPLEX_BINARY(ComplexSubtract, complexsubtract, "(-2, 2), (-2, 2)",
                           KEOPSNB_Z " - " KEOPSNB_W, "Difference."),
    KEOPSNB_COMPLEX_BINARY(ComplexMult, complexmult, "(-2, 2), (-2, 2)", KEOPSNB_Z " * " KEOPSNB_W,
                           "Product."),
    KEOPSNB_COMPLEX_BINARY(ComplexDivide, complexdivide, "(-2, 2), (0.5, 2)",
                           KEOPSNB_Z " / " KEOPSNB_W, "Quotient."),
    KEOPSNB_COMPLEX_BINARY(ComplexPow, complexpow, "(0.2, 2), (-2, 2)", KEOPSNB_Z " ** " KEOPSNB_W,
                           "Power, exp(b log(a)) with the logarithm of ComplexLog; where a is 0 it "
                           "is 1 if b is 0, else 0."),
    KEOPSNB_COMPLEX_ROW(ComplexScal, complexscal, "(2), (2n) or (2n), (2) -> 2n", 2,
                        complex_scal_dim, "(-2, 2), (-2, 2)", "2, 6 | ; 6, 2 | ; 2, 2 |",
                        KEOPSNB_FROM_COMPLEX(KEOPSNB_Z " * " KEOPSNB_W),
                        "A complex scalar times a complex vector, in either order."),
    KEOPSNB_COMPLEX_ROW(
        ComplexRealScal, complexrealscal, "(1), (2n) or (2n), (1) -> 2n", 2,
        [](const i64* d, int, const i64*) -> i64 {
          return d[0] == 1 && d[1] % 2 == 0 ? d[1] : d[1] == 1 && d[0] % 2 == 0 ? d[0] : -1;
        },
        "(-2, 2), (-2, 2)", "1, 6 | ; 6, 1 | ; 1, 2 |", "a * b",
        "A real scalar times a complex vector, in either order."),
    KEOPSNB_COMPLEX_ROW(
        ComplexSum, complexsum, "(2n) -> 2", 1,
        [](const i64* d, int, const i64*) -> i64 { return d[0] % 2 == 0 ? 2 : -1; }, "(-2, 2)",
        "6 | ; 2 | ; 34 |", KEOPSNB_FROM_COMPLEX("numpy.sum(" KEOPSNB_Z ", -1, keepdims=True)"),
        "The sum of the complex components."),
    {.name = "ComplexSumT",
     .call = "complexsumt",
     .signature = "(2), n -> n  with an even n",
     .operands = 1,
     .ints = 1,
     .dim = [](const i64* d, int, const i64* n) -> i64 {
       return d[0] == 2 && n[0] >= 2 && n[0] % 2 == 0 ? n[0] : -1;
     },
     .domain = "(-2, 2)",
     .reference = "numpy.tile(a, n // 2)",
     .sentence = "A complex scalar replicated to a vector of dimension n: the adjoint of "
                 "ComplexSum.",
     .partials = "",
     .cases = "2 | 6; 2 | 2",
     .group = "complex"},
};

#undef KEOPSNB_COMPLEX_ROW
#undef KEOPSNB_COMPLEX_UNARY
#undef KEOPSNB_COMPLEX_BINARY
#undef KEOPSNB_COMPLEX_PART
#undef KEOPSNB_TO_COMPLEX
#undef KEOPSNB_FROM_COMPLEX
#undef KEOPSNB_Z
#undef KEOPSNB_W

}  // namespace keopsnb::inline KEOPSNB_TARGET
#endif
