// The meaning of calls: every operation of the catalogue, rows made up to hold all a row may, the
// user's own operations, and the operators of calculus.
#pragma once
#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "parse/operations.hpp"
#include "parse/parser.hpp"
#include "parse_test.hpp"

// "3, 2" as its integers.
inline std::vector<i64> integers_of(const string& text) {
  std::vector<i64> all;
  for (std::size_t at = 0; at < text.size(); at = std::min(text.find(',', at), text.size() - 1) + 1)
    all.push_back(std::stoll(text.substr(at)));
  return all;
}

// A call of the row with operands of these dimensions: in text, and in C++ but for its parameters.
struct Call {
  string text, operands;
};
inline Call call_of(const OperationRow& row, const std::vector<i64>& dims, const string& rest) {
  Call call{string(row.name) + "(", ""};
  for (std::size_t k = 0; k < dims.size(); ++k) {
    const string n = std::to_string(k);
    call.text += (k > 0 ? ", Vi(" : "Vi(") + n + ", " + std::to_string(dims[k]) + ")";
    call.operands += (k > 0 ? ", v" : "v") + n;
  }
  call.text += (rest.empty() ? "" : ", ") + rest + ")";
  return call;
}

// The cases of a row, "6, 3 | ; 8, 2 | [2, 4], [2]", are calls.
inline void check_cases(const OperationRow& row) {
  string all = row.cases;
  while (!all.empty()) {
    const std::size_t end = std::min(all.find(';'), all.size());
    const string one = all.substr(0, end);
    all.erase(0, end + 1);
    const std::size_t bar = one.find('|');
    string rest = bar == one.npos ? "" : one.substr(bar + 1);
    rest.erase(0, rest.find_first_not_of(' '));
    rest.erase(rest.find_last_not_of(' ') + 1);
    const Call call = call_of(row, integers_of(one.substr(0, bar)), rest);
    const Outcome found = outcome(call.text, {});
    law(found.dim >= 1 && found.code.starts_with(row.call), call.text + ": " + found.message);
  }
}

// Every row of the catalogue can be called, with its own dimensions and no others.
inline void every_operation() {
  for (const OperationRow& row : catalogue()) {
    const string name = row.name;
    const int operands = row.operands < 0 ? 3 : row.operands;
    const int digits = operands + row.ints;
    const int base = digits <= 4 ? 6 : 3;
    bool called = *row.cases != '\0';
    check_cases(row);
    int total = row.lists > 0 ? 0 : 1;
    for (int k = 0; k < digits; ++k) total *= base;
    for (int number = 0; number < total; ++number) {
      // The digits of `number`: dimensions from 1 on, then integers from -1 on.
      std::vector<i64> dims, ints;
      string parameters;
      for (int k = 0, rest = number; k < digits; ++k, rest /= base) {
        const bool operand = k < operands;
        const int n = rest % base + (operand ? 1 : -1);
        (operand ? dims : ints).push_back(n);
        if (!operand) parameters += (k > operands ? ", " : "") + std::to_string(n);
      }
      const i64 dim = row.dim(dims.data(), operands, ints.data());
      const Call call = call_of(row, dims, parameters);
      const Outcome found = outcome(call.text, {});
      const string code = string(row.call) + (parameters.empty() ? "" : "<" + parameters + ">") +
                          "(" + call.operands + ")";
      called = called || dim > 0;
      bool outside = false;
      for (const i64 n : ints) outside |= n < row.least || n > row.most;
      if (outside)
        law(found.message.find("lies between") != string::npos, call.text + " is out of range");
      else
        law(dim > 0 ? found.code == code && found.dim == dim
                    : found.message.find(row.signature) != string::npos,
            call.text + " gives dimension " + std::to_string(dim));
      if (row.optional == 1 && !outside && dim > 0 && ints.back() == row.fallback) {
        const std::size_t last = parameters.rfind(", ");
        const Call less =
            call_of(row, dims, last == string::npos ? "" : parameters.substr(0, last));
        law(outcome(less.text, {}).code == code, less.text + " is " + code);
      }
    }
    law(called, name + " can be called");
    law(outcome(name + "()").column == 1, name + " takes arguments");
    if (row.operands >= 0) {
      string many = name + "(x";
      for (int k = 0; k < digits + row.lists; ++k) many += ", 1";
      law(outcome(many + ")").message.find("Expected") == 0, name + " takes no more arguments");
    }
    law(outcome(name).message.find("is an operation") != string::npos, name + " is no variable");
  }
}

// Lists, integers that may be left out and indices, on rows made up for it.
inline void parameters() {
  static constexpr OperationRow rows[] = {
      {.name = "Mix",
       .call = "mix",
       .signature = "(D), (E), [l], [m][, [n]] -> length of l",
       .operands = 2,
       .lists = 3,
       .optional_lists = 1,
       .dim = [](const i64*, int, const i64* n) -> i64 { return n[0]; }},
      {.name = "Pick",
       .call = "pick",
       .signature = "(D), (d)[, n] -> d",
       .operands = 2,
       .ints = 1,
       .optional = 1,
       .fallback = 7,
       .index = 1,
       .dim = [](const i64* d, int, const i64*) -> i64 { return d[1]; }},
  };
  const auto build = [&](const string& text) -> Outcome {
    try {
      Variables variables;
      for (std::size_t k = 0; k < aliases.size(); ++k)
        variables.alias(aliases[k], static_cast<i64>(k));
      const Operations operations({}, rows);
      const expr::Expr f = Parser(text, variables, operations).text();
      const bool index = f->indices == std::vector<i64>{4};
      return {expr::Emitter().formula(f) + (index ? " by s" : ""), "", f->dim, 0};
    } catch (const FormulaError& error) {
      return {"", error.what(), 0, error.column()};
    }
  };
  const auto is = [&](const string& text, const string& code, i64 dim) {
    const Outcome found = build(text);
    law(found.code == code && found.dim == dim, text + ": " + found.code + found.message);
  };
  const auto says = [&](const string& text, i64 column, const string& words) {
    const Outcome found = build(text);
    law(found.column == column && found.message.find(words) != string::npos,
        text + ": " + std::to_string(found.column) + ", " + found.message + found.code);
  };
  is("Mix(x, y, [2, 3], [])", "mix<Ints<2, 3>, Ints<>>(v0, v1)", 2);
  is("Mix(x, y, [ -1 ],[0],[5,6])", "mix<Ints<-1>, Ints<0>, Ints<5, 6>>(v0, v1)", 1);
  is("Pick(x, s)", "pick<7>(v0, v4) by s", 1);
  is("Pick(x, s, -2)", "pick<-2>(v0, v4) by s", 1);
  is("Pick(Grad(x, x, y), s)", "pick<7>(grad(v0, v0, v1), v4) by s", 1);

  const string usage = "as in Mix(f, g, [...], [...][, [...]])";
  says("Mix(x, y, [2])", 1, "Expected 4 or 5 arguments, " + usage + ", but found 3.");
  says("Mix(x, y, 2, [3])", 11,
       "Expected a list of integers such as [0, 2], " + usage + ", but found '2'.");
  says("Mix(x, [2], [2], [3])", 8, "Expected a formula, " + usage + ", but found the list '[2]'.");
  says("Mix(x, y, [], [3])", 1,
       "Mix takes (D), (E), [l], [m][, [n]] -> length of l, but here 'x' has dimension 3, 'y' has "
       "dimension 3 and the lists are [] and [3].");
  says("Mix(x, y, [2, x], [])", 15,
       "A list holds integers, as in [0, 2], but found 'x'. Write Concat(f, g) to put vectors one "
       "after the other.");
  says("Mix(x, y, [2.0], [])", 12, "A list holds integers, as in [0, 2], but found '2.0'.");
  says("Mix(x, y, [99999999999999999999], [])", 12, "but found '99999999999999999999'");
  says("Mix(x, y, [3000000000], [])", 11, "An integer parameter lies between -2147483647 and");
  says("Mix(x, y, [2, 3", 16, "Expected ',' or ']', but found the end of the text.");
  says("Mix(x, y, [2, 3)", 16, "Expected ',' or ']', but found ')'.");
  says("Mix(x, y, [2, ], [])", 15, "A list holds integers");
  says("Mix(x, y, [2] + 1, [])", 15, "Expected ',' or ')', but found '+'.");
  says("Mix(x, y, [[2]], [])", 12, "but found '['");
  says("Pick(x)", 1, "Expected 2 or 3 arguments, as in Pick(f, g[, n]), but found 1.");
  says("Pick(x, s, [2])", 12, "Expected an integer, as in Pick(f, g[, n]), but found '[2]'.");
  says("Pick(x, s, y)", 12, "Expected an integer, as in Pick(f, g[, n]), but found 'y'.");
  says("Pick(x, [2])", 9, "Expected a formula, as in Pick(f, g[, n]), but found the list '[2]'.");
  says("Pick(x, s * s)", 9,
       "Argument 2 of Pick is an integer, but 's * s' is none. Write a variable of integers, or "
       "sums, differences and multiples of such variables, as i - j + 1.");
  says("Pick(x, 2 - 3)", 9, "but '2 - 3' is none");
  says("Pick(x, s - 0.5)", 9, "but 's - 0.5' is none");
  says("Grad(Pick(x, s), s, x)", 18,
       "'s' is an index elsewhere, a variable of integers, in which there is no derivative. Write "
       "another variable in one of the two places.");
  says("Pick(Grad(s, s, s), s)", 21,
       "'s' is an index here, a variable of integers, and a derivative is taken in it: there is "
       "none. Write another variable in one of the two places.");
}

// Operations that a header of the user's defines.
inline void users() {
  const std::array own{UserOperation{"Softstep", "mine::softstep", 2, 1},
                       UserOperation{"Cube", "cube", 1, 0}};
  const auto code = [&](string_view text) {
    try {
      return parse::parse(aliases, std::array{Source{.text = string(text)}}, own).formulas[0].code;
    } catch (const FormulaError& error) {
      return string(error.what());
    }
  };
  CHECK(code("Softstep(x, p, 3) + Exp(Cube(y))") ==
        "add(mine::softstep<3>(v0, v3), exp(cube(v1)))");
  CHECK(code("Grad(Cube(x), x, y)") == "grad(cube(v0), v0, v1)");
  CHECK(code("cube(x)").find("Did you mean 'Cube'?") != string::npos);
  CHECK(code("Softstep(x, b, 1)").find("Softstep takes (D), (D) -> D, or one side") == 0);
  CHECK(code("Softstep(x, p)").find("Expected 3 arguments, as in Softstep(f, g, n)") == 0);
  const auto refuses = [](const UserOperation& wrong, const char* words) {
    CHECK_THROWS(std::invalid_argument, words, Operations(std::array{wrong}));
  };
  refuses({"Exp", "mine", 1, 0}, "The operation 'Exp' has the name of another one");
  refuses({"Grad", "mine", 1, 0}, "has the name of another one");
  refuses({"Zero", "mine", 1, 0}, "has the name of another one");
  refuses({"not", "mine", 1, 0}, "has the name of another one");
  refuses({"A b", "mine", 1, 0}, "needs names made of letters");
  refuses({"", "mine", 1, 0}, "needs names made of letters");
  refuses({"A", "f(1); g", 1, 0}, "needs names made of letters");
  refuses({"A", "a::", 1, 0}, "needs names made of letters");
  refuses({"A", "3d", 1, 0}, "needs names made of letters");
  refuses({"A", "a", 4, 0}, "takes 4 formulas and no integers; write one of 1 to 3");
  refuses({"A", "a", 0, -1}, "1 to 3 formulas");
}

// Gradients: nested to any depth; where none comes in, a variable is added after all others.
inline void gradients() {
  means("Grad(SqDist(x,y), x, p)", "grad(sqdist(v0, v1), v0, v3)", 3);
  means("Grad(SqDist(x,y), Var(1,3,1), Var(5,1,0))", "grad(sqdist(v0, v1), v1, v5)", 3);
  means("Grad(Grad(p*x, x, y), p, x)", "grad(grad(mult(v3, v0), v0, v1), v3, v0)", 1);
  means("Grad(SqDist(x,y), x, 1)", "grad(sqdist(v0, v1), v0, lit<1, 0>)", 3);
  means("Grad(Grad(SqDist(x,y), x), y) + Vj(5,3)",
        "add(grad(grad(sqdist(v0, v1), v0, v6), v1, v7), v5)", 3);

  const std::array<Source, 2> texts{Source{"Grad(Grad(x * p, x), y)"},
                                    Source{"Grad(s, s) * Var(5, 2, 2)"}};
  const Program program = parse::parse(aliases, texts);
  CHECK(program.formulas[0].code == "grad(grad(mult(v0, v3), v0, v6), v1, v7)");
  CHECK(program.formulas[1].code == "mult(grad(v4, v4, v8), v5)");
  CHECK(program.variables.size() == 9);
  const auto is = [&](std::size_t k, const string& name, i64 dim, Category category) {
    const Variable& v = program.variables[k];
    law(v.name == name && v.dim == dim && v.category == category, "variable " + std::to_string(k));
  };
  is(0, "x", 3, Category::i);
  is(3, "p", 1, Category::parameter);
  is(5, "", 2, Category::parameter);
  is(6, "", 3, Category::j);  // comes into a gradient in an i-variable
  is(7, "", 3, Category::i);
  is(8, "", 1, Category::j);
  CHECK(program.formulas[0].depends ==
        std::vector<bool>{true, true, false, true, false, false, true, true, false});

  fails("Grad(x*p, p)", 11, "'p' is a parameter");
  fails("Grad(x, x, p)", 12, "'x' has dimension 3 and 'p' has dimension 1");
  fails("Grad(x, x + y)", 9, "'x + y' is not one");
  fails("Grad(x, (2), y)", 9, "'(2)' is not one");
  fails("Grad(x)", 1, "found 1 argument");
  fails("x + Grad(x, x, x, x)", 5, "found 4 arguments");
}

// The operators of calculus, with what they take.
inline void differentials_of_formulas() {
  means("GradMatrix(x*p, x)", "grad_matrix(mult(v0, v3), v0)", 9);
  means("GradMatrix(b, p)", "grad_matrix(v2, v3)", 2);
  means("Diff(x|y, x, y)", "diff(scalprod(v0, v1), v0, v1)", 1);
  means("Diff(p*x, (x, p), (y, s))", "diff(mult(v3, v0), v0, v1, v3, v4)", 3);
  means("Diff(p*x, (x), (y + (p)) * 2)", "diff(mult(v3, v0), v0, mult(add(v1, v3), lit<1, 1>))", 3);
  means("Divergence(x*p, x)", "divergence(mult(v0, v3), v0)", 1);
  means("Laplacian(x|x, x)", "laplacian(scalprod(v0, v0), v0)", 1);
  means("TraceOperator(x, x)", "trace_operator(v0, v0)", 1);
  means("TraceOperator(x|y, x, y)", "trace_operator(scalprod(v0, v1), v0, v1)", 1);
  means("AdjointOperator(x|y, x, p)", "adjoint_operator(scalprod(v0, v1), v0, v3)", 3);
  means("SumLinOperator(x, x, 2)", "sum_lin_operator(v0, v0, lit<1, 1>)", 1);
  means("SumLinOperator(x*p, p, y, s)", "sum_lin_operator(mult(v0, v3), v3, v1, v4)", 1);
  means("Laplacian(Divergence(x*Laplacian(x|x, x), x), x)",
        "laplacian(divergence(mult(v0, laplacian(scalprod(v0, v0), v0)), v0), v0)", 1);
  means("Factorize(x + Exp(y), Exp(y))", "add(v0, exp(v1))", 3);
  means("2*AutoFactorize(x)", "mult(lit<1, 1>, v0)", 3);
  CHECK(read("Diff(x + s, x, y)").variables[0].differentiated);
  CHECK(!read("Diff(x + s, x, y)").variables[4].differentiated);
}
