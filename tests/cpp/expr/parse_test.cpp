// The formula parser: what texts mean, and what is said of those that mean nothing.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "parse/number.hpp"
#include "parse_calls.hpp"
#include "parse_messages.hpp"
#include "parse_printing.hpp"
#include "parse_test.hpp"

namespace {

// Precedence and associativity are Python's; blanks mean nothing.
void grammar() {
  means("Exp(-SqDist(x,y))*b", "mult(exp(minus(sqdist(v0, v1))), v2)", 2);
  means(" Exp ( -\nSqDist(x\t,\r\n y) ) * b ", "mult(exp(minus(sqdist(v0, v1))), v2)", 2);
  means("x-y|x-y", "scalprod(subtract(v0, v1), subtract(v0, v1))", 1);
  means("x|y*p", "scalprod(v0, mult(v1, v3))", 1);
  means("x|y < p", "lessthan(scalprod(v0, v1), v3)", 1);
  means("p|p|s", "scalprod(scalprod(v3, v3), v4)", 1);
  means("x-y-x", "subtract(subtract(v0, v1), v0)", 3);
  means("x/y/x", "divide(divide(v0, v1), v0)", 3);
  means("x-(y-x)", "subtract(v0, subtract(v1, v0))", 3);
  means("x+y*s/p-x", "subtract(add(v0, divide(mult(v1, v4), v3)), v0)", 3);
  means("-x*y", "mult(minus(v0), v1)", 3);
  means("x*-y", "mult(v0, minus(v1))", 3);
  means("-x**2", "minus(square(v0))", 3);
  means("(-x)**2", "square(minus(v0))", 3);
  means("2**x**2", "powf(lit<1, 1>, square(v0))", 3);
  means("x**-y", "powf(v0, minus(v1))", 3);
  means("x**y**s", "powf(v0, powf(v1, v4))", 3);
  means("- - +x", "minus(minus(v0))", 3);
  means("x < y", "lessthan(v0, v1)", 3);
  means("x <= y", "lessorequal(v0, v1)", 3);
  means("x > y", "lessthan(v1, v0)", 3);
  means("x >= y", "lessorequal(v1, v0)", 3);
  means("x == y", "equal(v0, v1)", 3);
  means("x != y", "notequal(v0, v1)", 3);
  means("(x<y)<p", "lessthan(lessthan(v0, v1), v3)", 3);
  means("x % p", "mod(v0, v3, lit<0, 0>)", 3);
  means("x // y", "floordivide(v0, v1)", 3);
  means("-x // p % s * y", "mult(mod(floordivide(minus(v0), v3), v4, lit<0, 0>), v1)", 3);
  means("x%2**s", "mod(v0, powf(lit<1, 1>, v4), lit<0, 0>)", 3);
  means("Clamp(x, 0, 1)", "clamp(v0, lit<0, 0>, lit<1, 0>)", 3);
  means("Mod(x, 1, -0.5)", "mod(v0, lit<1, 0>, lit<-1, -1>)", 3);
}

// Python's and, or and not, on formulas that are true where they are not 0.
void logic() {
  const string both = find_row("And")->call, either = find_row("Or")->call,
               none = find_row("Not")->call;
  means("p and s", both + "(v3, v4)", 1);
  means("p or s and p", either + "(v3, " + both + "(v4, v3))", 1);
  means("p and s or p", either + "(" + both + "(v3, v4), v3)", 1);
  means("(p or s)and p", both + "(" + either + "(v3, v4), v3)", 1);
  means("p or s or p", either + "(" + either + "(v3, v4), v3)", 1);
  means("not p", none + "(v3)", 1);
  means("not not p < s", none + "(" + none + "(lessthan(v3, v4)))", 1);
  means("not p and not s", both + "(" + none + "(v3), " + none + "(v4))", 1);
  means("not p == s", none + "(equal(v3, v4))", 1);
  means("p * (not s)", "mult(v3, " + none + "(v4))", 1);
  means("p < s and s < p + 1", both + "(lessthan(v3, v4), lessthan(v4, add(v3, lit<1, 0>)))", 1);
  means("Exp(p and not s)", "exp(" + both + "(v3, " + none + "(v4)))", 1);
  means("x and p", both + "(v0, v3)", 3);
}

// A literal exponent chooses the exact operation.
void powers() {
  means("x**2", "square(v0)", 3);
  means("x**(2)", "square(v0)", 3);
  means("x**2.0", "square(v0)", 3);
  means("x**3", "pow<3>(v0)", 3);
  means("x**-3", "pow<-3>(v0)", 3);
  means("x**1", "pow<1>(v0)", 3);
  means("x**0.5", "sqrt(v0)", 3);
  means("x**-.5", "rsqrt(v0)", 3);
  means("x**1.5", "powf(v0, lit<3, -1>)", 3);
  means("x**1e10", "powf(v0, lit<9765625, 10>)", 3);
}

// lit<M, E> is M * 2^E exactly, with M odd: the float64 nearest to the text.
void numbers() {
  means("3", "lit<3, 0>", 1);
  means("0.0", "lit<0, 0>", 1);
  means("-4", "lit<-1, 2>", 1);
  means("-(-3)", "lit<3, 0>", 1);
  means("-2**2", "minus(square(lit<1, 1>))", 1);
  means("x-1.", "subtract(v0, lit<1, 0>)", 3);
  means(".5*x", "mult(lit<1, -1>, v0)", 3);
  means("5e-1+5E+0", "add(lit<1, -1>, lit<5, 0>)", 1);
  means("9007199254740993", "lit<1, 53>", 1);
  means("1e-400", "lit<0, 0>", 1);
  means("IntCst(-3)", "lit<-3, 0>", 1);
  means("IntInv(-4)", "lit<-1, -2>", 1);
  means("RatCst(6, -4)", "lit<-3, -1>", 1);
  means("Zero(7)", "zero<7>", 7);
  fails("1e999", 1, "too large");
  fails("x + 12ab", 5, "'12 * ab'");
  fails("2x", 1, "'2 * x'");
  fails("1.2.3", 1, "is not a number");
  fails("1e", 1, "'1e' is not a number");
  fails("IntCst(0.5)", 8, "Expected an integer");
  fails("IntCst(99999999999999999999)", 8, "64-bit");
  fails("RatCst(1, 0)", 1, "denominator");
  fails("RatCst(1)", 1, "RatCst(p, q)");
  fails("Zero(0)", 1, "between 1 and 1000000");

  std::mt19937_64 random(1);
  for (int k = 0; k < 2000; ++k) {
    const auto bits = random();
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    if (!std::isfinite(value)) continue;
    char text[40];
    std::snprintf(text, sizeof text, "%.17g", value);
    long long mantissa = 0;
    int exponent = 0;
    std::sscanf(outcome(text).code.c_str(), "lit<%lld, %d>", &mantissa, &exponent);
    law(mantissa % 2 != 0 && std::abs(mantissa) < (1LL << 53) &&
            std::ldexp(static_cast<double>(mantissa), exponent) == value,
        string(text) + " is exact");
  }
}

// ratio(p, q) is p / q rounded once, ties to even.
void ratios() {
  std::mt19937_64 random(2);
  for (int k = 0; k < 2000; ++k) {
    const auto draw = [&] { return static_cast<i64>(random() >> (11 + random() % 50)); };
    const i64 p = draw(), q = draw() + 1;
    law(ratio(p, q) == static_cast<double>(p) / static_cast<double>(q) &&
            ratio(-p, q) == -ratio(p, q) && ratio(p, -q) == -ratio(p, q),
        std::to_string(p) + " / " + std::to_string(q) + " is rounded once");
  }
  // Just above and just below a tie, where the quotient has the digits of the tie itself.
  __extension__ using i128 = __int128;
  for (int k = 0; k < 2000; ++k) {
    const i64 middle = static_cast<i64>(random() >> 11) | i64{1} << 53 | 1;  // of two doubles
    const i64 q = static_cast<i64>(random() >> 3) | i64{1} << 60 | 1;
    const i64 below = static_cast<i64>((static_cast<i128>(q) * middle) >> 53);
    const auto rounded = [](i64 n) { return std::ldexp(static_cast<double>(n), -53); };
    law(ratio(below, q) == rounded(middle - 1) && ratio(below + 1, q) == rounded(middle + 1),
        std::to_string(below) + " / " + std::to_string(q) + " is near a tie");
  }
  const i64 tie = (i64{1} << 53) + 1;
  CHECK(ratio(tie, 1) == 0x1p53);
  CHECK(ratio(3 * tie, 3) == 0x1p53);
  CHECK(ratio(3 * tie + 1, 3) == 0x1p53 + 2);
  CHECK(ratio(3 * tie - 1, 3) == 0x1p53);
  CHECK(ratio(tie + 2, 1) == 0x1p53 + 4);
  CHECK(ratio(INT64_MIN, INT64_MIN) == 1);
  CHECK(ratio(INT64_MIN, 1) == -0x1p63);
  CHECK(ratio(1, INT64_MIN) == -0x1p-63);
  CHECK(ratio(INT64_MAX, INT64_MAX - 1) == 1);
}

// Aliases: every form, positions by rank unless given, a name for a position or none.
void declarations() {
  const auto declared = [](const std::vector<string>& names, string_view text = "1") {
    string all;
    for (const Variable& v : read(text, names).variables)
      all += v.name + ":" + std::to_string(v.dim) + "ijp"[static_cast<int>(v.category)] + " ";
    return all;
  };
  CHECK(declared({"x = Vi(3)", "y=Vj( 4 )", " p =Pm(2)"}) == "x:3i y:4j p:2p ");
  CHECK(declared({"x = Vx(3)", "y = Vy(4)"}) == "x:3i y:4j ");
  CHECK(declared({"Vi(3)", "Vj(1, 4)", "Var(2, 5, 2)"}) == ":3i :4j :5p ");
  CHECK(declared({"y = Vj(1, 4)", "x = Vi(0, 3)"}) == "x:3i y:4j ");
  CHECK(declared({"x = Var(1,3,0)", "Var(0,4,1)"}) == ":4j x:3i ");
  CHECK(declared({"Vi(3)", "x = Vi(0,3)", "z = Vi(0,3)"}, "x + z") == "x:3i ");
  CHECK(declared({}, "Vi(1,3) + Pm(0,3)*Vj(2,3)") == ":3p :3i :3j ");
  CHECK(read("Exp(Exp) * Vi", {"Exp = Vi(3)", "Vi = Vj(1)"}).formulas[0].code ==
        "mult(exp(v0), v1)");
  CHECK(read("x", {"x = Vi(1000000)"}).formulas[0].dim == 1000000);
}

string repeated(int n, const string& text) {
  string all;
  for (int k = 0; k < n; ++k) all += text;
  return all;
}

// A part of many operations has a name, and a line of code; what is written again, the same.
void parts() {
  const auto lines = [](const Program& program) {
    return std::count(program.parts.begin(), program.parts.end(), '\n');
  };
  CHECK(read("Exp(-SqDist(x, y)) * p + Sin(x | y)").parts.empty());
  const auto sines = [](int n) { return repeated(n, "Sin(") + "p" + repeated(n, ")"); };
  const string product = sines(named_from - 1) + " * s";
  const string code =
      "mult(" + repeated(named_from - 1, "sin(") + "v3" + repeated(named_from - 1, ")") + ", v4)";
  CHECK(read(sines(named_from - 2) + " * s").parts.empty());
  const Program cosine = read("Cos(" + product + ")");
  CHECK(cosine.parts == "KEOPSNB_NAMED(keopsnb_0, " + code + ");\n");
  CHECK(cosine.formulas[0].code == "cos(keopsnb_0)");
  const Program twice = read("Exp(" + product + ") / Cos( " + product + " )");
  CHECK(twice.parts == cosine.parts);
  CHECK(twice.formulas[0].code == "divide(exp(keopsnb_0), cos(keopsnb_0))");
  CHECK(read(sines(all_named_from - 1)).parts.empty());
  CHECK(lines(read(sines(3 * all_named_from + 1))) == 3);

  // 2^13 equal terms are 14 distinct nodes; the lines of a long sum grow with its length.
  string sum = "x";
  for (int k = 0; k < 13; ++k) sum = "(" + sum + "+" + sum + ")";
  CHECK(lines(read(sum)) <= 13 && read(sum).parts.size() < 1000);
  const Program chain = read("x" + repeated(900, " + x * p"));
  CHECK(lines(chain) <= 2 * 900 / named_from + 1 && chain.parts.size() < 900 * 50);
  CHECK(chain.formulas[0].code.size() < 50 * named_from);

  // Formulas of one program share parts.
  const Program both =
      parse::parse(aliases, std::array<Source, 2>{Source{product}, Source{product}});
  CHECK(both.parts == cosine.parts && both.formulas[0].code == "keopsnb_0" &&
        both.formulas[1].code == "keopsnb_0" && both.formulas[1].depends[3]);
}

// A text may give names to formulas, by lines or semicolons; they are that formula wherever they
// stand.
void names() {
  means("r = Exp(x); r + r * p", "add(exp(v0), mult(exp(v0), v3))", 3);
  means("r = Exp(x)\n(p + r)", "add(v3, exp(v0))", 3);
  means("r = Exp(x)\n-r", "minus(exp(v0))", 3);
  means("r = (x\n + y)\n t = Exp(\nr); r - \n t", "subtract(add(v0, v1), exp(add(v0, v1)))", 3);
  means("r = x; Grad(SqDist(r, y), r, p)", "grad(sqdist(v0, v1), v0, v3)", 3);
  means("r = 2; x ** r", "square(v0)", 3);
  fails("r = SqDist(x, y)\n + 1", 1, "'r' is given here, and no formula has it");
  fails("r = x", 6, "Names are given here, and no formula follows");
  fails("r = x; q", 8, "There is no variable 'q'.");
  fails("x = p; x", 1, "There is a variable 'x' already: choose another name, or");
  fails("r = x; r = y; r", 8, "There is a formula 'r' already");
  fails("r = x y", 7, "Expected an operator, ';' or a new line, but found 'y'.");
  fails("r = ; x", 5, "Expected a number, a variable, an operation or '(', but found ';'.");
  fails("not = x; not", 1, "'not' stands before a formula");
  fails("r = 3; Pow(x, r)", 15, "Expected an integer, as in Pow(f, n), but found 'r'.");
  fails("x + p = y", 7, "There is no '=' in formulas");
  fails("x; y", 2, "Expected an operator or the end of the formula, but found ';'.");
}

// Long texts are linear in time and code; deep ones are refused, whatever makes them deep.
void extremes() {
  CHECK(!outcome(repeated(900, "Exp(") + "x" + repeated(900, ")")).code.empty());
  CHECK(!outcome("x" + repeated(900, " + x")).code.empty());
  for (const string& text :
       {repeated(100000, "("), repeated(100000, "Exp("), repeated(100000, "-") + "x",
        repeated(100000, "x**") + "x", repeated(100000, "p<p|p+p*-Exp("),
        repeated(10000, "p+") + "p", repeated(1001, "(") + "x" + repeated(1001, ")"),
        repeated(100000, "x/"), repeated(100000, "+"), repeated(5000, "Grad(")})
    law(outcome(text).message.find("more than 1000") != string::npos,
        text.substr(0, 20) + "... is refused for its depth");

  // 2^13 terms, balanced.
  string sum = "x";
  for (int k = 0; k < 13; ++k) sum = "(" + sum + "+" + sum + ")";
  const Outcome balanced = outcome(sum);
  CHECK(balanced.dim == 3 && balanced.code.size() < 4 * sum.size());
  parts();
  const string wide = "Concat(" + repeated(99999, "x, ") + "x)";
  CHECK(outcome(wide).dim == 300000);
  CHECK(outcome("Concat(" + repeated(400000, "x, ") + "x)").message.find("greatest") !=
        string::npos);
  fails("x + " + string(1000000, 'a'), 5, "There is no variable 'aaaa");
  fails(string(1000000, '1') + "e99", 1, "too large");
}

// One character after another; a byte that begins none is one of its own.
void characters() {
  const auto is = [](string_view text, std::uint32_t code, std::size_t bytes) {
    const Character c = character_at(text, 0);
    law(c.code == code && c.bytes == bytes, "character " + std::to_string(code));
  };
  is("a\xCE\xB3", 'a', 1);
  is("\xCE\xB3", 0x3B3, 2);
  is("\xE2\x88\x92x", 0x2212, 3);
  is("\xF4\x8F\xBF\xBF", 0x10FFFF, 4);
  for (const string_view malformed :
       {"\x80", "\xCE", "\xCE(", "\xE2\x88", "\xC1\xBF", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF",
        "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF8\x88\x80\x80\x80", "\xFF"})
    is(malformed, 0xFFFD, 1);
}

// Whatever the bytes: code, or a printable message whose column is in the text.
void any_bytes() {
  const std::vector<string> seeds{"Exp(-SqDist(x,y)*p)*b",
                                  "Grad(Grad(SqDist(x,y), x), y) + Var(5,3,0)",
                                  "x|y**2 <= 1e-3*p",
                                  "Concat(x, Extract(y, 0, 2), b)",
                                  "Clamp(x, -.5, +1.5) / RatCst(1, 3) != Zero(3)",
                                  "IfElse(s, x, -y) - Pow(x, -3)",
                                  "not p and Diff(x, (x, s), (y, p)) % 2 or s // [2, 3]",
                                  "r = Exp(x)\nt = r * p; t + r",
                                  "x = Vi(3)",
                                  "y=Vj(1, 4)",
                                  "Var(0,3,1)"};
  const string alphabet =
      "xybpsrt()(),,;+-*/|<>=! \n\t0123456789.eE_ViPm^%[]'\"\\\xCE\xB3\xE2\x88\x92\xFF\x80";
  std::mt19937 random(3);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random()) % n; };
  int parsed = 0, refused = 0;
  for (int k = 0; k < 30000; ++k) {
    string text = seeds[below(seeds.size())];
    for (std::size_t edits = below(6); edits > 0 && !text.empty(); --edits) {
      const std::size_t at = below(text.size());
      const string& other = seeds[below(seeds.size())];
      switch (below(5)) {
        case 0:
          text.erase(at, 1 + below(3));
          break;
        case 1:
          text.insert(at, 1, alphabet[below(alphabet.size())]);
          break;
        case 2:
          text[at] =
              static_cast<char>(below(4) == 0 ? below(256) : alphabet[below(alphabet.size())]);
          break;
        case 3:
          text.insert(at, other.substr(below(other.size()), below(9)));
          break;
        default:
          text.resize(at);
      }
    }
    const bool alias = below(3) == 0;
    const Outcome found = alias ? outcome("1", {text}) : outcome(text);
    if (found.message.empty()) {
      ++parsed;
      law(!found.code.empty() && found.dim >= 1 && well_formed(found.code), "code of " + text);
    } else {
      ++refused;
      law(found.column >= 1 && found.column <= static_cast<i64>(text.size()) + 1 &&
              well_formed(found.message),
          "message on " + text + ": " + found.message);
    }
  }
  CHECK(parsed > 1000 && refused > 1000);
}

}  // namespace

int main() {
  grammar();
  powers();
  numbers();
  ratios();
  logic();
  every_operation();
  parameters();
  users();
  gradients();
  differentials_of_formulas();
  declarations();
  refused_declarations();
  mistakes();
  wrong_differentials();
  advice();
  names();
  printing();
  extremes();
  characters();
  any_bytes();
  return report("parse_test");
}
