// The nodes of a graph in an order in which operands come first, without recursion.
#pragma once
#include <unordered_map>
#include <utility>
#include <vector>

#include "expr/node.hpp"

namespace keopsnb::expr {

// Nodes, and the formulas made of them.
using Made = std::unordered_map<const Node*, Expr>;

// Each node of the formula once, but those that `known` has already.
template <class Known>
std::vector<const Node*> in_order(const Node& root, const Known& known) {
  std::vector<const Node*> order;
  std::unordered_map<const Node*, bool> seen;
  std::vector<std::pair<const Node*, std::size_t>> path{{&root, 0}};
  if (known.contains(&root)) return order;
  seen[&root] = true;
  while (!path.empty()) {
    const auto [node, next] = path.back();
    if (next == node->operands.size()) {
      order.push_back(node);
      path.pop_back();
      continue;
    }
    ++path.back().second;
    const Node* const operand = node->operands[next].get();
    if (!known.contains(operand) && seen.emplace(operand, true).second)
      path.push_back({operand, 0});
  }
  return order;
}

}  // namespace keopsnb::expr
