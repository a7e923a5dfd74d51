// Messages of the parser about texts that mean nothing.
#pragma once
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "parse/suggest.hpp"
#include "parse_test.hpp"

// They say what is found, what is expected, and what to write instead.
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
  fails("x < y <= x + p", 7, "write 'x < y and y <= x + p' for both at once");
  fails("x == y != x", 8, "write 'x == y and y != x' for both");
  fails("x + b", 3, "'x' has dimension 3 and 'b' has dimension 2");
  fails("Exp((x*p)/b)", 10, "'(x*p)' has dimension 3 and 'b' has dimension 2");
  fails("Extract(x, 2, 2)", 1, "the integer parameters are 2 and 2");
  fails("Pow(x, y)", 8, "Expected an integer, as in Pow(f, n), but found 'y'");
  fails("Pow(x, 2.0)", 8, "found '2.0'");
  fails("Polygamma(x, 101)", 1, "between 0 and 100, but this one is 101");
  fails("Polygamma(x, -1)", 1, "between 0 and 100");
  fails("SinXDivXDerivative(x, 1000)", 1, "between 0 and 100");
  fails("Round(x, 400)", 1, "between -300 and 300");
  fails("x / (2 - 2)", 5, "divided by '(2 - 2)', which is 0");
  fails("x / (0 * (3 + 1))", 5, "which is 0");
  fails("x / -0", 5, "the constant 0");
  fails("x // 0", 6, "the constant 0");
  fails("1 / (x - x)", 5, "divided by '(x - x)', which is 0 where it is a number");
  fails("Pow(x, 2147483648)", 8, "between -2147483647 and 2147483647");
  fails("Pow(x, 99999999999999999999)", 8, "between -2147483647 and 2147483647");
  fails("SumT(p, 1000001)", 1, "the greatest dimension is 1000000");
  fails("x % b", 3,
        "'%', or Mod, takes (D), (D), (D) -> D, where any of them may have dimension 1, "
        "but here 'x' has dimension 3 and 'b' has dimension 2.");
  fails("x // b", 3, "'//', or FloorDivide, takes");
  for (const std::string sign : {">", ">=", "<", "<=", "==", "!="})
    fails("x " + sign + " b", 3, "but here 'x' has dimension 3 and 'b' has dimension 2.");
  fails("1 + (b > x)", 8,
        "'>', or LessThan, takes (D), (D) -> D, or one side of dimension 1, but ");
  fails("x and b", 3, "'and', or And, takes");
  fails("and x", 1, "'and' stands between two formulas: write a and b.");
  fails("x or", 5, "Expected a number, a variable, an operation or '(', but found the end");
  fails("x or or y", 6, "'or' stands between two formulas: write a or b.");
  fails("not", 4, "found the end of the text");
  fails("x not y", 3, "'not' stands before a formula, and in parentheses after another operator");
  fails("Exp([2])", 5, "Expected a formula, as in Exp(f), but found the list '[2]'.");
  fails("Exp([2", 7, "Expected ',' or ']', but found the end of the text.");
  fails("[2]", 1, "There is no '[' here: write Elem(f, index)");
  fails("x + [2]", 5, "There is no '[' here");
  fails("Grad(x, [2])", 9, "The second argument of Grad is a variable, but '[2]' is not one.");
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
      {"x@y", "a | b", "x | y"},
      {"p&s", "a and b", "p and s"},
      {"p||s", "a or b", "p or s"},
      {"~p", "not a", "not p"},
      {"!p", "not a", "not p"},
      {"p=s", "a == b", "p == s"},
      {"p * not s", "a * (not b)", "p * (not s)"},
      {"p < not(s)", "a * (not b)", "p < (not s)"},
      {"p is s", "a == b", "p == s"},
      {"p xor s", "Xor(a, b)", "Xor(p, s)"},
      {"p if s else p", "IfElse(c, a, b)", "IfElse(s, p, p)"},
      {"x[0]", "Elem(f, index)", "Elem(x, 0)"},
      {"Exp([x, y])", "Concat(f, g)", "Exp(Concat(x, y))"},
      {"Exp((x, y))", "Concat(f, g)", "Exp(Concat(x, y))"},
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

// Of the operators of calculus.
inline void wrong_differentials() {
  fails("Grad(x)", 1,
        "Expected Grad(f, v, e) or Grad(f, v), for a formula f and a variable v, but "
        "found 1 argument.");
  fails("Diff(x, x)", 1, "Expected Diff(f, v, u), for a formula f and a variable v, but found 2");
  fails("Laplacian(p, x, x)", 1, "Expected Laplacian(f, v), for");
  fails("SumLinOperator(x)", 1,
        "Expected SumLinOperator(f, v, wl, wr) or SumLinOperator(f, v), for");
  fails("Divergence(x, Exp(x))", 15,
        "The second argument of Divergence is a variable, but 'Exp(x)' is not one. Write the name "
        "of a variable, or Var(position, dimension, category).");
  fails("Divergence(b, x)", 12,
        "The first argument of Divergence has the dimension of the second, "
        "but 'x' has dimension 3 and 'b' has dimension 2.");
  fails("Laplacian(x, x)", 11,
        "The first argument of Laplacian has dimension 1, but 'x' has dimension 3.");
  fails("Diff(x, x, b)", 12,
        "The third argument of Diff has the dimension of the second, but 'x' "
        "has dimension 3 and 'b' has dimension 2.");
  fails("AdjointOperator(p*x, x, p)", 25,
        "The third argument of AdjointOperator has the dimension "
        "of the first, but 'p*x' has dimension 3 and 'p' has");
  fails("TraceOperator(b, x)", 15,
        "has the dimension of the second, or 1, but 'x' has dimension 3");
  fails("TraceOperator(x, x, b)", 21,
        "The third argument of TraceOperator has the dimension of the "
        "second, or 1, but 'x' has dimension 3 and 'b' has");
  fails("SumLinOperator(b*p, p, x)", 24, "has the dimension of the first, or 1, but 'b*p' has");
  fails("SumLinOperator(b*p, p, b, x)", 27,
        "The fourth argument of SumLinOperator has the dimension "
        "of the second, or 1, but 'p' has dimension 1 and 'x'");
  fails("Diff(x, (x, y), y)", 17,
        "Expected a direction for each variable, as in Diff(f, (v, w), (u, "
        "t)), but found 'y' for the 2 variables '(x, y)'.");
  fails("Diff(x, (x, y), (y, x, y))", 17, "but found '(y, x, y)' for the 2 variables '(x, y)'.");
  fails("Diff(x, (x, y), (y, p))", 21,
        "A direction has the dimension of its variable, but 'y' has dimension 3 and 'p' has");
  fails("Diff(x, (x, x + y), (y, y))", 13,
        "The second argument of Diff is a variable, but 'x + y'");
  fails("Diff((x, y), x, y)", 6, "Expected a formula, as in Diff(f, v, u), but found the tuple");
  fails("Diff(x, x, (y, y))", 12, "Expected a formula, as in Diff(f, v, u), but found the tuple");
  fails("Diff(x, (x, y) + 1, y)", 9, "found the tuple '(x, y)': write Concat(f, g) to put vectors");
  fails("Grad(x, (x, y), y)", 9,
        "The second argument of Grad is one variable; only Diff(f, (v, w), "
        "(u, t)) takes several.");
  fails("Factorize(x)", 1, "Expected Factorize(f, g), but found 1 argument.");
  fails("AutoFactorize(x, y)", 1, "Expected AutoFactorize(f), but found 2 arguments.");
  fails("diff(x, x, y)", 1, "Did you mean 'Diff'?");
  fails("Gradmatrix(x, x)", 1, "Did you mean 'GradMatrix'?");
  fails("GradMatrix(Zero(2000), Var(5, 2000, 0))", 1,
        "The result of GradMatrix has dimension 4000000 here, and the greatest dimension is");
}

// Messages on aliases point into the alias.
inline void refused_declarations() {
  const auto refuses = [](const std::vector<string>& names, i64 column, string_view words) {
    fails("1", column, words, names);
  };
  refuses({"or = Vi(3)"}, 1, "'or' is an operator of formulas: give the variable another name.");
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
