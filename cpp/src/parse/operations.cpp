#include "operations.hpp"

#include <stdexcept>

#include "expr/differential.hpp"
#include "variables.hpp"

namespace keopsnb::parse {
namespace {

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

}  // namespace

std::span<const Constant> constants() { return constant_rows; }
std::span<const Factorization> factorizations() { return factorization_rows; }

bool is_operator(std::string_view name) { return name == "and" || name == "or" || name == "not"; }

Operations::Operations(std::span<const UserOperation> own, std::span<const OperationRow> rows)
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
    Own& entry = own_.emplace_back(
        Own{given.name, given.call, broadcast_signatures[given.operands - 1], OperationRow{}});
    entry.row.name = entry.name.c_str();
    entry.row.call = entry.call.c_str();
    entry.row.signature = entry.signature.c_str();
    entry.row.operands = given.operands;
    entry.row.ints = given.ints;
    entry.row.dim = broadcast_dim;
  }
}

const OperationRow* Operations::find(std::string_view name) const {
  for (const Own& entry : own_)
    if (entry.name == name) return &entry.row;
  for (const OperationRow& row : rows_)
    if (row.name == name) return &row;
  return nullptr;
}

std::vector<std::string_view> Operations::names() const {
  std::vector<std::string_view> all = declaration_names();
  for (const expr::Differential& row : expr::differentials()) all.push_back(row.name);
  for (const Constant& row : constants()) all.push_back(row.name);
  for (const Factorization& row : factorizations()) all.push_back(row.name);
  for (const OperationRow& row : rows_) all.push_back(row.name);
  for (const Own& entry : own_) all.push_back(entry.name);
  return all;
}

}  // namespace keopsnb::parse
