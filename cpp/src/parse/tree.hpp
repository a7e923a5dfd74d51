// A checked formula: every node has its dimension.
#pragma once
#include <deque>
#include <optional>
#include <vector>

#include <keopsnb/config.hpp>

#include "error.hpp"

namespace keopsnb::parse {

struct Node {
  // A list of integers, and a tuple of formulas, are arguments and never operands.
  enum class Kind { variable, literal, zero, call, list, tuple };

  Kind kind;
  Place place;
  i64 dim = 1;
  int depth = 1;                        // of the tree below and with this node
  i64 variable = 0;                     // variable: position, or negative as Variables::append says
  double value = 0;                     // literal
  std::optional<double> constant = {};  // of a call on constants, where it is arithmetic
  std::optional<i64> integer = {};      // literal that is an integer in the text
  const char* call = nullptr;           // call: the function in C++,
  std::vector<Node*> operands = {};     // its operands; the formulas of a tuple
  std::vector<i64> ints = {};           // its integer parameters; the integers of a list
  std::vector<std::vector<i64>> lists = {};  // its lists of integers, in place of `ints`
};

using Expr = Node*;
using Tree = std::deque<Node>;  // owns the nodes, none of which ever moves

}  // namespace keopsnb::parse
