// The grammar of formulas, by recursive descent:
//
//   comparison   inner [("<" | "<=" | ">" | ">=" | "==" | "!=") inner]
//   inner        sum {"|" sum}
//   sum          product {("+" | "-") product}
//   product      unary {("*" | "/") unary}
//   unary        ("-" | "+") unary | power
//   power        primary ["**" unary]
//   primary      number | name | name "(" arguments ")" | "(" comparison ")"
//   arguments    [comparison {"," comparison}]
#pragma once
#include <string_view>
#include <vector>

#include "check.hpp"
#include "lexer.hpp"
#include "tree.hpp"
#include "variables.hpp"

namespace keopsnb::parse {

class Parser {
 public:
  Parser(std::string_view text, Tree& tree, Variables& variables)
      : lexer_(text), build_(tree, variables), variables_(variables) {}

  // The whole text.
  Expr formula();

 private:
  Expr infix(int loosest);
  void reject_chain(Expr f, Expr g);
  Expr unary();
  Expr primary();
  Expr alias(const Token& name);
  Expr call(const Token& name);
  Expr constant(const Token& name, std::size_t count, const char* usage);
  std::vector<Expr> arguments(const Token& name, Place& place);
  Place close(const Token& open, const char* expected);
  [[noreturn]] void unknown_operation(const Token& name) const;
  [[noreturn]] void unknown_variable(const Token& name) const;
  [[noreturn]] void too_deep() const;
  [[noreturn]] void unexpected(const char* expected) const;

  Lexer lexer_;
  Builder build_;
  Variables& variables_;
  int depth_ = 0;  // of unary() in itself: bounds the stack
};

}  // namespace keopsnb::parse
