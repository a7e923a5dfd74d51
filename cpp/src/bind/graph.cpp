// Formulas in Python: Expr, and the nodes of symbolic matrices by their numbers.
#include <nanobind/stl/pair.h>
#include <nanobind/stl/tuple.h>

#include <algorithm>
#include <array>
#include <deque>
#include <numeric>
#include <tuple>
#include <unordered_map>

#include "bind/bind.hpp"
#include "bind/graph.hpp"
#include "expr/build.hpp"
#include "expr/differential.hpp"
#include "expr/print.hpp"
#include "parse/formula.hpp"

namespace keopsnb {
namespace {

using expr::Expr;

// Nodes by numbers, which torch.compile holds to be constants where objects are none. They live as
// long as the process: a program has as many as structures, and not as calls. With the GIL.
struct Numbered {
  std::deque<Expr> nodes = {};
  std::unordered_map<const expr::Node*, i64> numbers = {};

  i64 number(const Expr& node) {
    const auto [at, fresh] = numbers.try_emplace(node.get(), static_cast<i64>(nodes.size()));
    if (fresh) nodes.push_back(node);
    return at->second;
  }
  const Expr& at(i64 number) const {
    if (number < 0 || number >= static_cast<i64>(nodes.size()))
      throw std::invalid_argument("There is no formula of number " + std::to_string(number) + ".");
    return nodes[static_cast<std::size_t>(number)];
  }
};
Numbered& numbered() {
  static auto& all = *new Numbered;
  return all;
}

// Category, dimension, position of a symbolic variable, and whether it is a number of Python's.
using Kind = std::tuple<int, i64, std::optional<i64>, bool>;
Kind kind_of(const expr::Variable& v) {
  return {static_cast<int>(v.category), v.dim,
          v.position < 0 ? std::nullopt : std::optional(v.position), v.constant};
}
expr::Variable variable_of(const Kind& kind, i64 number) {
  const auto& [category, dim, position, constant] = kind;
  return {number, dim, static_cast<expr::Category>(category), position.value_or(-1), constant};
}

Expr over_numbers(const Expr& formula, const std::vector<i64>& numbers) {
  const auto& variables = formula->variables;
  bool same = true;
  for (const expr::Node* v : variables)
    same &= numbers.at(static_cast<std::size_t>(v->variable.number)) == v->variable.number;
  if (same) return formula;
  return expr::substituted({formula}, [&](const expr::Variable& v) {
    expr::Variable moved = v;
    moved.number = numbers.at(static_cast<std::size_t>(v.number));
    return expr::variable(moved);
  })[0];
}

// The number of variables: those of a symbolic matrix have numbers without gaps.
std::size_t variables_of(const expr::Node& formula) {
  return formula.variables.empty()
             ? 0
             : static_cast<std::size_t>(formula.variables.back()->variable.number) + 1;
}

Expr applied(const std::string& operation, std::vector<Expr> operands, std::vector<i64> ints,
             std::vector<std::vector<i64>> lists) {
  // Of a constant, the operation that is exact for it.
  if (operation == "**") {
    const expr::Node& exponent = *operands[1];
    if (exponent.kind == expr::Node::Kind::literal) return expr::power(operands[0], exponent.value);
    return expr::apply("Powf", std::move(operands));
  }
  if (const expr::Differential* row = expr::find_differential(operation))
    return expr::differential(*row, std::move(operands));
  const OperationRow& row = expr::row_of(operation);
  const int absent = row.lists - static_cast<int>(lists.size());
  return expr::apply(row, std::move(operands),
                     {.ints = std::move(ints), .lists = std::move(lists), .absent = absent});
}

i64 over(i64 formula, const std::vector<Kind>& kinds) {
  return numbered().number(
      expr::substituted({numbered().at(formula)}, [&](const expr::Variable& v) {
        return expr::variable(variable_of(kinds.at(static_cast<std::size_t>(v.number)), v.number));
      })[0]);
}

std::vector<Kind> kinds(i64 formula) {
  std::vector<Kind> all;
  for (const expr::Node* v : numbered().at(formula)->variables) all.push_back(kind_of(v->variable));
  return all;
}

// Variables of several formulas, and of a call: its arguments are the symbolic ones, by position,
// and then the others.
struct Layout {
  std::vector<Kind> kinds = {};
  std::vector<i64> order = {};  // of the variables, as arguments
  std::size_t symbolic = 0;
  std::vector<Expr> formulas = {};  // over the arguments
};

Layout layout(const std::vector<i64>& forms, const std::vector<i64>& places) {
  Layout all;
  auto begin = places.begin();
  for (const i64 form : forms) {
    const Expr& formula = numbered().at(form);
    std::vector<i64> own(variables_of(*formula));
    if (all.formulas.empty())
      std::iota(own.begin(), own.end(), i64{0});
    else
      for (i64& number : own) number = *begin++;
    for (const expr::Node* v : formula->variables) {
      const auto place =
          static_cast<std::size_t>(own[static_cast<std::size_t>(v->variable.number)]);
      if (place == all.kinds.size()) all.kinds.push_back(kind_of(v->variable));
    }
    all.formulas.push_back(over_numbers(formula, own));
  }
  std::vector<i64> fixed, positions;
  for (std::size_t k = 0; k < all.kinds.size(); ++k)
    (std::get<2>(all.kinds[k]) ? all.order : fixed).push_back(static_cast<i64>(k));
  const auto position = [&](i64 k) { return *std::get<2>(all.kinds[static_cast<std::size_t>(k)]); };
  std::ranges::stable_sort(all.order, std::less<>(), position);
  all.symbolic = all.order.size();
  bool in_turn = true;
  std::string found;
  for (std::size_t k = 0; k < all.symbolic; ++k) {
    in_turn &= position(all.order[k]) == static_cast<i64>(k);
    found += (k > 0 ? ", " : "") + std::to_string(position(all.order[k]));
  }
  if (!in_turn)
    throw std::invalid_argument("The symbolic variables have the positions [" + found +
                                "]; number them from 0 on.");
  all.order.insert(all.order.end(), fixed.begin(), fixed.end());
  std::vector<i64> numbers(all.order.size());
  for (std::size_t k = 0; k < numbers.size(); ++k)
    numbers[static_cast<std::size_t>(all.order[k])] = static_cast<i64>(k);
  for (Expr& formula : all.formulas) formula = over_numbers(formula, numbers);
  return all;
}

i64 parsed(const std::string& text, const std::vector<Kind>& kinds) {
  const parse::Program program = parse::parse({}, std::array{parse::Source{.text = text}});
  return over(numbered().number(program.formulas[0].graph), kinds);
}

std::string source(const Expr& formula) {
  return expr::text(formula, [](const expr::Variable& v) {
    return "Var(" + std::to_string(v.number) + ", " + std::to_string(v.dim) + ", " +
           std::to_string(static_cast<int>(v.category)) + ")";
  });
}

// A formula apart from its nodes: its source over variables 0, 1, ..., and what these are, with
// their numbers.
using Pickled = std::tuple<std::string, std::vector<std::pair<i64, Kind>>>;

Expr unpickled(const Pickled& state) {
  const auto& [text, variables] = state;
  const parse::Program program = parse::parse({}, std::array{parse::Source{.text = text}});
  return expr::substituted({program.formulas[0].graph}, [&](const expr::Variable& v) {
    const auto& [number, kind] = variables.at(static_cast<std::size_t>(v.number));
    return expr::variable(variable_of(kind, number));
  })[0];
}

Pickled pickled(const Expr& formula) {
  std::vector<std::pair<i64, Kind>> variables;
  std::unordered_map<i64, i64> ranks;
  for (const expr::Node* v : formula->variables) {
    ranks[v->variable.number] = static_cast<i64>(variables.size());
    variables.emplace_back(v->variable.number, kind_of(v->variable));
  }
  const Expr ranked = expr::substituted({formula}, [&](const expr::Variable& v) {
    return expr::variable({ranks.at(v.number), v.dim, v.category});
  })[0];
  Pickled state{source(ranked), std::move(variables)};
  try {
    unpickled(state);
  } catch (const parse::FormulaError& error) {
    throw nb::type_error(
        ("This formula is not pickled without its header: " + std::string(error.what())).c_str());
  }
  return state;
}

}  // namespace

const Expr& formula_at(i64 number) { return numbered().at(number); }
i64 number_of(const Expr& formula) { return numbered().number(formula); }

i64 apply(Application a) {
  std::vector<Expr> operands;
  auto begin = a.places.begin();
  for (const i64 number : a.formulas) {
    const Expr& formula = numbered().at(number);
    if (operands.empty()) {
      operands.push_back(formula);
      continue;
    }
    const auto end = begin + static_cast<std::ptrdiff_t>(variables_of(*formula));
    operands.push_back(over_numbers(formula, {begin, end}));
    begin = end;
  }
  try {
    return numbered().number(
        applied(a.operation, std::move(operands), std::move(a.ints), std::move(a.lists)));
  } catch (const expr::Misfit& misfit) {
    const auto name = [&](int k) {
      const auto place = static_cast<std::size_t>(k);
      return "operand " + std::to_string(k + 1) +
             (place < a.names.size() ? " (" + a.names[place] + ")" : "");
    };
    const auto as_written = [&](const std::string& row) {
      return a.written.empty() ? row : a.written;
    };
    throw parse::FormulaError(misfit.worded(name, as_written), 0);
  }
}

void bind_graph(nb::module_& m) {
  nb::class_<Expr>(m, "Expr", "A formula: a node of a graph in which equal nodes are one.")
      .def_prop_ro(
          "dim", [](const Expr& f) { return f->dim; }, "Dimension of its values.")
      .def(
          "__str__", [](const Expr& f) { return expr::text(f); }, "Its text, over v0, v1, ...")
      .def_prop_ro("source", &source, "Its text, in which variables are declared where they stand.")
      .def(
          "__eq__",
          [](const Expr& f, nb::handle other) {
            const Expr* g = nullptr;
            return nb::try_cast(other, g) && g && f == *g;
          },
          nb::arg("other").none(), nb::sig("def __eq__(self, other: object) -> bool"))
      .def("__getstate__", &pickled)
      .def("__setstate__", [](Expr& f, const Pickled& state) { new (&f) Expr(unpickled(state)); })
      .def("__hash__", [](const Expr& f) { return std::hash<Expr>()(f); })
      .def("__repr__", [](const Expr& f) { return "<Expr " + expr::text(f) + ">"; });
  m.attr("MAX_DIM") = expr::max_dim;
  m.attr("MAX_PARAMETER") = expr::max_parameter;
  m.def(
      "declared",
      [](const std::string& alias) {
        const auto [position, v] = parse::declared(alias);
        return std::tuple(v.name, position, v.dim, static_cast<int>(v.category));
      },
      nb::arg("alias"),
      "Name, position (0 where there is none), dimension and category of what an alias declares.\n"
      "Raises FormulaError where it is none.");
  struct Graph {};
  nb::class_<Graph>(m, "Graph", "The nodes of symbolic matrices, by numbers.")
      .def_static(
          "variable",
          [](int category, i64 dim, std::optional<i64> position, bool number) {
            return numbered().number(
                expr::variable(variable_of({category, dim, position, number}, 0)));
          },
          nb::arg("category"), nb::arg("dim"), nb::arg("position").none() = nb::none(),
          nb::arg("number") = false, "The formula that is one variable.")
      .def_static(
          "literal", [](double value) { return numbered().number(expr::literal(value)); },
          nb::arg("value"), "The formula that is one constant.")
      .def_static(
          "apply",
          [](std::string operation, std::vector<i64> formulas, std::vector<i64> places,
             std::vector<i64> ints, std::vector<std::vector<i64>> lists,
             std::vector<std::string> names, std::string written) {
            return apply({std::move(operation), std::move(formulas), std::move(places),
                          std::move(ints), std::move(lists), std::move(names), std::move(written)});
          },
          nb::arg("operation"), nb::arg("formulas"), nb::arg("places"),
          nb::arg("ints") = std::vector<i64>(), nb::arg("lists") = std::vector<std::vector<i64>>(),
          nb::arg("names") = std::vector<std::string>(), nb::arg("written") = "",
          "An operation of formulas. `places` are, in the result, the variables of all but "
          "the first, one after the other. Raises FormulaError where they do not fit.")
      .def_static(
          "layout",
          [](const std::vector<i64>& formulas, const std::vector<i64>& places) {
            const Layout all = layout(formulas, places);
            nb::list moved, aliases;
            for (const Expr& formula : all.formulas) moved.append(numbered().number(formula));
            for (std::size_t k = 0; k < all.order.size(); ++k) {
              const auto& [category, dim, position, number] =
                  all.kinds[static_cast<std::size_t>(all.order[k])];
              constexpr std::array name = {"Vi", "Vj", "Pm"};
              aliases.append("v" + std::to_string(k) + "=" +
                             name[static_cast<std::size_t>(category)] + "(" + std::to_string(dim) +
                             ")");
            }
            return nb::make_tuple(nb::tuple(moved), nb::tuple(aliases),
                                  nb::tuple(nb::cast(all.order)), all.symbolic, all.kinds);
          },
          nb::arg("formulas"), nb::arg("places"),
          nb::sig("def layout(formulas: collections.abc.Sequence[int], places: "
                  "collections.abc.Sequence[int]) -> tuple[tuple[int, ...], tuple[str, ...], "
                  "tuple[int, ...], int, list[tuple[int, int, int | None, bool]]]"),
          "Of a call: formulas over its arguments, their aliases, which variables they are, how "
          "many\nare symbolic, and the kinds of the variables. Raises ValueError where symbolic "
          "ones are not\nnumbered from 0 on.")
      .def_static("parsed", &parsed, nb::arg("source"), nb::arg("kinds"),
                  "The formula of `Expr.source`, over variables of these kinds.")
      .def_static("over", &over, nb::arg("formula"), nb::arg("kinds"),
                  "The formula over variables of other kinds.")
      .def_static("kinds", &kinds, nb::arg("formula"),
                  nb::sig("def kinds(formula: int) -> list[tuple[int, int, int | None, bool]]"),
                  "Category, dimension, position and whether it is a number, of each variable.")
      .def_static(
          "dim", [](i64 formula) { return numbered().at(formula)->dim; }, nb::arg("formula"),
          "The dimension of a formula.")
      .def_static(
          "is_variable",
          [](i64 formula) { return numbered().at(formula)->kind == expr::Node::Kind::variable; },
          nb::arg("formula"), "Whether a formula is a variable alone.")
      .def_static(
          "text", [](i64 formula) { return expr::text(numbered().at(formula)); },
          nb::arg("formula"), "A formula's text, over v0, v1, ...")
      .def_static(
          "expr", [](i64 formula) { return numbered().at(formula); }, nb::arg("formula"),
          "The formula itself.");
}

}  // namespace keopsnb
