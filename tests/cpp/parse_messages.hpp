// What the parser says of texts that mean nothing.
#pragma once
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "parse/suggest.hpp"
#include "parse_test.hpp"

// What is found, what is expected, and what to write instead.
inline void mistakes() {
  fails("", 1, "is empty");
  fails(" \n ", 2, "is empty");
  fails("x +", 4, "Expected a number, a variable, an operation or '(', but found the end");
  fails("x * / y", 5, "found '/'");
  fails("Exp(x, )", 8, "found ')'");
  fails("Exp(x", 4, "never closed");
  fails("(x + y", 1, "never closed");
  fails("x)", 2, "Expected an operator or the end of the formula, but found ')'");
  fails("x y", 3, "found 'y'");
  fails("(x)(y)", 4, "found '('");
  fails("Exp(x y)", 7, "Expected an operator, ',' or ')'");
  fails("(x, y)", 3, "Concat(f, g)");
  fails("x(3)", 1, "'x * (...)'");
  fails("z", 1, "The variables are 'x', 'y', 'b', 'p' and 's'.");
  fails("X", 1, "Did you mean 'x'?");
  fails("exp(x)", 1, "Did you mean 'Exp'?");
  fails("x - SqDst(x, y)", 5, "Did you mean 'SqDist'?");
  fails("grad(x, x)", 1, "Did you mean 'Grad'?");
  fails("Quaternion(x)", 1, "There is no operation 'Quaternion'.\n");
  fails("Exp * x", 1, "'Exp' is an operation");
  fails("Grad", 1, "'Grad' is an operation");
  fails("x < y <= x + p", 7, "write '(x < y) * (y <= x + p)'");
  fails("x == y != x", 8, "write '(x == y) * (y != x)'");
  fails("x + b", 3, "'x' has dimension 3 and 'b' has dimension 2");
  fails("Exp((x*p)/b)", 10, "'(x*p)' has dimension 3 and 'b' has dimension 2");
  fails("Extract(x, 2, 2)", 1, "the integer parameters are 2 and 2");
  fails("Pow(x, y)", 8, "Expected an integer, as in Pow(f, n), but found 'y'");
  fails("Pow(x, 2.0)", 8, "found '2.0'");
  fails("Pow(x, 2147483648)", 8, "between -2147483647 and 2147483647");
  fails("Pow(x, 99999999999999999999)", 8, "between -2147483647 and 2147483647");
  fails("SumT(p, 1000001)", 1, "the greatest dimension is 1000000");
  // Another line of the text, and characters of more than one byte.
  fails("Exp(x) *\n  Sqt(s)", 3, "\n    Sqt(s)\n    ^~~");
  fails("x * \xCE\xB3", 5, "'\xCE\xB3' (U+03B3)");
  fails("x \xE2\x88\x92 y", 3, "write - instead");
  fails("x * \xFF", 5, "byte 0xFF");
  fails(string_view("x * \0", 5), 5, "U+0000");
  const string wide = string(500, ' ') + "SqDst(x, y)" + string(500, ' ');
  fails(wide, 501, "...\n" + string(61, ' ') + "^~~~~");
}

// A mistake that a message corrects: what it says to write parses.
inline void advice() {
  constexpr std::array<string_view, 3> cases[] = {
      {"p^s", "a**b", "p**s"},
      {"p%s", "Mod(a, b, 0)", "Mod(p, s, 0)"},
      {"p//s", "Floor(a / b)", "Floor(p / s)"},
      {"x@y", "a | b", "x | y"},
      {"p&s", "a * b", "p * s"},
      {"p||s", "Step(a + b - 1)", "Step(p + s - 1)"},
      {"~p", "1 - a", "1 - p"},
      {"!p", "1 - a", "1 - p"},
      {"p=s", "a == b", "p == s"},
      {"p and s", "a * b", "p * s"},
      {"p or s", "Step(a + b - 1)", "Step(p + s - 1)"},
      {"not p", "1 - a", "1 - p"},
      {"p if s else p", "IfElse(c, a, b)", "IfElse(s, p, p)"},
      {"x[0]", "Elem(f, index)", "Elem(x, 0)"},
      {"x[0:2]", "Extract(f, start, d)", "Extract(x, 0, 2)"},
      {"[x, y]", "Concat(f, g)", "Concat(x, y)"},
      {"x.exp()", "Exp(x)", "Exp(x)"},
      {"Exp('x')", "without quotes", "Exp(x)"},
      {"Exp(\"x\")", "without quotes", "Exp(x)"},
  };
  for (const auto& [mistake, words, right] : cases) {
    const string message = outcome(mistake).message;
    law(message.find(words) != string::npos,
        string(mistake) + " says " + string(words) + ", not " + message);
    law(outcome(right).message.empty(), string(right) + " parses");
  }
  CHECK(nearest("", {"Exp"}).empty() && nearest("Exp", {}).empty());
  CHECK(nearest("sqdist", {"SqDisp", "SqDist"}) == "SqDist");
  CHECK(nearest("Tanh", {"Atan"}).empty());
  CHECK(nearest(string(100000, 'a'), {"Exp"}).empty());
}

// Messages on aliases point into the alias.
inline void refused_declarations() {
  const auto refuses = [](const std::vector<string>& names, i64 column, string_view words) {
    fails("1", column, words, names);
  };
  refuses({""}, 1, "found the end of the text");
  refuses({"3 = Vi(3)"}, 1, "found '3'");
  refuses({"x"}, 2, "Expected '=' after 'x'");
  refuses({"x y = Vi(3)"}, 3, "Expected '=' after 'x'");
  refuses({"x = vi(3)"}, 5, "Did you mean 'Vi'?");
  refuses({"x = Exp(3)"}, 5, "Expected Vi, Vj, Pm or Var");
  refuses({"x = "}, 5, "found the end of the text");
  refuses({"x = Vi"}, 7, "Expected '(' after 'Vi'");
  refuses({"x = Vi()"}, 5, "Vi(dimension)");
  refuses({"x = Vi(1,2,3)"}, 5, "Vi(position, dimension)");
  refuses({"x = Var(3)"}, 5, "Var(position, dimension, category)");
  refuses({"x = Vi(3.0)"}, 8, "Expected an integer");
  refuses({"x = Vi(3"}, 9, "Expected ',' or ')'");
  refuses({"x = Vi(3) y"}, 11, "Expected the end of the alias");
  refuses({"x = Vi(0)"}, 5, "between 1 and 1000000");
  refuses({"x = Vi(1000001)"}, 5, "between 1 and 1000000");
  refuses({"x = Vi(-1, 3)"}, 5, "counted from 0");
  refuses({"x = Vi(99999999999999999999)"}, 8, "64-bit");
  refuses({"x = Var(0, 3, 3)"}, 5, "0 (i-variable), 1 (j-variable) or 2 (parameter)");
  refuses({"x = Vi(3)", "x = Vj(3)"}, 1, "'x = Vi(3)' and 'x = Vj(3)'");
  refuses({"x = Vi(3)", "y = Vj(0, 3)"}, 1,
          "an i-variable of dimension 3, and 'y = Vj(0, 3)' a j-");
  refuses({"x = Vi(1, 3)"}, 1, "variable 0 is not");
  refuses({"x = Vi(9223372036854775807, 3)"}, 1, "variable 0 is not");
  fails("x + Var(7, 3, 1)", 5, "variable 5 is not");
  fails("x + Vi(0, 2)", 5, "'x = Vi(3)' makes it an i-variable of dimension 3");
  fails("x + Vj(3)", 5, "write Vj(position, 3), or declare an alias 'x = Vj(3)'");
}
