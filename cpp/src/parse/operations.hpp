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
  explicit Operations(std::span<const UserOperation> own, std::span<const Row> rows = catalogue());
  Operations(const Operations&) = delete;
  Operations& operator=(const Operations&) = delete;

  // The row of that name (case matters), or null.
  const Row* find(std::string_view name) const;
  // All that may stand before a parenthesis, for suggestions.
  std::vector<std::string_view> names() const;

 private:
  struct Own {
    std::string name, call, signature;
    Row row;  // points into the strings
  };
  std::span<const Row> rows_;
  std::deque<Own> own_;
};

// An operator of calculus, on a formula f, a variable v and what else it takes.
struct Differential {
  // A dimension: that of f, that of v, 1, one of them or 1, their product, or any.
  enum class Size { any, one, f, v, f_or_one, v_or_one, product };

  const char* name;
  const char* call;
  const char* usage;
  int least, most;     // arguments
  Size formula;        // f
  Size third, fourth;  // the arguments after v
  Size result;
  const char* sentence;  // what it is, for documentation
};

std::span<const Differential> differentials();
const Differential* find_differential(std::string_view name);

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
