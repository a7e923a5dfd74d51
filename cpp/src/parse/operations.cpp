#include "operations.hpp"

#include <stdexcept>

#include "variables.hpp"

namespace keopsnb::parse {
namespace {

using Size = Differential::Size;

constexpr Differential differential_rows[] = {
    {"Grad", "grad", "Grad(f, v, e)", 2, 3, Size::any, Size::f, Size::any, Size::v,
     "Gradient: the adjoint of the differential of f in v, applied to e. Without e, a variable of "
     "the dimension of f that comes after all others."},
    {"GradMatrix", "grad_matrix", "GradMatrix(f, v)", 2, 2, Size::any, Size::any, Size::any,
     Size::product,
     "The gradients in v of the components of f, one after the other: the transpose of the "
     "Jacobian. As long to compute as that many gradients."},
    {"Diff", "diff", "Diff(f, v, u)", 3, 3, Size::any, Size::v, Size::any, Size::f,
     "Differential of f in v, applied to u: the derivative along u. Of several variables at once "
     "as Diff(f, (v, w), (u, t))."},
    {"Divergence", "divergence", "Divergence(f, v)", 2, 2, Size::v, Size::any, Size::any, Size::one,
     "Divergence, the trace of the differential of f in v."},
    {"Laplacian", "laplacian", "Laplacian(f, v)", 2, 2, Size::one, Size::any, Size::any, Size::one,
     "Laplacian, the divergence of the gradient of f in v."},
    {"TraceOperator", "trace_operator", "TraceOperator(f, v, w)", 2, 3, Size::v_or_one,
     Size::v_or_one, Size::any, Size::one,
     "Trace of f, which is linear in v: Sum(w * diagonal) of its matrix, with w = 1 if left out. "
     "An f of dimension 1 counts as a vector of that component."},
    {"AdjointOperator", "adjoint_operator", "AdjointOperator(f, v, u)", 3, 3, Size::any, Size::f,
     Size::any, Size::v, "The transposed matrix of f, which is linear in v, times u."},
    {"SumLinOperator", "sum_lin_operator", "SumLinOperator(f, v, wl, wr)", 2, 4, Size::any,
     Size::f_or_one, Size::v_or_one, Size::one,
     "Sum of all entries of the matrix of f, which is linear in v, its rows weighted by wl and its "
     "columns by wr, which are 1 if left out."},
};

constexpr Constant constant_rows[] = {
    {"IntCst", 1, "IntCst(n)"},
    {"IntInv", 1, "IntInv(n)"},
    {"RatCst", 2, "RatCst(p, q)"},
    {"Zero", 1, "Zero(dimension)"},
};

constexpr Factorization factorization_rows[] = {
    {"Factorize", 2, "Factorize(f, g)"},
    {"AutoFactorize", 1, "AutoFactorize(f)"},
};

template <class Row>
const Row* named(std::span<const Row> rows, std::string_view name) {
  for (const Row& row : rows)
    if (row.name == name) return &row;
  return nullptr;
}

// A name of C++, or several joined by "::" where `qualified`.
bool identifier(std::string_view text, bool qualified) {
  bool begin = true;
  for (std::size_t k = 0; k < text.size(); ++k) {
    const char c = text[k];
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (qualified && !begin && text.substr(k).starts_with("::")) {
      begin = true;
      ++k;
    } else if (letter || (!begin && c >= '0' && c <= '9')) {
      begin = false;
    } else {
      return false;
    }
  }
  return !begin;
}

constexpr const char* signature_of[] = {
    "(D) -> D", "(D), (D) -> D, or one side of dimension 1",
    "(D), (D), (D) -> D, where any of them may have dimension 1"};

}  // namespace

std::span<const Differential> differentials() { return differential_rows; }
const Differential* find_differential(std::string_view name) {
  return named(differentials(), name);
}
std::span<const Constant> constants() { return constant_rows; }
std::span<const Factorization> factorizations() { return factorization_rows; }

bool is_operator(std::string_view name) { return name == "and" || name == "or" || name == "not"; }

Operations::Operations(std::span<const UserOperation> own, std::span<const Row> rows)
    : rows_(rows) {
  for (const UserOperation& given : own) {
    const std::string who = "The operation " + quote(given.name);
    if (!identifier(given.name, false) || !identifier(given.call, true))
      throw std::invalid_argument(who + ", in C++ " + quote(given.call) +
                                  ", needs names made of letters, digits and '_'.");
    if (given.operands < 1 || given.operands > 3 || given.ints < 0 || given.ints > 2)
      throw std::invalid_argument(
          who + " takes " + counted(static_cast<std::size_t>(given.operands), "formula") + " and " +
          counted(static_cast<std::size_t>(given.ints), "integer") +
          "; write one of 1 to 3 formulas and at most 2 integers.");
    bool taken = is_operator(given.name);
    for (const std::string_view known : names()) taken |= known == given.name;
    if (taken)
      throw std::invalid_argument(who + " has the name of another one: choose a name of its own.");
    Own& entry =
        own_.emplace_back(Own{given.name, given.call, signature_of[given.operands - 1], Row{}});
    entry.row.name = entry.name.c_str();
    entry.row.call = entry.call.c_str();
    entry.row.signature = entry.signature.c_str();
    entry.row.operands = given.operands;
    entry.row.ints = given.ints;
    entry.row.dim = broadcast_dim;
  }
}

const Row* Operations::find(std::string_view name) const {
  for (const Own& entry : own_)
    if (entry.name == name) return &entry.row;
  return named(rows_, name);
}

std::vector<std::string_view> Operations::names() const {
  std::vector<std::string_view> all = declaration_names();
  for (const Differential& row : differentials()) all.push_back(row.name);
  for (const Constant& row : constants()) all.push_back(row.name);
  for (const Factorization& row : factorizations()) all.push_back(row.name);
  for (const Row& row : rows_) all.push_back(row.name);
  for (const Own& entry : own_) all.push_back(entry.name);
  return all;
}

}  // namespace keopsnb::parse
