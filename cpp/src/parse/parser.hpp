// The grammar of formulas, by recursive descent:
//
//   formula      conjunction {"or" conjunction}
//   conjunction  negation {"and" negation}
//   negation     "not" negation | comparison
//   comparison   inner [("<" | "<=" | ">" | ">=" | "==" | "!=") inner]
//   inner        sum {"|" sum}
//   sum          product {("+" | "-") product}
//   product      unary {("*" | "/" | "//" | "%") unary}
//   unary        ("-" | "+") unary | power
//   power        primary ["**" unary]
//   primary      number | name | name "(" [argument {"," argument}] ")" | "(" formula ")"
//   argument     formula | "[" [integer {"," integer}] "]" | "(" formula "," formula {...} ")"
#pragma once
#include <string_view>
#include <vector>

#include "check.hpp"
#include "lexer.hpp"
#include "operations.hpp"
#include "tree.hpp"
#include "variables.hpp"

namespace keopsnb::parse {

struct Infix;

class Parser {
 public:
  Parser(std::string_view text, Tree& tree, Variables& variables, const Operations& operations)
      : lexer_(text), build_(tree, variables), variables_(variables), operations_(operations) {}

  // The whole text.
  Expr formula();

 private:
  Expr infix(int loosest);
  Expr combine(const Infix& op, const Place& at, Expr f, Expr g);
  void reject_chain(Expr f, Expr g);
  Expr unary();
  Expr negation();
  Expr primary();
  Expr parenthesis();
  Expr alias(const Token& name);
  Expr call(const Token& name);
  Expr constant(const Token& name, std::size_t count, const char* usage);
  std::vector<Expr> arguments(const Token& name, Place& place, bool tuples = false);
  Expr list();
  Place close(const Token& open, const char* expected);
  [[noreturn]] void unknown_operation(const Token& name) const;
  [[noreturn]] void unknown_variable(const Token& name) const;
  [[noreturn]] void too_deep() const;
  [[noreturn]] void unexpected(const char* expected) const;

  Lexer lexer_;
  Builder build_;
  Variables& variables_;
  const Operations& operations_;
  int depth_ = 0;                 // of unary() and negation() in themselves: bounds the stack
  std::size_t tuple_ = no_tuple;  // where a "(" may begin a tuple
  static constexpr std::size_t no_tuple = static_cast<std::size_t>(-1);
};

}  // namespace keopsnb::parse
