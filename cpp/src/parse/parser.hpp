// The grammar of texts, by recursive descent:
//
//   text         {name "=" formula (";" | new line)} formula
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
//
// A new line is a blank, but for one after a name's formula that is in no parentheses.
#pragma once
#include <map>
#include <string_view>
#include <vector>

#include "builder.hpp"
#include "lexer.hpp"
#include "operations.hpp"
#include "variables.hpp"

namespace keopsnb::parse {

struct Infix;

class Parser {
 public:
  Parser(std::string_view text, Variables& variables, const Operations& operations)
      : lexer_(text), build_(variables), variables_(variables), operations_(operations) {}

  // The whole text.
  expr::Expr text();

 private:
  bool defines() const;
  void definition();
  const Infix* infix_next() const;
  bool line_ended() const;
  Parsed infix(int loosest);
  Parsed combine(const Infix& op, const Span& at, const Parsed& f, const Parsed& g);
  void reject_chain(const Parsed& f, const Parsed& g);
  Parsed unary();
  Parsed negation();
  Parsed primary();
  Parsed parenthesis();
  Parsed named(const Token& name);
  Parsed call(const Token& name);
  Parsed constant(const Token& name, std::size_t count, const char* usage);
  std::vector<Parsed> arguments(const Token& name, Span& span, bool tuples = false);
  Parsed list();
  Span close(const Token& open, const char* expected);
  [[noreturn]] void unknown_operation(const Token& name) const;
  [[noreturn]] void unknown_variable(const Token& name) const;
  [[noreturn]] void too_deep() const;
  [[noreturn]] void unexpected(const char* expected) const;

  Lexer lexer_;
  Builder build_;
  Variables& variables_;
  const Operations& operations_;
  std::map<std::string_view, Parsed> names_;  // that the text gives to formulas
  std::map<std::string_view, Token> unread_;  // those that no formula has yet
  bool by_line_ = false;          // whether a new line ends the formula that is being read
  int depth_ = 0;                 // of unary() and negation() in themselves: bounds the stack
  std::size_t tuple_ = no_tuple;  // where a "(" may begin a tuple
  static constexpr std::size_t no_tuple = static_cast<std::size_t>(-1);
};

}  // namespace keopsnb::parse
