#include "expr/build.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>

#include "expr/order.hpp"
#include "fork_lock.hpp"
#include "words.hpp"

namespace keopsnb::expr {
namespace {

struct Names;  // of operations, kept

// The names of an operation, for as long as the process lives: a user's row goes with its header.
Operation lasting(const OperationRow& row) {
  const std::span<const OperationRow> known = catalogue();
  if (&row >= known.data() && &row < known.data() + known.size()) return {row.name, row.call};
  static auto& names = *new std::set<std::string>;
  const ForkLock<Names> lock;
  const auto keep = [&](const char* text) { return names.insert(text).first->c_str(); };
  return {keep(row.name), keep(row.call)};
}

[[noreturn]] void refuse(At at, std::string text) {
  Misfit misfit(at);
  throw misfit.say(std::move(text));
}

std::string text_of(const std::vector<i64>& list) {
  std::string text = "[";
  for (std::size_t k = 0; k < list.size(); ++k)
    text += (k > 0 ? ", " : "") + std::to_string(list[k]);
  return text + "]";
}

bool fits_parameter(double n) { return std::abs(n) <= static_cast<double>(max_parameter); }

void check_ints(const OperationRow& row, const std::vector<i64>& ints) {
  for (const i64 n : ints)
    if (n < row.least || n > row.most)
      refuse(At::whole, "The integer parameter of " + std::string(row.name) + " lies between " +
                            std::to_string(row.least) + " and " + std::to_string(row.most) +
                            ", but this one is " + std::to_string(n) + ".");
}

// A divisor is neither 0 nor a formula less itself.
void check_divisor(const Node& g) {
  Misfit misfit(At::operand, 1);
  misfit.say("Here a formula is divided by ");
  if (g.constant == 0.0) {
    if (g.kind != Node::Kind::call) throw misfit.say("the constant 0.");
    throw misfit.say_operand(1).say(", which is 0.");
  }
  if (g.is("Subtract") && g.operands[0] == g.operands[1])
    throw misfit.say_operand(1).say(", which is 0 where it is a number.");
}

void check_index(const OperationRow& row, const std::vector<Expr>& operands) {
  const Node& index = *operands[static_cast<std::size_t>(row.index)];
  Misfit misfit(At::operand, row.index);
  for (const Node* v : index.variables)
    for (const Expr& operand : operands)
      if (std::ranges::binary_search(operand->differentiated, v->variable.number))
        throw misfit.say_operand(row.index).say(
            " is an index here, a variable of integers, and a derivative is taken in it: there is "
            "none. Write another variable in one of the two places.");
  if (!index.constant && index.integer) return;
  misfit.say("Argument " + std::to_string(row.index + 1) + " of " + row.name +
             " is an integer, but ");
  throw misfit.say_operand(row.index).say(
      " is none. Write a variable of integers, or sums, differences and multiples of such "
      "variables, as i - j + 1.");
}

[[noreturn]] void refuse_dimensions(const OperationRow& row, const std::vector<Expr>& operands,
                                    const Parameters& parameters) {
  Misfit misfit(At::operation);
  misfit.say_operation(row.name).say(std::string(" takes ") + row.signature + ", but here ");
  std::vector<std::string> values;
  for (const i64 n : parameters.ints) values.push_back(std::to_string(n));
  for (const std::vector<i64>& list : parameters.lists) values.push_back(text_of(list));
  // Zero, as the third operand of a % b, is nobody's.
  std::vector<int> told;
  for (int k = 0; k < static_cast<int>(operands.size()); ++k)
    if (!(std::string_view(row.name) == "Mod" && k == 2 && operands[2]->constant == 0.0))
      told.push_back(k);
  const std::size_t facts = told.size() + !values.empty();
  for (std::size_t k = 0; k < facts; ++k) {
    if (k > 0) misfit.say(k + 1 == facts ? " and " : ", ");
    if (k < told.size())
      misfit.say_operand(told[k]).say(
          " has dimension " + std::to_string(operands[static_cast<std::size_t>(told[k])]->dim));
    else
      misfit.say((parameters.lists.empty() ? "the integer parameter" : "the list") +
                 std::string(values.size() > 1 ? "s are " : " is ") + enumerate(values));
  }
  throw misfit.say(".");
}

}  // namespace

const OperationRow& row_of(std::string_view name) {
  const OperationRow* row = find_row(name);
  if (!row) throw std::logic_error("The catalogue lacks the operation " + std::string(name) + ".");
  return *row;
}

std::string usage(const OperationRow& row) {
  std::string text = std::string(row.name) + "(";
  const int operands = row.operands < 0 ? 2 : row.operands;
  for (int k = 0; k < operands; ++k)
    text += std::string(k > 0 ? ", " : "") + static_cast<char>('f' + k);
  if (row.operands < 0) text += ", ...";
  const int optional = row.lists > 0 ? row.optional_lists : row.optional;
  const int parameters = row.lists > 0 ? row.lists : row.ints;
  for (int k = 0; k < parameters; ++k) {
    if (k == parameters - optional) text += "[";
    text += ", ";
    text += row.lists > 0 ? "[...]" : std::string(1, "nmkl"[k % 4]);
  }
  return text + (optional > 0 ? "])" : ")");
}

Expr variable(const Variable& v) {
  return intern({.kind = Node::Kind::variable, .dim = v.dim, .variable = v});
}

Expr literal(double value) { return intern({.kind = Node::Kind::literal, .value = value}); }

Expr zero(i64 dim) {
  if (dim < 1 || dim > max_dim)
    refuse(At::whole, "The dimension of Zero lies between 1 and " + std::to_string(max_dim) +
                          ", but this one is " + std::to_string(dim) + ".");
  return intern({.kind = Node::Kind::zero, .dim = dim});
}

Expr add(Node node) {
  Expr made = intern(std::move(node));
  if (made->depth > max_depth)
    refuse(At::whole, "This formula holds more than " + std::to_string(max_depth) +
                          " operations inside one another. Group the terms of a long sum with "
                          "parentheses, as in (a + b) + (c + d).");
  std::vector<i64> both;
  std::ranges::set_intersection(made->indices, made->differentiated, std::back_inserter(both));
  if (!both.empty())
    refuse(At::whole,
           "Here a variable is an index, of integers, and a derivative is taken in it: "
           "there is none. Write another variable in one of the two places.");
  return made;
}

Expr apply(const OperationRow& row, std::vector<Expr> operands, Parameters parameters) {
  std::vector<i64> dims, ints = parameters.ints;
  for (const Expr& operand : operands) dims.push_back(operand->dim);
  for (const std::vector<i64>& list : parameters.lists) {
    ints.push_back(static_cast<i64>(list.size()));
    ints.insert(ints.end(), list.begin(), list.end());
  }
  ints.resize(ints.size() + static_cast<std::size_t>(parameters.absent));  // each of length 0
  const std::string_view name = row.name;
  if (name == "Divide" || name == "FloorDivide") check_divisor(*operands[1]);
  if (row.index >= 0) check_index(row, operands);
  check_ints(row, parameters.ints);
  const i64 dim = row.dim(dims.data(), static_cast<int>(dims.size()), ints.data());
  if (dim < 1) refuse_dimensions(row, operands, parameters);
  if (dim > max_dim) {
    Misfit misfit(At::whole);
    misfit.say("The result of ").say_operation(row.name);
    throw misfit.say(" has dimension " + std::to_string(dim) +
                     " here, and the greatest dimension is " + std::to_string(max_dim) + ".");
  }
  return add({.kind = Node::Kind::call,
              .dim = dim,
              .operation = lasting(row),
              .operands = std::move(operands),
              .ints = std::move(parameters.ints),
              .lists = std::move(parameters.lists),
              .index = row.index});
}

Expr apply(std::string_view name, std::vector<Expr> operands, Parameters parameters) {
  return apply(row_of(name), std::move(operands), std::move(parameters));
}

Expr power(Expr f, double n) {
  if (n == 2) return apply("Square", {std::move(f)});
  if (n == 0.5) return apply("Sqrt", {std::move(f)});
  if (n == -0.5) return apply("Rsqrt", {std::move(f)});
  // 3.0 as 3: the same power, and right for negative numbers too.
  if (n == std::trunc(n) && fits_parameter(n))
    return apply("Pow", {std::move(f)}, {.ints = {static_cast<i64>(n)}});
  return apply("Powf", {std::move(f), literal(n)});
}

std::vector<Expr> substituted(const std::vector<Expr>& formulas,
                              const std::function<Expr(const Variable&)>& replacement) {
  Made made;
  std::vector<Expr> all;
  for (const Expr& formula : formulas) {
    for (const Node* node : in_order(*formula, made)) {
      if (node->kind == Node::Kind::variable) {
        made[node] = replacement(node->variable);
        continue;
      }
      Node copy{.kind = node->kind,
                .dim = node->dim,
                .value = node->value,
                .operation = node->operation,
                .ints = node->ints,
                .lists = node->lists,
                .index = node->index,
                .calculus = node->calculus};
      for (const Expr& operand : node->operands) copy.operands.push_back(made.at(operand.get()));
      made[node] = intern(std::move(copy));
    }
    all.push_back(made.at(formula.get()));
  }
  return all;
}

}  // namespace keopsnb::expr
