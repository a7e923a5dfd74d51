#include "formula.hpp"

#include <stdexcept>

#include "expr/build.hpp"
#include "expr/emit.hpp"
#include "operations.hpp"
#include "parser.hpp"
#include "variables.hpp"

namespace keopsnb::parse {

namespace {

// The variables of a graph are those that the aliases declare.
void check_declared(const expr::Node& formula, const std::vector<Variable>& variables) {
  for (const expr::Node* node : formula.variables) {
    const auto& [number, dim, category, position, constant] = node->variable;
    const bool known = number >= 0 && number < static_cast<i64>(variables.size());
    const Variable of_graph{.name = "", .dim = dim, .category = category};
    if (!known)
      throw std::invalid_argument("The formula has variable " + std::to_string(number) + ", " +
                                  describe(of_graph) + ", and the aliases declare " +
                                  counted(variables.size(), "variable") + ".");
    const Variable& declared = variables[static_cast<std::size_t>(number)];
    if (declared.dim != dim || declared.category != category)
      throw std::invalid_argument("Variable " + std::to_string(number) + " of the formula is " +
                                  describe(of_graph) + ", and the aliases declare " +
                                  describe(declared) + ".");
  }
}

Program program_of(std::vector<Variable> variables, std::span<const expr::Expr> formulas) {
  Program program{std::move(variables), "", {}};
  expr::Emitter emitter;
  for (const expr::Expr& f : formulas) {
    check_declared(*f, program.variables);
    std::vector<bool> depends(program.variables.size());
    for (const expr::Node* v : f->variables)
      depends.at(static_cast<std::size_t>(v->variable.number)) = true;
    for (const i64 n : f->indices) program.variables[static_cast<std::size_t>(n)].integers = true;
    for (const i64 n : f->differentiated)
      program.variables[static_cast<std::size_t>(n)].differentiated = true;
    program.formulas.push_back({f, f->dim, emitter.formula(f), std::move(depends)});
  }
  for (const Variable& v : program.variables)
    if (v.integers && v.differentiated)
      throw std::invalid_argument(
          "The variable " + quote(v.name) +
          " is an index, of integers, and a derivative is taken in it: there is none. Write "
          "another variable in one of the two places.");
  program.parts = emitter.parts();
  return program;
}

}  // namespace

Program parse(std::span<const std::string> aliases, std::span<const Source> formulas,
              std::span<const UserOperation> own) {
  const Operations operations(own);
  Variables variables;
  for (std::size_t k = 0; k < aliases.size(); ++k) variables.alias(aliases[k], static_cast<i64>(k));
  std::vector<expr::Expr> roots;
  for (const auto& [text, graph] : formulas)
    roots.push_back(graph ? graph : Parser(text, variables, operations).text());
  if (variables.appended() > 0) roots = variables.settled(roots);
  return program_of(variables.finish(), roots);
}

Declaration declared(std::string_view alias) {
  Variables variables;
  const i64 position = variables.alias(alias, 0);
  return {position, variables.at(position)};
}

}  // namespace keopsnb::parse
