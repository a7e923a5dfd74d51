#include "expr/print.hpp"

#include <charconv>
#include <string_view>
#include <unordered_map>

#include "expr/order.hpp"

namespace keopsnb::expr {
namespace {

// Of a text, from the loosest to one that needs no brackets.
enum Precedence { sum, product, unary, primary };

struct Infix {
  const char* name;
  const char* symbol;
  Precedence precedence;
};
constexpr Infix infixes[] = {{"Add", " + ", sum},
                             {"Subtract", " - ", sum},
                             {"Mult", " * ", product},
                             {"Divide", " / ", product}};

// Texts up to this length are repeated.
constexpr std::size_t longest_repeated = 16;

class Printer {
 public:
  explicit Printer(const std::function<std::string(const Variable&)>& name) : name_(name) {}

  std::string print(const Node& root) {
    const std::vector<const Node*> order = in_order(root, known_);
    std::unordered_map<const Node*, int> uses;
    for (const Node* f : order)
      for (const Expr& operand : f->operands) ++uses[operand.get()];
    std::string lines;
    int names = 0;
    for (const Node* f : order) {
      Text text = node(*f);
      if (f->kind == Node::Kind::call && uses[f] > 1 && text.all.size() > longest_repeated) {
        const std::string line = "t" + std::to_string(names++);
        lines += line + " = " + text.all + "; ";
        text = {line, primary};
      }
      known_.emplace(f, std::move(text));
    }
    return lines + known_.at(&root).all;
  }

 private:
  struct Text {
    std::string all;
    Precedence precedence;
  };

  // An operand where nothing looser than `loosest` may stand.
  std::string within(const Expr& operand, Precedence loosest) const {
    const Text& text = known_.at(operand.get());
    return text.precedence < loosest ? "(" + text.all + ")" : text.all;
  }

  Text node(const Node& f) const {
    switch (f.kind) {
      case Node::Kind::variable:
        return {name_(f.variable), primary};
      case Node::Kind::literal:
        return literal(f.value);
      case Node::Kind::zero:
        return {"Zero(" + std::to_string(f.dim) + ")", primary};
      case Node::Kind::call:
        break;
    }
    for (const auto& [name, symbol, precedence] : infixes)
      if (f.is(name))
        return {within(f.operands[0], precedence) + symbol +
                    within(f.operands[1], static_cast<Precedence>(precedence + 1)),
                precedence};
    if (f.is("Minus") && f.operands[0]->kind != Node::Kind::literal)
      return {"-" + within(f.operands[0], unary), unary};
    return call(f);
  }

  // The shortest decimal that is this number.
  static Text literal(double value) {
    char digits[32];
    const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
    return {std::string(digits, end), value < 0 || digits[0] == '-' ? unary : primary};
  }

  Text call(const Node& f) const {
    std::string all = std::string(f.operation.name) + "(";
    const bool several = f.is("Diff") && f.operands.size() > 3;
    if (several) {
      all += within(f.operands[0], sum) + ", (" + every_second(f, 1) + "), (" + every_second(f, 2);
      return {all + "))", primary};
    }
    const char* before = "";
    const auto add = [&](const std::string& argument) {
      all += before + argument;
      before = ", ";
    };
    for (const Expr& operand : f.operands) add(within(operand, sum));
    for (const i64 n : f.ints) add(std::to_string(n));
    for (const std::vector<i64>& list : f.lists) {
      std::string integers;
      for (const i64 n : list) integers += (integers.empty() ? "" : ", ") + std::to_string(n);
      add("[" + integers + "]");
    }
    return {all + ")", primary};
  }

  std::string every_second(const Node& f, std::size_t first) const {
    std::string all;
    for (std::size_t k = first; k < f.operands.size(); k += 2)
      all += (k > first ? ", " : "") + within(f.operands[k], sum);
    return all;
  }

  const std::function<std::string(const Variable&)>& name_;
  std::unordered_map<const Node*, Text> known_ = {};
};

}  // namespace

std::string text(const Expr& formula, const std::function<std::string(const Variable&)>& name) {
  return Printer(name).print(*formula);
}

std::string text(const Expr& formula) {
  return text(formula, [](const Variable& v) { return "v" + std::to_string(v.number); });
}

}  // namespace keopsnb::expr
