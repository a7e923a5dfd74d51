// Checked trees to C++ text, whose length is linear in that of the formulas' texts.
//
// A part of many operations gets a name, and a line of its own: "KEOPSNB_NAMED(keopsnb_0, ...);".
// So code that formulas repeat is written once, and the types of C++, and names of functions for
// them, do not grow with a formula.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "formula.hpp"
#include "tree.hpp"

namespace keopsnb::parse {

// From how many operations on a sum, difference or product has a name, and anything else: an
// operation like Sin is built again by the derivative of Cos, which knows no name.
inline constexpr int named_from = 24, all_named_from = 96;

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
  Expression named(Expression e, std::string_view call);

  i64 declared_, variables_;
  std::vector<bool> depends_ = {};
  std::map<std::string, std::string> names_ = {};  // by the code of what they name
  std::string parts_ = {};
};

}  // namespace keopsnb::parse
