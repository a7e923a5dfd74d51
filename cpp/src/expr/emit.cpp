#include "expr/emit.hpp"

#include <cmath>
#include <utility>

#include "expr/order.hpp"

namespace keopsnb::expr {
namespace {

// "lit<M, E>", which is M * 2^E exactly, with M odd, or 0 and E = 0.
std::string exact(double value) {
  if (value == 0) return "lit<0, 0>";
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);
  i64 mantissa = static_cast<i64>(std::ldexp(fraction, 53));
  exponent -= 53;
  for (; mantissa % 2 == 0; mantissa /= 2) ++exponent;
  return "lit<" + std::to_string(mantissa) + ", " + std::to_string(exponent) + ">";
}

}  // namespace

std::string Emitter::formula(const Expr& formula) {
  for (const Node* f : in_order(*formula, known_)) known_.emplace(f, named(node(*f), *f));
  return known_.at(formula.get()).code;
}

Emitter::Expression Emitter::node(const Node& f) const {
  switch (f.kind) {
    case Node::Kind::variable:
      return {"v" + std::to_string(f.variable.number), 0};
    case Node::Kind::literal:
      return {exact(f.value), 0};
    case Node::Kind::zero:
      return {"zero<" + std::to_string(f.dim) + ">", 0};
    case Node::Kind::call:
      break;
  }
  return call(f);
}

Emitter::Expression Emitter::call(const Node& f) const {
  Expression e{f.operation.call, 1};
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
    const Expression& operand = known_.at(f.operands[k].get());
    e.code += (k > 0 ? ", " : "") + operand.code;
    e.operations += operand.operations;
  }
  e.code += ')';
  return e;
}

Emitter::Expression Emitter::named(Expression e, const Node& f) {
  const bool arithmetic = f.is("Add") || f.is("Subtract") || f.is("Mult");
  if (e.operations < (arithmetic ? named_from : all_named_from)) return e;
  const std::string name = "keopsnb_" + std::to_string(names_++);
  parts_ += "KEOPSNB_NAMED(" + name + ", " + e.code + ");\n";
  return {name, 0};
}

}  // namespace keopsnb::expr
