// A checked formula: every node has its dimension.
#pragma once
#include <deque>
#include <optional>
#include <vector>

#include <keopsnb/config.hpp>

#include "../catalogue.hpp"
#include "error.hpp"

namespace keopsnb::parse {

struct Node {
  enum class Kind { variable, literal, zero, call, grad };

  Kind kind;
  Place place;
  i64 dim = 1;
  int depth = 1;     // of the tree below and with this node
  i64 variable = 0;  // variable, grad: position, or negative as Variables::append says
  double value = 0;  // literal
  std::optional<i64> integer = {};   // literal that is an integer in the text
  const Row* row = nullptr;          // call
  std::vector<Node*> operands = {};  // call; grad: the formula and the incoming gradient
  std::vector<i64> ints = {};        // call
};

using Expr = Node*;
using Tree = std::deque<Node>;  // owns the nodes, none of which ever moves

}  // namespace keopsnb::parse
