// The rows of operations on vectors of complex numbers.
#include <keopsnb/ops.hpp>

#include "rows.hpp"

// References on complex numbers: Z and W are the operands, and the result's parts are in turns.
#define Z "a.copy().view('complex128')"
#define W "b.copy().view('complex128')"
#define PARTS(text) "numpy.ascontiguousarray(" text ").view('float64')"

namespace keopsnb {
namespace {

i64 to_complex_dim(const i64* dims, int, const i64*) { return 2 * dims[0]; }
i64 complexsum_dim(const i64* dims, int, const i64*) { return dims[0] % 2 == 0 ? 2 : -1; }

#define OP(N, function) .name = #N, .call = KEOPSNB_CALL(function)
#define TO_COMPLEX .signature = "(n) -> 2n", .dim = to_complex_dim
#define TO_REAL .signature = "(2n) -> n", .dim = rule<op::Part<0>::dim>
#define UNARY .signature = "(2n) -> 2n", .dim = rule<detail::complex_dim<i64>>
#define BINARY                                                                \
  .signature = "(2n), (2n) -> 2n, or one side of dimension 2", .operands = 2, \
  .dim = rule<detail::complex_dim<i64, i64>>
// Common to all rows but the last few, in tests.
#define REALS .cases = "3 | ; 1 |", .group = "complex"
#define ONE .cases = "6 | ; 2 | ; 34 |", .group = "complex"
#define TWO .cases = "6, 6 | ; 2, 6 | ; 6, 2 | ; 2, 2 |", .group = "complex"

// clang-format off
constexpr OperationRow complex_table[] = {
    {OP(Real2Complex, real2complex), TO_COMPLEX,
     .domain = "(-2, 2)", .reference = PARTS("a + 0j"),
     .sentence = "a + 0i: real numbers as complex.", REALS},
    {OP(Imag2Complex, imag2complex), TO_COMPLEX,
     .domain = "(-2, 2)", .reference = PARTS("1j * a"),
     .sentence = "0 + ia: imaginary numbers.", REALS},
    {OP(ComplexExp1j, complexexp1j), TO_COMPLEX,
     .domain = "(-2, 2)", .reference = PARTS("numpy.exp(1j * a)"),
     .sentence = "exp(ia), of real numbers a.", REALS},
    {OP(ComplexReal, complexreal), TO_REAL,
     .domain = "(-2, 2)", .reference = "a[..., ::2]",
     .sentence = "The real parts.", ONE},
    {OP(ComplexImag, compleximag), TO_REAL,
     .domain = "(-2, 2)", .reference = "a[..., 1::2]",
     .sentence = "The imaginary parts.", ONE},
    {OP(ComplexSquareAbs, complexsquareabs), TO_REAL,
     .domain = "(-2, 2)", .reference = "numpy.abs(" Z ") ** 2",
     .sentence = "The squares of the moduli.", ONE},
    {OP(ComplexAbs, complexabs), TO_REAL,
     .domain = "(0.2, 2)", .reference = "numpy.abs(" Z ")",
     .sentence = "The moduli; the gradient is taken as 0 at 0.", ONE},
    {OP(ComplexAngle, complexangle), TO_REAL,
     .domain = "(0.2, 2)", .reference = "numpy.angle(" Z ")",
     .sentence = "The angles, in (-pi, pi].", ONE, .torch = "angle", .method = "angle"},
    {OP(Conj, conj), UNARY,
     .domain = "(-2, 2)", .reference = PARTS("numpy.conj(" Z ")"),
     .sentence = "The complex conjugates.", ONE,
     .numpy = "conjugate", .torch = "conj conj_physical"},
    {OP(ComplexExp, complexexp), UNARY,
     .domain = "(-2, 2)", .reference = PARTS("numpy.exp(" Z ")"),
     .sentence = "The exponential.", ONE},
    {OP(ComplexLog, complexlog), UNARY,
     .domain = "(0.2, 2)", .reference = PARTS("numpy.log(" Z ")"),
     .sentence = "The logarithm whose imaginary part is in (-pi, pi].", ONE},
    {OP(ComplexSqrt, complexsqrt), UNARY,
     .domain = "(0.2, 2)", .reference = PARTS("numpy.sqrt(" Z ")"),
     .sentence = "The square root whose real part is not negative; its derivative is taken as 0 "
                 "at 0.", ONE},
    {OP(ComplexAdd, complexadd), BINARY,
     .domain = "(-2, 2), (-2, 2)", .reference = PARTS(Z " + " W), .sentence = "Sum.", TWO},
    {OP(ComplexSubtract, complexsubtract), BINARY,
     .domain = "(-2, 2), (-2, 2)", .reference = PARTS(Z " - " W), .sentence = "Difference.", TWO},
    {OP(ComplexMult, complexmult), BINARY,
     .domain = "(-2, 2), (-2, 2)", .reference = PARTS(Z " * " W), .sentence = "Product.", TWO},
    {OP(ComplexDivide, complexdivide), BINARY,
     .domain = "(-2, 2), (0.5, 2)", .reference = PARTS(Z " / " W), .sentence = "Quotient.", TWO},
    {OP(ComplexPow, complexpow), BINARY,
     .domain = "(0.2, 2), (-2, 2)", .reference = PARTS(Z " ** " W),
     .sentence = "Power, exp(b log(a)) with the logarithm of ComplexLog; where a is 0 it is 1 if b "
                 "is 0, else 0.", TWO},
    {OP(ComplexScal, complexscal), .signature = "(2), (2n) or (2n), (2) -> 2n",
     .operands = 2, .dim = rule<detail::complexscal_dim>,
     .domain = "(-2, 2), (-2, 2)", .reference = PARTS(Z " * " W),
     .sentence = "A complex scalar times a complex vector, in either order.",
     .cases = "2, 6 | ; 6, 2 | ; 2, 2 |", .group = "complex"},
    {OP(ComplexRealScal, complexrealscal), .signature = "(1), (2n) or (2n), (1) -> 2n",
     .operands = 2, .dim = rule<detail::complexrealscal_dim>,
     .domain = "(-2, 2), (-2, 2)", .reference = "a * b",
     .sentence = "A real scalar times a complex vector, in either order.",
     .cases = "1, 6 | ; 6, 1 | ; 1, 2 |", .group = "complex"},
    {OP(ComplexSum, complexsum), .signature = "(2n) -> 2", .dim = complexsum_dim,
     .domain = "(-2, 2)", .reference = PARTS("numpy.sum(" Z ", -1, keepdims=True)"),
     .sentence = "The sum of the complex components.", ONE},
    {OP(ComplexSumT, complexsumt), .signature = "(2), n -> n  with an even n",
     .ints = 1, .dim = rule<detail::complexsumt_dim>,
     .domain = "(-2, 2)", .reference = "numpy.tile(a, n // 2)",
     .sentence = "A complex scalar replicated to a vector of dimension n: the adjoint of "
                 "ComplexSum.",
     .cases = "2 | 6; 2 | 2", .group = "complex"},
};
// clang-format on

}  // namespace

std::span<const OperationRow> complex_rows() { return complex_table; }

}  // namespace keopsnb
#undef Z
#undef W
#undef PARTS
#undef OP
#undef TO_COMPLEX
#undef TO_REAL
#undef UNARY
#undef BINARY
#undef REALS
#undef ONE
#undef TWO
