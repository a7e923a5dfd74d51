#include "formula.hpp"

#include "emit.hpp"
#include "operations.hpp"
#include "parser.hpp"
#include "tree.hpp"
#include "variables.hpp"

namespace keopsnb::parse {

Program parse(std::span<const std::string> aliases, std::span<const std::string_view> formulas,
              std::span<const UserOperation> own) {
  const Operations operations(own);
  Tree tree;
  Variables variables;
  for (std::size_t k = 0; k < aliases.size(); ++k) variables.alias(aliases[k], static_cast<i64>(k));
  std::vector<const Node*> roots;
  for (const std::string_view text : formulas)
    roots.push_back(Parser(text, tree, variables, operations).formula());

  Program program{variables.finish(), "", {}};
  const auto all = static_cast<i64>(program.variables.size());
  Emitter emitter(all - variables.appended(), all);
  for (const Node* root : roots) program.formulas.push_back(emitter.formula(*root));
  program.parts = emitter.parts();
  return program;
}

}  // namespace keopsnb::parse
