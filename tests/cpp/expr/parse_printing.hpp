// Graphs printed as text.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "expr/print.hpp"
#include "parse_test.hpp"

// A printed text parses to the same node; its length is that of the graph.
inline void printing() {
  const auto printed = [](string_view text, const std::vector<string>& names = aliases) {
    const expr::Expr f = read(text, names).formulas[0].graph;
    const string again = expr::text(f, [&](const expr::Variable& v) {
      const string name = read("1", names).variables[static_cast<std::size_t>(v.number)].name;
      return name.empty() ? "Var(" + std::to_string(v.number) + ", " + std::to_string(v.dim) +
                                ", " + std::to_string(static_cast<int>(v.category)) + ")"
                          : name;
    });
    law(read(again, names).formulas[0].graph == f, again + " is " + string(text));
    return again;
  };
  CHECK(printed("x-(y-x)*-p") == "x - (y - x) * -p");
  CHECK(printed("(x/y)/(p*s)") == "x / y / (p * s)");
  CHECK(printed("-(x+y)**2") == "-Square(x + y)");
  CHECK(printed("Diff(p*x, (x, p), (y, s))") == "Diff(p * x, (x, p), (y, s))");
  CHECK(printed("0.1 + RatCst(1, 3) - Zero(3) * -4 * 1e300 + 5e-324") ==
        "0.1 + 0.3333333333333333 - Zero(3) * -4 * 1e+300 + 5e-324");
  for (const string_view text :
       {"x % p // 2 <= y and not (s or p) != x", "Pow(x, -3) - Minus(2)", "2 ** x | -y ** 1.5",
        "TensorDot(x, y, [3], [3], [0], [0])", "Grad(Grad(x * p, x, x), x, y)", "- - -x"})
    printed(text);

  CHECK(printed("(1 + Sqrt(SqDist(x, y))) * Exp(-Sqrt(SqDist(x, y)))") ==
        "t0 = Sqrt(SqDist(x, y)); (1 + t0) * Exp(-t0)");
  string text = "r0 = x - y; ";
  for (int k = 0; k < 60; ++k) {
    const string r = "r" + std::to_string(k);
    text += "r" + std::to_string(k + 1) + " = " + r + " + Sin(" + r + ") * " + r + "; ";
  }
  CHECK(printed(text + "r60").size() < 60 * 40);
  const Program program = read(text + "r60");
  CHECK(program.parts.size() + program.formulas[0].code.size() < 60 * 1000);
}
