// A formula as a graph: immutable nodes, each found again where an equal one is made, so that equal
// formulas are one node, and what a formula repeats is there once.
#pragma once
#include <memory>
#include <optional>
#include <vector>

#include <keopsnb/category.hpp>

namespace keopsnb::expr {

inline constexpr i64 max_dim = 1'000'000;
inline constexpr i64 max_parameter = 2'147'483'647;  // of an integer parameter, in absolute value
inline constexpr int max_depth = 1000;               // operations inside one another

using keopsnb::Category;

struct Variable {
  i64 number;
  i64 dim;
  Category category;
  // Of symbolic matrices: the place among the arguments of a call, or -1; a number of Python's.
  i64 position = -1;
  bool constant = false;

  bool operator==(const Variable&) const = default;
};

// An operation by its names, which live as long as the process.
struct Operation {
  const char* name;  // in a formula's text
  const char* call;  // in C++
};

struct Node;
using Expr = std::shared_ptr<const Node>;

struct Node {
  enum class Kind { variable, literal, zero, call };

  Kind kind;
  i64 dim = 1;
  Variable variable = {};
  double value = 0;  // of a literal
  Operation operation = {};
  std::vector<Expr> operands = {};
  std::vector<i64> ints = {};                // integer parameters of a call
  std::vector<std::vector<i64>> lists = {};  // its lists of integers, in place of `ints`
  int index = -1;                            // the operand that is read as integers,
  bool calculus = false;  // or a derivative is taken in operand 1, and in 3, 5, ... of a Diff

  // Consequences of these, which intern() fills in.
  int depth = 1;                            // of operations inside one another
  std::optional<double> constant = {};      // the value, where it is arithmetic of numbers
  bool integer = false;                     // stays an integer where its variables are
  std::vector<const Node*> variables = {};  // all of them, by number
  std::vector<i64> indices = {}, differentiated = {};  // numbers of those read so
  std::size_t hash = 0;

  bool is(const char* name) const;
};

// The node equal to this one. Takes a lock for less than a microsecond.
Expr intern(Node node);

}  // namespace keopsnb::expr
