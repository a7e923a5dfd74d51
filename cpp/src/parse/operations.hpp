// The operations that a formula may name: those of the catalogue, and the user's own.
#pragma once
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <catalogue/operations.hpp>

#include "formula.hpp"

namespace keopsnb::parse {

class Operations {
 public:
  // Throws std::invalid_argument where a name is none, or is taken.
  explicit Operations(std::span<const UserOperation> own,
                      std::span<const OperationRow> rows = catalogue());
  Operations(const Operations&) = delete;
  Operations& operator=(const Operations&) = delete;

  // The row of that name (case matters), or null.
  const OperationRow* find(std::string_view name) const;
  // All that may stand before a parenthesis, for suggestions.
  std::vector<std::string_view> names() const;

 private:
  struct Own {
    std::string name, call, signature;
    OperationRow row;  // points into the strings
  };
  std::span<const OperationRow> rows_;
  std::deque<Own> own_;
};

struct Constant {
  std::string_view name;
  std::size_t integers;
  const char* usage;
};
std::span<const Constant> constants();

// Accepted as in KeOps, and their formula as it is: what it repeats is computed once anyway.
struct Factorization {
  std::string_view name;
  std::size_t arguments;
  const char* usage;
};
std::span<const Factorization> factorizations();

// "and", "or" and "not" are operators: no variable or operation has such a name.
bool is_operator(std::string_view name);

}  // namespace keopsnb::parse
