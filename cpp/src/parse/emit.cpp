#include "emit.hpp"

#include <stdexcept>
#include <utility>

#include "number.hpp"

namespace keopsnb::parse {

Formula Emitter::formula(const Node& root) {
  depends_.assign(static_cast<std::size_t>(variables_), false);
  std::string code = node(root).code;
  return {root.dim, std::move(code), depends_};
}

// Calls itself at most max_depth deep.
Emitter::Expression Emitter::node(const Node& f) {
  switch (f.kind) {
    case Node::Kind::variable:
      return variable(f.variable);
    case Node::Kind::literal:
      return {exact(f.value), 0};
    case Node::Kind::zero:
      return {"zero<" + std::to_string(f.dim) + ">", 0};
    case Node::Kind::call:
      return named(call(f), f.call);
    case Node::Kind::list:
    case Node::Kind::tuple:
      break;
  }
  throw std::logic_error("A list stands where a formula does.");
}

Emitter::Expression Emitter::variable(i64 position) {
  const i64 settled = position < 0 ? declared_ - 1 - position : position;
  depends_[static_cast<std::size_t>(settled)] = true;
  return {"v" + std::to_string(settled), 0};
}

Emitter::Expression Emitter::call(const Node& f) {
  Expression e{f.call, 1};
  const char* before = "<";
  for (const i64 n : f.ints) {
    e.code += before + std::to_string(n);
    before = ", ";
  }
  for (const std::vector<i64>& list : f.lists) {
    e.code += before + std::string("Ints<");
    for (std::size_t k = 0; k < list.size(); ++k)
      e.code += (k > 0 ? ", " : "") + std::to_string(list[k]);
    e.code += ">";
    before = ", ";
  }
  e.code += *before == '<' ? "(" : ">(";
  for (std::size_t k = 0; k < f.operands.size(); ++k) {
    const Expression operand = node(*f.operands[k]);
    e.code += (k > 0 ? ", " : "") + operand.code;
    e.operations += operand.operations;
  }
  e.code += ')';
  return e;
}

Emitter::Expression Emitter::named(Expression e, std::string_view call) {
  const bool arithmetic = call == "add" || call == "subtract" || call == "mult";
  if (e.operations < (arithmetic ? named_from : all_named_from)) return e;
  const auto [at, fresh] = names_.try_emplace(e.code, "keopsnb_" + std::to_string(names_.size()));
  if (fresh) parts_ += "KEOPSNB_NAMED(" + at->second + ", " + e.code + ");\n";
  return {at->second, 0};
}

}  // namespace keopsnb::parse
