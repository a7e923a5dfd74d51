#include "emit.hpp"

#include <stdexcept>
#include <string>
#include <vector>

#include "number.hpp"

namespace keopsnb::parse {
namespace {

class Emitter {
 public:
  Emitter(Formula& out, i64 declared) : out_(out), declared_(declared) {}

  // Calls itself at most max_depth deep.
  void node(const Node& f) {
    switch (f.kind) {
      case Node::Kind::variable:
        return variable(f.variable);
      case Node::Kind::literal:
        out_.code += exact(f.value);
        return;
      case Node::Kind::zero:
        out_.code += "zero<" + std::to_string(f.dim) + ">";
        return;
      case Node::Kind::call:
        return call(f);
      case Node::Kind::list:
      case Node::Kind::tuple:
        break;
    }
    throw std::logic_error("A list stands where a formula does.");
  }

 private:
  void variable(i64 position) {
    const i64 settled = position < 0 ? declared_ - 1 - position : position;
    out_.depends[static_cast<std::size_t>(settled)] = true;
    out_.code += "v" + std::to_string(settled);
  }

  void call(const Node& f) {
    out_.code += f.call;
    const char* before = "<";
    for (const i64 n : f.ints) {
      out_.code += before + std::to_string(n);
      before = ", ";
    }
    for (const std::vector<i64>& list : f.lists) {
      out_.code += before + std::string("Ints<");
      for (std::size_t k = 0; k < list.size(); ++k)
        out_.code += (k > 0 ? ", " : "") + std::to_string(list[k]);
      out_.code += ">";
      before = ", ";
    }
    out_.code += *before == '<' ? "(" : ">(";
    for (std::size_t k = 0; k < f.operands.size(); ++k) {
      if (k > 0) out_.code += ", ";
      node(*f.operands[k]);
    }
    out_.code += ')';
  }

  Formula& out_;
  i64 declared_;
};

}  // namespace

Formula emit(const Node& root, i64 declared, i64 variables) {
  Formula out{root.dim, "", std::vector<bool>(static_cast<std::size_t>(variables))};
  Emitter(out, declared).node(root);
  return out;
}

}  // namespace keopsnb::parse
