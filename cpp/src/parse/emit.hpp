// Checked trees to C++ text, whose length is linear in that of the formulas' texts.
//
// What holds `named_from` operations gets a name, and a line of its own: "KEOPSNB_NAMED(e0, ...)".
// So no expression is longer, what formulas repeat is written once, and no type of C++, nor the
// name of a function for one, holds a long formula.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "formula.hpp"
#include "tree.hpp"

namespace keopsnb::parse {

inline constexpr int named_from = 24;

class Emitter {
 public:
  // `declared` is the number of variables that the texts declare, `variables` that of all.
  Emitter(i64 declared, i64 variables) : declared_(declared), variables_(variables) {}

  Formula formula(const Node& root);
  // The lines of all formulas so far, in order.
  const std::string& parts() const { return parts_; }

 private:
  struct Expression {
    std::string code;
    int operations;
  };
  Expression node(const Node& f);
  Expression variable(i64 position);
  Expression call(const Node& f);
  Expression named(Expression e);

  i64 declared_, variables_;
  std::vector<bool> depends_ = {};
  std::map<std::string, std::string> names_ = {};  // by the code of what they name
  std::string parts_ = {};
};

}  // namespace keopsnb::parse
