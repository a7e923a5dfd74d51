// The catalogue's part of the rows of ops.def.
#include <keopsnb/ops.hpp>

#include "rows.hpp"

namespace keopsnb {
namespace {

struct Text {
  const char *name, *domain, *reference, *sentence;
  const char *numpy = "", *torch = "", *special = "", *method = "", *arguments = "";
  i64 least = OperationRow{}.least, most = OperationRow{}.most;
};

// The name of an operation; any other is an error here.
#define OP(N)             \
  .name = [] {            \
    using keopsnb::op::N; \
    return #N;            \
  }()

// clang-format off
constexpr Text texts[] = {
    {OP(Add),         .domain = "(-2, 2), (-2, 2)", .reference = "a + b",
     .sentence = "Sum, a + b.", .numpy = "add", .torch = "add", .special = "__add__"},
    {OP(Subtract),    .domain = "(-2, 2), (-2, 2)", .reference = "a - b",
     .sentence = "Difference, a - b.",
     .numpy = "subtract", .torch = "sub subtract", .special = "__sub__"},
    {OP(Mult),        .domain = "(-2, 2), (-2, 2)", .reference = "a * b",
     .sentence = "Product, a * b.",
     .numpy = "multiply", .torch = "mul multiply", .special = "__mul__"},
    {OP(Divide),      .domain = "(-2, 2), (0.5, 2)", .reference = "a / b",
     .sentence = "Quotient, a / b.",
     .numpy = "divide true_divide", .torch = "div divide true_divide", .special = "__truediv__"},
    {OP(Minus),       .domain = "(-2, 2)", .reference = "-a",
     .sentence = "Opposite, -a.",
     .numpy = "negative", .torch = "neg negative", .special = "__neg__"},
    {OP(Inv),         .domain = "(0.5, 2)", .reference = "1 / a",
     .sentence = "Inverse, 1 / a.", .numpy = "reciprocal", .torch = "reciprocal"},
    {OP(Square),      .domain = "(-2, 2)", .reference = "a * a",
     .sentence = "Square, a * a.", .numpy = "square", .torch = "square"},
    {OP(Pow),         .domain = "(0.5, 2)", .reference = "a ** float(n)",
     .sentence = "Integer power, a to the n.",
     .arguments = "3; -3; -1; 0; 1; 2; 5"},
    {OP(Powf),        .domain = "(0.2, 3), (-2, 2)", .reference = "a ** b",
     .sentence = "Real power, a to the b, for a >= 0; where its derivative at a = 0 is infinite "
                 "and it is not, that is taken as 0.",
     .numpy = "power float_power", .torch = "pow", .special = "__pow__"},
    {OP(Sqrt),        .domain = "(0.1, 4)", .reference = "numpy.sqrt(a)",
     .sentence = "Square root; its derivative is taken as 0 at 0.",
     .numpy = "sqrt", .torch = "sqrt"},
    {OP(Rsqrt),       .domain = "(0.1, 4)",
     .reference = "numpy.where(a == 0, 0, 1 / numpy.sqrt(numpy.where(a == 0, 1, a)))",
     .sentence = "Inverse square root, taken as 0 at 0.", .torch = "rsqrt"},
    {OP(Cbrt),        .domain = "(0.1, 4)", .reference = "numpy.sign(a) * numpy.abs(a) ** (1 / 3)",
     .sentence = "Cube root; its derivative is taken as 0 at 0.", .numpy = "cbrt"},
    {OP(Hypot),       .domain = "(-2, 2), (0.5, 2)", .reference = "numpy.hypot(a, b)",
     .sentence = "Length of (a, b), without overflow; its derivative is taken as 0 at (0, 0).",
     .numpy = "hypot", .torch = "hypot"},
    {OP(Exp),         .domain = "(-3, 3)", .reference = "numpy.exp(a)",
     .sentence = "Exponential.", .numpy = "exp", .torch = "exp"},
    {OP(Log),         .domain = "(0.1, 5)", .reference = "numpy.log(a)",
     .sentence = "Natural logarithm.", .numpy = "log", .torch = "log"},
    {OP(Exp2),        .domain = "(-3, 3)", .reference = "numpy.exp2(a)",
     .sentence = "2 to the a.", .numpy = "exp2", .torch = "exp2"},
    {OP(Expm1),       .domain = "(-3, 3)", .reference = "numpy.expm1(a)",
     .sentence = "exp(a) - 1, accurate near 0.", .numpy = "expm1", .torch = "expm1"},
    {OP(Log2),        .domain = "(0.1, 5)", .reference = "numpy.log2(a)",
     .sentence = "Logarithm to base 2.", .numpy = "log2", .torch = "log2"},
    {OP(Log10),       .domain = "(0.1, 5)", .reference = "numpy.log10(a)",
     .sentence = "Logarithm to base 10.", .numpy = "log10", .torch = "log10"},
    {OP(Log1p),       .domain = "(-0.8, 4)", .reference = "numpy.log1p(a)",
     .sentence = "log(1 + a), accurate near 0.", .numpy = "log1p", .torch = "log1p"},
    {OP(XLogX),       .domain = "(0.1, 5)", .reference = "scipy.special.xlogy(a, a)",
     .sentence = "a log(a), and 0 at 0, where its derivative, -infinity, is taken as 0."},
    {OP(Sin),         .domain = "(-6, 6)", .reference = "numpy.sin(a)",
     .sentence = "Sine.", .numpy = "sin", .torch = "sin"},
    {OP(Cos),         .domain = "(-6, 6)", .reference = "numpy.cos(a)",
     .sentence = "Cosine.", .numpy = "cos", .torch = "cos"},
    {OP(Tan),         .domain = "(-1.3, 1.3)", .reference = "numpy.tan(a)",
     .sentence = "Tangent.", .numpy = "tan", .torch = "tan"},
    {OP(SinXDivX),    .domain = "(-6, 6)", .reference = "numpy.sinc(a / numpy.pi)",
     .sentence = "sin(a) / a, and 1 at 0."},
    {OP(SinXDivXDerivative), .domain = "(0.5, 6)",
     .reference = "scipy.special.spherical_jn(n, a) / a ** n",
     .sentence = "(-1/a d/da)^n of sin(a)/a: the n-th spherical Bessel function over a^n.",
     .arguments = "1; 0; 2", .least = 0, .most = 100},
    {OP(Asin),        .domain = "(-0.9, 0.9)", .reference = "numpy.arcsin(a)",
     .sentence = "Arc sine.", .numpy = "arcsin", .torch = "asin"},
    {OP(Acos),        .domain = "(-0.9, 0.9)", .reference = "numpy.arccos(a)",
     .sentence = "Arc cosine.", .numpy = "arccos", .torch = "acos"},
    {OP(Atan),        .domain = "(-4, 4)", .reference = "numpy.arctan(a)",
     .sentence = "Arc tangent.", .numpy = "arctan", .torch = "atan"},
    {OP(Atan2),       .domain = "(0.2, 2), (-2, 2)", .reference = "numpy.arctan2(a, b)",
     .sentence = "Angle of the point (b, a), in (-pi, pi]; its derivative is taken as 0 at "
                 "(0, 0).",
     .numpy = "arctan2", .torch = "atan2"},
    {OP(Sinh),        .domain = "(-3, 3)", .reference = "numpy.sinh(a)",
     .sentence = "Hyperbolic sine.", .numpy = "sinh", .torch = "sinh"},
    {OP(Cosh),        .domain = "(-3, 3)", .reference = "numpy.cosh(a)",
     .sentence = "Hyperbolic cosine.", .numpy = "cosh", .torch = "cosh"},
    {OP(Tanh),        .domain = "(-3, 3)", .reference = "numpy.tanh(a)",
     .sentence = "Hyperbolic tangent.", .numpy = "tanh", .torch = "tanh"},
    {OP(Asinh),       .domain = "(-4, 4)", .reference = "numpy.arcsinh(a)",
     .sentence = "Inverse hyperbolic sine.", .numpy = "arcsinh", .torch = "asinh"},
    {OP(Acosh),       .domain = "(1.2, 4)", .reference = "numpy.arccosh(a)",
     .sentence = "Inverse hyperbolic cosine, for a >= 1; its derivative is taken as 0 at 1.",
     .numpy = "arccosh", .torch = "acosh"},
    {OP(Atanh),       .domain = "(-0.9, 0.9)", .reference = "numpy.arctanh(a)",
     .sentence = "Inverse hyperbolic tangent, for |a| <= 1.", .numpy = "arctanh", .torch = "atanh"},
    {OP(Erf),         .domain = "(-3, 3)", .reference = "scipy.special.erf(a)",
     .sentence = "Error function.", .torch = "erf"},
    {OP(Erfc),        .domain = "(-3, 3)", .reference = "scipy.special.erfc(a)",
     .sentence = "1 - Erf(a), accurate where it is small.", .torch = "erfc"},
    {OP(Lgamma),      .domain = "(0.3, 5)", .reference = "scipy.special.gammaln(a)",
     .sentence = "Logarithm of the absolute value of the gamma function.", .torch = "lgamma"},
    {OP(Digamma),     .domain = "(0.3, 5)", .reference = "scipy.special.digamma(a)",
     .sentence = "Derivative of Lgamma.", .torch = "digamma"},
    {OP(Polygamma),   .domain = "(0.5, 5)", .reference = "scipy.special.polygamma(n, a)",
     .sentence = "Derivative of order n of Digamma, for n from 0 to 100.",
     .arguments = "1; 0; 2", .least = 0, .most = 100},
    {OP(Sigmoid),     .domain = "(-5, 5)", .reference = "scipy.special.expit(a)",
     .sentence = "1 / (1 + exp(-a)).", .torch = "sigmoid"},
    {OP(Softplus),    .domain = "(-5, 5)",
     .reference = "numpy.where(a > 0, a, 0.0) + numpy.log1p(numpy.exp(-numpy.abs(a)))",
     .sentence = "log(1 + exp(a)), without overflow.", .torch = "softplus"},
    {OP(Gelu),        .domain = "(-4, 4)",
     .reference = "0.5 * a * scipy.special.erfc(a * -(0.5 ** 0.5))",
     .sentence = "a (1 + erf(a / sqrt(2))) / 2: a times the distribution function of the normal "
                 "law.",
     .torch = "gelu"},
    {OP(Fma),         .domain = "(-2, 2), (-2, 2), (-2, 2)", .reference = "a * b + c",
     .sentence = "a * b + c."},
    {OP(Maximum),     .domain = "(-2, 2), (-2, 2)", .reference = "numpy.maximum(a, b)",
     .sentence = "The greater of a and b; NaN where one is.",
     .numpy = "maximum", .torch = "maximum"},
    {OP(Minimum),     .domain = "(-2, 2), (-2, 2)", .reference = "numpy.minimum(a, b)",
     .sentence = "The less of a and b; NaN where one is.", .numpy = "minimum", .torch = "minimum"},
    {OP(Abs),         .domain = "(-2, 2)", .reference = "numpy.abs(a)",
     .sentence = "Absolute value.", .numpy = "absolute fabs", .torch = "abs absolute"},
    {OP(Sign),        .domain = "(-2, 2)", .reference = "numpy.sign(a)",
     .sentence = "Sign: -1, 0 or 1.", .numpy = "sign", .torch = "sign"},
    {OP(Step),        .domain = "(-2, 2)", .reference = "numpy.where(a < 0, 0.0, 1.0)",
     .sentence = "0 where a < 0, else 1."},
    {OP(ReLU),        .domain = "(-2, 2)", .reference = "numpy.where(a < 0, 0.0, a)",
     .sentence = "0 where a < 0, else a.", .torch = "relu"},
    {OP(Clamp),       .domain = "(-2, 2), (-1, -0.5), (0.5, 1)",
     .reference = "numpy.where(a < b, b, numpy.where(a > c, c, a))",
     .sentence = "b where a < b, c where a > c, else a.", .torch = "clamp"},
    {OP(ClampInt),    .domain = "(-2, 2)", .reference = "numpy.clip(a, n, m)",
     .sentence = "a held between the integers n and m.", .arguments = "-1, 1; 0, 2"},
    {OP(DiffClampInt), .domain = "(-2, 2)",
     .reference = "numpy.where((a >= n) & (a <= m), 1.0, 0.0)",
     .sentence = "1 where n <= a <= m, else 0: the derivative of ClampInt.", .arguments = "-1, 1"},
    {OP(IfElse),      .domain = "(-2, 2), (-2, 2), (-2, 2)",
     .reference = "numpy.where(a >= 0, b, c)",
     .sentence = "b where a >= 0, else c."},
    {OP(Where),       .domain = "(-2, 2), (-2, 2), (-2, 2)",
     .reference = "numpy.where(a != 0, b, c)",
     .sentence = "b where a != 0, else c.", .torch = "where"},
    {OP(Mod),         .domain = "(-3, 3), (0.5, 2), (-1, 1)",
     .reference = "a - b * numpy.floor((a - c) / b)",
     .sentence = "a brought into [c, c + b) by whole multiples of b; NaN where b is 0.",
     .numpy = "remainder", .torch = "remainder", .special = "__mod__",
     .method = "mod(modulus, offset=0)"},
    {OP(FloorDivide), .domain = "(-3, 3), (0.5, 2)", .reference = "numpy.floor_divide(a, b)",
     .sentence = "The greatest integer not above a / b, as a // b.",
     .numpy = "floor_divide", .torch = "floor_divide", .special = "__floordiv__"},
    {OP(Floor),       .domain = "(-3, 3)", .reference = "numpy.floor(a)",
     .sentence = "The greatest integer not above a.", .numpy = "floor", .torch = "floor"},
    {OP(Round),       .domain = "(-3, 3)",
     .reference = "numpy.sign(a) * numpy.floor(numpy.abs(a) * 10.0 ** n + 0.5) / 10.0 ** n",
     .sentence = "a rounded to n decimals, halves away from zero.",
     .method = "round(other=0)", .arguments = "0; 1; -1", .least = -300, .most = 300},
    {OP(Stored),      .domain = "(-2, 2)", .reference = "+a",
     .sentence = "a, rounded as it would be in memory: no product is joined to a sum that takes it."},
    {OP(Equal),       .domain = "(-2, 2), (-2, 2)", .reference = "(a == b) * 1.0",
     .sentence = "1 where a == b, else 0.", .numpy = "equal", .torch = "eq", .special = "__eq__"},
    {OP(NotEqual),    .domain = "(-2, 2), (-2, 2)", .reference = "(a != b) * 1.0",
     .sentence = "1 where a != b, else 0.",
     .numpy = "not_equal", .torch = "ne", .special = "__ne__"},
    {OP(LessThan),    .domain = "(-2, 2), (-2, 2)", .reference = "(a < b) * 1.0",
     .sentence = "1 where a < b, else 0.", .numpy = "less", .torch = "lt", .special = "__lt__"},
    {OP(LessOrEqual), .domain = "(-2, 2), (-2, 2)", .reference = "(a <= b) * 1.0",
     .sentence = "1 where a <= b, else 0.",
     .numpy = "less_equal", .torch = "le", .special = "__le__"},
    {OP(And),         .domain = "(-2, 2), (-2, 2)", .reference = "((a != 0) & (b != 0)) * 1.0",
     .sentence = "1 where a and b are not 0, else 0.",
     .numpy = "logical_and bitwise_and", .torch = "logical_and bitwise_and",
     .special = "__and__", .method = "logical_and"},
    {OP(Or),          .domain = "(-2, 2), (-2, 2)", .reference = "((a != 0) | (b != 0)) * 1.0",
     .sentence = "1 where a or b is not 0, else 0.",
     .numpy = "logical_or", .torch = "logical_or", .method = "logical_or"},
    {OP(Xor),         .domain = "(-2, 2), (-2, 2)", .reference = "((a != 0) ^ (b != 0)) * 1.0",
     .sentence = "1 where one of a and b is 0 and one is not, else 0.",
     .numpy = "logical_xor bitwise_xor", .torch = "logical_xor bitwise_xor",
     .special = "__xor__", .method = "logical_xor"},
    {OP(Not),         .domain = "(-2, 2)", .reference = "(a == 0) * 1.0",
     .sentence = "1 where a = 0, else 0.",
     .numpy = "logical_not invert", .torch = "logical_not bitwise_not", .special = "__invert__",
     .method = "logical_not"},
};
// clang-format on
#undef OP

constexpr const Text* text_of(std::string_view name) {
  for (const Text& text : texts)
    if (text.name == name) return &text;
  return nullptr;
}

#define CHECK(N) \
  static_assert(text_of(#N), "cpp/catalogue/elementwise.cpp has nothing of the operation " #N);
#define KEOPSNB_UNARY(N, ...) CHECK(N)
#define KEOPSNB_UNARY_INT1(N, ...) CHECK(N)
#define KEOPSNB_UNARY_INT2(N, ...) CHECK(N)
#define KEOPSNB_BINARY(N, ...) CHECK(N)
#define KEOPSNB_TERNARY(N, ...) CHECK(N)
#include <keopsnb/ops.def>
#undef CHECK

constexpr OperationRow row_of(const char* name, const char* call, const char* signature,
                              int operands, int ints, const char* partials) {
  const Text& text = *text_of(name);
  return {.name = name,
          .call = call,
          .signature = signature,
          .operands = operands,
          .ints = ints,
          .dim = broadcast_dim,
          .domain = text.domain,
          .reference = text.reference,
          .sentence = text.sentence,
          .partials = partials,
          .arguments = text.arguments,
          .numpy = text.numpy,
          .torch = text.torch,
          .special = text.special,
          .method = text.method,
          .least = text.least,
          .most = text.most};
}

constexpr OperationRow elementwise[] = {
#define KEOPSNB_UNARY(N, call, cost, value, da) \
  row_of(#N, #call, broadcast_signatures[0], 1, 0, #da),
#define KEOPSNB_UNARY_INT1(N, call, cost, n, value, da) \
  row_of(#N, #call, "(D), " #n " -> D", 1, 1, #da),
#define KEOPSNB_UNARY_INT2(N, call, cost, n, m, value, da) \
  row_of(#N, #call, "(D), " #n ", " #m " -> D", 1, 2, #da),
#define KEOPSNB_BINARY(N, call, cost, value, da, db) \
  row_of(#N, #call, broadcast_signatures[1], 2, 0, #da ", " #db),
#define KEOPSNB_TERNARY(N, call, cost, value, da, db, dc) \
  row_of(#N, #call, broadcast_signatures[2], 3, 0, #da ", " #db ", " #dc),
#include <keopsnb/ops.def>
};
static_assert(
    std::size(texts) == std::size(elementwise),
    "cpp/catalogue/elementwise.cpp has an operation twice, or one that is not in ops.def");

}  // namespace

std::span<const OperationRow> elementwise_rows() { return elementwise; }

}  // namespace keopsnb
