#include "expr/node.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <string_view>
#include <unordered_map>

#include "fork_lock.hpp"

namespace keopsnb::expr {
namespace {

void mix(std::size_t& hash, std::size_t value) {
  hash ^= value + 0x9e3779b97f4a7c15ULL + (hash << 6) + (hash >> 2);
}

std::size_t hash_of(const Node& node) {
  std::size_t hash = static_cast<std::size_t>(node.kind);
  const auto add = [&](auto n) { mix(hash, static_cast<std::size_t>(n)); };
  add(node.dim);
  if (node.kind == Node::Kind::variable) {
    add(node.variable.number);
    add(node.variable.category);
    add(node.variable.position);
  }
  add(std::bit_cast<unsigned long long>(node.value));
  if (node.operation.call) mix(hash, std::hash<std::string_view>()(node.operation.call));
  for (const Expr& operand : node.operands) add(reinterpret_cast<std::size_t>(operand.get()));
  for (const i64 n : node.ints) add(n);
  for (const std::vector<i64>& list : node.lists) {
    add(list.size());
    for (const i64 n : list) add(n);
  }
  return hash;
}

bool same_text(const char* a, const char* b) { return a == b || (a && b && !std::strcmp(a, b)); }

bool equal(const Node& a, const Node& b) {
  return a.kind == b.kind && a.dim == b.dim && a.variable == b.variable &&
         std::bit_cast<unsigned long long>(a.value) == std::bit_cast<unsigned long long>(b.value) &&
         same_text(a.operation.name, b.operation.name) &&
         same_text(a.operation.call, b.operation.call) && a.operands == b.operands &&
         a.ints == b.ints && a.lists == b.lists;
}

// Nodes by hash. A node leaves it as its last owner lets it go.
class Table {
 public:
  Expr find_or_add(Node node) {
    std::vector<Expr> others;  // let go without the lock: the last owner takes it
    const ForkLock<Table> lock;
    const auto [begin, end] = nodes_.equal_range(node.hash);
    for (auto at = begin; at != end; ++at) {
      Expr found = at->second.lock();
      if (!found) continue;
      if (equal(*found, node)) return found;
      others.push_back(std::move(found));
    }
    auto* const own = new Node(std::move(node));
    if (own->kind == Node::Kind::variable) own->variables = {own};
    Expr made(own, [this](const Node* gone) { remove(gone); });
    nodes_.emplace(made->hash, made);
    return made;
  }

 private:
  // Calls itself, through the operands, at most max_depth deep.
  void remove(const Node* gone) {
    {
      const ForkLock<Table> lock;
      const auto [begin, end] = nodes_.equal_range(gone->hash);
      for (auto at = begin; at != end;)
        at = at->second.expired() ? nodes_.erase(at) : std::next(at);
    }
    delete gone;
  }

  std::unordered_multimap<std::size_t, std::weak_ptr<const Node>> nodes_;
};

Table& table() {
  static auto& all = *new Table;  // never destroyed: nodes may outlive every other object
  return all;
}

// Both are sorted, as is what comes of it.
template <class T, class Less>
void join(std::vector<T>& into, const std::vector<T>& more, Less less) {
  if (more.empty() || into == more) return;
  std::vector<T> all;
  std::set_union(into.begin(), into.end(), more.begin(), more.end(), std::back_inserter(all), less);
  into = std::move(all);
}

// The value of arithmetic on numbers.
std::optional<double> arithmetic(const Node& node) {
  if (node.kind == Node::Kind::literal) return node.value;
  if (node.kind == Node::Kind::zero) return 0;
  if (node.kind != Node::Kind::call) return std::nullopt;
  std::vector<double> a;
  for (const Expr& operand : node.operands) {
    if (!operand->constant) return std::nullopt;
    a.push_back(*operand->constant);
  }
  if (node.is("Add")) return a[0] + a[1];
  if (node.is("Subtract")) return a[0] - a[1];
  if (node.is("Mult")) return a[0] * a[1];
  if (node.is("Divide")) return a[0] / a[1];
  if (node.is("Minus")) return -a[0];
  if (node.is("Square")) return a[0] * a[0];
  return std::nullopt;
}

bool is_integer(const Node& f) {
  if (f.kind == Node::Kind::variable) return true;
  if (f.kind == Node::Kind::literal)
    return f.value == std::trunc(f.value) &&
           std::abs(f.value) <= static_cast<double>(max_parameter);
  if (f.kind != Node::Kind::call) return false;
  const auto small = [](const Expr& g) {
    return g->kind == Node::Kind::literal && std::abs(g->value) <= 1024;
  };
  const bool joins = f.is("Add") || f.is("Subtract") || f.is("Minus") || f.is("Elem") ||
                     (f.is("Mult") && (small(f.operands[0]) || small(f.operands[1])));
  return joins && std::ranges::all_of(f.operands, [](const Expr& g) { return g->integer; });
}

}  // namespace

bool Node::is(const char* name) const {
  return kind == Kind::call && !std::strcmp(operation.name, name);
}

Expr intern(Node node) {
  const auto by_number = [](const Node* a, const Node* b) {
    return a->variable.number < b->variable.number;
  };
  for (const Expr& operand : node.operands) {
    node.depth = std::max(node.depth, operand->depth + 1);
    join(node.variables, operand->variables, by_number);
    join(node.indices, operand->indices, std::less<>());
    join(node.differentiated, operand->differentiated, std::less<>());
  }
  const auto also = [&](std::vector<i64>& numbers, const Node& of) {
    for (const Node* v : of.variables) join(numbers, {v->variable.number}, std::less<>());
  };
  if (node.index >= 0) also(node.indices, *node.operands[static_cast<std::size_t>(node.index)]);
  if (node.calculus)
    for (std::size_t k = 1; k < (node.is("Diff") ? node.operands.size() : 2); k += 2)
      also(node.differentiated, *node.operands[k]);
  node.constant = arithmetic(node);
  node.integer = is_integer(node);
  node.hash = hash_of(node);
  return table().find_or_add(std::move(node));
}

}  // namespace keopsnb::expr
