// The variables that aliases and formulas declare.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formula.hpp"
#include "lexer.hpp"

namespace keopsnb::parse {

// "Var", "Vi", "Vj", "Pm", "Vx" and "Vy".
const std::vector<std::string_view>& declaration_names();
bool declares(std::string_view name);

// "an i-variable of dimension 3".
std::string describe(const Variable& variable);

struct Integers {
  std::vector<i64> values;
  Span span;  // with what comes before them
};

// The integers of "(n, m)" after a name just taken; `usage` is the whole as it should be.
Integers integers(Lexer& lexer, const Token& name, const std::string& usage);

class Variables {
 public:
  // The position of what is declared.
  i64 alias(std::string_view text, i64 rank);

  struct Declared {
    i64 position;
    Span span;
  };
  // "Vi(0, 3)" in a formula, its name just taken.
  Declared in_formula(Lexer& lexer, const Token& name);

  // The position that an alias names.
  std::optional<i64> find(std::string_view name) const;
  const Variable& at(i64 position) const { return declared_.at(position).variable; }
  std::vector<std::string_view> names() const;

  // A variable after all those declared, even later on: the k-th such, from 0, is called -1 - k
  // until it is settled where it stands.
  i64 append(i64 dim, Category category);
  std::vector<expr::Expr> settled(const std::vector<expr::Expr>& formulas) const;
  i64 appended() const { return static_cast<i64>(appended_.size()); }

  // All of them by position; throws where a position is missing.
  std::vector<Variable> finish() const;

 private:
  struct Declaration {
    Variable variable;
    Span span;
  };
  struct Alias {
    std::string_view name, text;
    i64 position;
  };
  // `rank` is the position of an alias that gives none; `first` begins the declaration.
  Declared declare(Lexer& lexer, const Token& name, const Token& first, std::optional<i64> rank);

  std::map<i64, Declaration> declared_;
  std::vector<Alias> aliases_;
  std::vector<Variable> appended_;
};

}  // namespace keopsnb::parse
